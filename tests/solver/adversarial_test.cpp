// SPDX-License-Identifier: Apache-2.0
// Awkward problems by the hundred: what is claimed is true in long double, and what has a solution is solved.

#include "adversarial.hpp"
#include "catch.hpp"
#include "claims.hpp"
#include "reference.hpp"

using namespace problems;

namespace {

constexpr double eps = 1e-8;
/// A claim may exceed its tolerance by the rounding of one evaluation in double precision.
constexpr long double rounding = 1 + 1e-6L;

/// What is claimed of problem 0, as a share of its tolerance: at most 1 is true. 0 where nothing is claimed.
long double claimed(const dense<double>& d, const answer<double>& a) {
    switch (a.at(0)) {
    case status::solved: return shares(d, a, 0, eps);
    case status::primal_infeasible: return claims::farkas(d, a) / eps;
    case status::dual_infeasible: return claims::ray(d, a) / eps;
    default: return 0;
    }
}

} // namespace

TEST_CASE("awkward problems: true claims, and a solution wherever there is one") {
    for (const recipe& r : recipes())
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            const dense<double> d = make(r, seed);
            const answer<double> a = solve(d);
            CAPTURE(r.name, seed, d.n, d.p, d.m, name(a.at(0)));
            const long double share = claimed(d, a);
            CAPTURE(static_cast<double>(share));
            CHECK(share <= rounding);
            if (r.feasible && r.bounded()) CHECK(a.at(0) == status::solved);
            // Otherwise one of the three is true.
            CHECK((a.at(0) == status::solved || a.at(0) == status::primal_infeasible ||
                   a.at(0) == status::dual_infeasible));
            if (r.feasible) CHECK(a.at(0) != status::primal_infeasible);
            if (r.bounded()) CHECK(a.at(0) != status::dual_infeasible);
        }
}

TEST_CASE("awkward problems: the objective of the oracle") {
    int tried = 0;
    for (const recipe& r : recipes())
        for (std::uint64_t seed = 101; r.feasible && r.bounded() && seed <= 110; ++seed) {
            const dense<double> d = make(r, seed);
            const reference::problem x = reference::element(d);
            const reference::solution best = reference::solve(x);
            if (!(best.error < 1e-15L)) continue;
            const answer<double> a = solve(d);
            CAPTURE(r.name, seed);
            REQUIRE(a.at(0) == status::solved);
            reference::vector z(d.n);
            for (int j = 0; j < d.n; ++j) z[j] = a.z[static_cast<std::size_t>(j)];
            const long double expected = best.objective(x), found = z.dot(x.Q * z) / 2 + x.q.dot(z);
            // "solved" allows the gap and the residuals 1e-8 of the data, times multipliers.
            CHECK(static_cast<double>(std::abs(found - expected)) <=
                  1e-8 * static_cast<double>(1 + std::abs(expected)));
            ++tried;
        }
    CHECK(tried >= 120);
}

TEST_CASE("infeasible and unbounded problems keep their status in other units") {
    int unsure = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
        for (const bool primal : {true, false}) {
            dense<double> d = primal ? infeasible(static_cast<int>(seed % 4), 1.0, seed)
                                     : unbounded(1.0, static_cast<int>(seed % 3), seed);
            numbers draw(seed);
            for (int j = 0; j < d.n; ++j) {
                const double f = std::pow(10.0, 8 * draw.uniform() - 4);
                d.qat(0, j) *= f;
                for (int i = 0; i < d.n; ++i) d.Qat(0, i, j) *= f, d.Qat(0, j, i) *= f;
                for (int i = 0; i < d.p; ++i) d.Aat(0, i, j) *= f;
                for (int i = 0; i < d.m; ++i) d.Gat(0, i, j) *= f;
            }
            const answer<double> a = solve(d);
            CAPTURE(seed, primal, name(a.at(0)));
            CHECK(claimed(d, a) <= rounding);
            CHECK(a.at(0) == (primal ? status::primal_infeasible : status::dual_infeasible));
            unsure += a.at(0) == status::numerical_error ? 1 : 0;
        }
    CHECK(unsure == 0);
}

TEST_CASE("every status is said where it is true") {
    const dense<double> d = random(10, 2, 15, 1, true, 1);
    CHECK(solve(d).at(0) == status::solved);
    optnet::settings beyond; // finer than double precision
    beyond.eps_abs = 1e-300;
    beyond.eps_rel = 1e-19;
    const answer<double> near = solve(d, beyond);
    CHECK(near.at(0) == status::solved_inaccurate);
    CHECK(shares(d, near, 0, 1e-12) <= 1);
    optnet::settings impatient;
    impatient.max_iter = 0;
    CHECK(solve(d, impatient).at(0) == status::max_iterations);
    CHECK(solve(infeasible(0, 1, 1)).at(0) == status::primal_infeasible);
    CHECK(solve(unbounded(1, 0, 1)).at(0) == status::dual_infeasible);
    dense<double> saddle = d, huge = d, invalid = d;
    saddle.Qat(0, 0, 0) = -10;
    CHECK(solve(saddle).at(0) == status::nonconvex);
    for (double& v : huge.Q) v *= 1e300; // its squares overflow
    CHECK(solve(huge).at(0) == status::numerical_error);
    invalid.qat(0, 0) = std::nan("");
    CHECK(solve(invalid).at(0) == status::invalid_input);
}
