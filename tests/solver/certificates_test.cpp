// SPDX-License-Identifier: Apache-2.0
// Infeasible and unbounded problems: what is claimed is recomputed in long double.

#include "catch.hpp"
#include "claims.hpp"
#include "hard_families.hpp"

using namespace problems;

TEST_CASE("infeasible problems carry a true certificate, and none is claimed that is not there") {
    for (int which = 0; which < static_cast<int>(infeasible_names.size()); ++which)
        for (const double margin : {1.0, 1e-3})
            for (std::uint64_t seed = 1; seed <= 8; ++seed) {
                const dense<double> d = infeasible(which, margin, seed);
                const answer<double> a = solve(d);
                CAPTURE(which, infeasible_names[static_cast<std::size_t>(which)], margin, seed, name(a.at(0)));
                CHECK(a.at(0) == status::primal_infeasible);
                if (a.at(0) != status::primal_infeasible) continue;
                CHECK(claims::farkas(d, a) <= 1e-8L * (1 + 1e-6L));
                for (const double z : a.z) CHECK(std::isnan(z));
            }
}

TEST_CASE("infeasible by less than the tolerance: whatever is said is true") {
    for (int which = 0; which < static_cast<int>(infeasible_names.size()); ++which)
        for (const double margin : {1e-6, 1e-9, 1e-12})
            for (std::uint64_t seed = 1; seed <= 4; ++seed) {
                const dense<double> d = infeasible(which, margin, seed);
                const answer<double> a = solve(d);
                CAPTURE(which, margin, seed, name(a.at(0)));
                switch (a.at(0)) {
                case status::solved: CHECK(shares(d, a, 0, 1e-8) <= 1 + 1e-6L); break;
                case status::primal_infeasible: CHECK(claims::farkas(d, a) <= 1e-8L * (1 + 1e-6L)); break;
                default: CHECK((a.at(0) == status::solved_inaccurate || a.at(0) == status::numerical_error)); break;
                }
            }
}

TEST_CASE("rows that contradict each other by 1e-12 are solved, by 1e-3 they are not") {
    // The row that is most active, once more with the other sign.
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        dense<double> d = random(12, 2, 16, 1, true, seed);
        const answer<double> before = solve(d);
        REQUIRE(before.at(0) == status::solved);
        const auto strongest = std::max_element(before.lambda.begin(), before.lambda.end() - 1) - before.lambda.begin();
        const int row = static_cast<int>(strongest);
        for (int j = 0; j < 12; ++j) d.Gat(0, 15, j) = -d.Gat(0, row, j);
        CAPTURE(seed, row);
        for (const double margin : {1e-12, 1e-10}) {
            d.hat(0, 15) = -d.hat(0, row) - margin;
            const answer<double> a = solve(d);
            CAPTURE(margin, name(a.at(0)));
            // The gap is the margin times a multiplier, which grows as the rows part: between the two margins a
            // solution within the tolerance and a certificate can both be true.
            if (margin <= 1e-12) REQUIRE(a.at(0) == status::solved);
            if (a.at(0) == status::primal_infeasible)
                CHECK(claims::farkas(d, a) <= 1e-8L);
            else
                CHECK(shares(d, a, 0, 1e-8) <= (a.at(0) == status::solved ? 1 + 1e-6L : 1e2L));
        }
        d.hat(0, 15) = -d.hat(0, row) - 1e-3;
        const answer<double> apart = solve(d);
        REQUIRE(apart.at(0) == status::primal_infeasible);
        CHECK(claims::farkas(d, apart) <= 1e-8L);
    }
}

TEST_CASE("unbounded problems carry a true ray") {
    for (const double margin : {1.0, 1e-3})
        for (const int equalities : {0, 3})
            for (std::uint64_t seed = 1; seed <= 8; ++seed) {
                const dense<double> d = unbounded(margin, equalities, seed);
                const answer<double> a = solve(d);
                CAPTURE(margin, equalities, seed, name(a.at(0)));
                CHECK(a.at(0) == status::dual_infeasible);
                if (a.at(0) == status::dual_infeasible) CHECK(claims::ray(d, a) <= 1e-8L * (1 + 1e-6L));
            }
    dense<double> line = zeros(2, 0, 1); // min -z1 over z2 <= 0
    line.q[0] = -1;
    line.G[1] = 1;
    const answer<double> a = solve(line);
    REQUIRE(a.at(0) == status::dual_infeasible);
    CHECK(std::abs(a.z[0] - 1) <= 1e-12);
}

TEST_CASE("primal and dual infeasible: one of the two, with a true certificate") {
    dense<double> d = zeros(3, 0, 2); // min -z1 over z2 <= -1, -z2 <= -1
    d.q[0] = -1;
    d.Gat(0, 0, 1) = 1;
    d.Gat(0, 1, 1) = -1;
    d.h = {-1, -1};
    const answer<double> a = solve(d);
    REQUIRE((a.at(0) == status::primal_infeasible || a.at(0) == status::dual_infeasible));
    CHECK((a.at(0) == status::primal_infeasible ? claims::farkas(d, a) : claims::ray(d, a)) <= 1e-8L);
}
