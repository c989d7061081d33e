// SPDX-License-Identifier: Apache-2.0
// Every claim of solve() on every family, recomputed in long double and compared with the oracle.

#include "catch.hpp"
#include "families.hpp"
#include "reference.hpp"

using namespace problems;

namespace {

double objective(const dense<double>& d, const answer<double>& a, std::int64_t k) {
    const reference::problem x = reference::element(d, k);
    reference::solution s;
    s.z.resize(d.n);
    for (int j = 0; j < d.n; ++j) s.z[j] = a.z[static_cast<std::size_t>(k * d.n + j)];
    return static_cast<double>(s.objective(x));
}

/// A solved problem's objective is within the gap of the best one, plus what the residuals can buy at the multipliers'
/// prices.
double allowed(const reference::solution& best, const answer<double>& a, std::int64_t k, double value) {
    const auto at = static_cast<std::size_t>(3 * k);
    const auto prices = static_cast<double>(best.nu.lpNorm<1>() + best.lambda.lpNorm<1>());
    const auto room = static_cast<double>(best.z.lpNorm<1>());
    return 1e-14 * (1 + std::abs(value)) +
           2 * (a.residuals[at + 2] + a.residuals[at] * prices + 2 * a.residuals[at + 1] * room);
}

} // namespace

TEST_CASE("every family is solved, and the claim holds in long double") {
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            const family& f = families[static_cast<std::size_t>(which)];
            CAPTURE(which, f.name, seed);
            const dense<double> d = make(which, seed);
            const answer<double> a = solve(d);
            const reference::problem exact = reference::element(d);
            const reference::solution best = reference::solve(exact);
            CAPTURE(static_cast<double>(best.error), name(a.at(0)), a.iterations[0], a.residuals[0], a.residuals[1],
                    a.residuals[2]);
            CHECK(best.error < 1e-11L);
            CHECK(a.at(0) == status::solved);
            if (a.at(0) != status::solved) continue;
            // One rounding of a double evaluation may stand between the solver's judgement and the exact one.
            CHECK(shares(d, a, 0, 1e-8) <= 1 + 1e-6L);
            const double value = objective(d, a, 0), exact_value = static_cast<double>(best.objective(exact));
            CAPTURE(value, exact_value);
            CHECK(std::abs(value - exact_value) <= allowed(best, a, 0, exact_value));
            if (!f.unique) continue;
            double error = 0;
            for (int j = 0; j < d.n; ++j)
                error = std::max(error, std::abs(a.z[static_cast<std::size_t>(j)] - static_cast<double>(best.z[j])));
            CHECK(error <= 1e-6 * (1 + static_cast<double>(reference::largest(best.z))));
            if (!f.unique_duals) continue;
            error = 0;
            for (int i = 0; i < d.m; ++i)
                error = std::max(error,
                                 std::abs(a.lambda[static_cast<std::size_t>(i)] - static_cast<double>(best.lambda[i])));
            CHECK(error <= 1e-6 * (1 + static_cast<double>(reference::largest(best.lambda))));
        }
}

TEST_CASE("slacks are h - Gz as it is, and reported residuals are those of the data as given") {
    for (const int which : {0, 3, 8, 22}) {
        const dense<double> d = make(which, 2);
        const answer<double> a = solve(d);
        CAPTURE(which);
        const reference::problem x = reference::element(d);
        reference::vector z(d.n), nu(d.p), lambda(d.m);
        for (int j = 0; j < d.n; ++j) z[j] = a.z[static_cast<std::size_t>(j)];
        for (int i = 0; i < d.p; ++i) nu[i] = a.nu[static_cast<std::size_t>(i)];
        for (int i = 0; i < d.m; ++i) lambda[i] = a.lambda[static_cast<std::size_t>(i)];
        const reference::vector s = x.h - x.G * z;
        reference::real violated = d.p > 0 ? reference::largest(x.A * z - x.b) : reference::real(0);
        const reference::real terms = 1 + reference::largest(x.h) + reference::largest(x.G * z);
        for (int i = 0; i < d.m; ++i) {
            const double got = a.s[static_cast<std::size_t>(i)];
            if (d.hat(0, i) >= 1e20) {
                CHECK(got == std::numeric_limits<double>::infinity());
                CHECK(a.lambda[static_cast<std::size_t>(i)] == 0);
                continue;
            }
            CHECK(static_cast<double>(std::abs(got - s[i])) <= 1e-13 * static_cast<double>(terms));
            violated = std::max(violated, -s[i]);
        }
        const reference::real dual =
            reference::largest(x.Q * z + x.q + x.A.transpose() * nu + x.G.transpose() * lambda);
        const double rounding =
            1e-13 * static_cast<double>(terms + reference::largest(x.Q * z) + reference::largest(lambda));
        CHECK(std::abs(a.residuals[0] - static_cast<double>(violated)) <= rounding);
        CHECK(std::abs(a.residuals[1] - static_cast<double>(dual)) <= rounding);
    }
}

TEST_CASE("tighter tolerances are met, and looser ones are not overstated") {
    for (const double eps : {1e-4, 1e-6, 1e-10})
        for (const int which : {0, 1, 2, 5, 10, 14, 16, 18, 20}) {
            CAPTURE(eps, which);
            optnet::settings how;
            how.eps_abs = how.eps_rel = eps;
            const dense<double> d = make(which, 4);
            const answer<double> a = solve(d, how);
            CHECK(a.at(0) == status::solved);
            CHECK(shares(d, a, 0, eps) <= 1 + 1e-6L);
        }
}

TEST_CASE("the closed form of a projection on the simplex") {
    // argmin 1/2 |z - y|^2 over z >= 0, sum z = 1 is max(y - t, 0) with t from the sorted y.
    numbers draw(5);
    const int n = 30;
    dense<double> d = zeros(n, 1, n);
    std::vector<double> y(n);
    for (int j = 0; j < n; ++j) {
        y[static_cast<std::size_t>(j)] = draw.normal();
        d.Qat(0, j, j) = d.Aat(0, 0, j) = 1;
        d.Gat(0, j, j) = -1;
        d.qat(0, j) = -y[static_cast<std::size_t>(j)];
    }
    d.b[0] = 1;
    std::vector<double> sorted = y;
    std::sort(sorted.rbegin(), sorted.rend());
    double sum = 0, t = 0;
    for (int k = 0; k < n; ++k) {
        sum += sorted[static_cast<std::size_t>(k)];
        if (sorted[static_cast<std::size_t>(k)] > (sum - 1) / (k + 1)) t = (sum - 1) / (k + 1);
    }
    const answer<double> a = solve(d);
    REQUIRE(a.at(0) == status::solved);
    for (int j = 0; j < n; ++j)
        CHECK(std::abs(a.z[static_cast<std::size_t>(j)] - std::max(y[static_cast<std::size_t>(j)] - t, 0.0)) <= 1e-12);
    CHECK(std::abs(a.nu[0] - t) <= 1e-12);
}
