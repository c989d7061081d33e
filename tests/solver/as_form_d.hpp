// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sparse models beside form D, which is given the same numbers as dense matrices.

#include "catch.hpp"
#include "solver/factorization.hpp"
#include "solver/plan.hpp"
#include "sparse_models.hpp"

#include <algorithm>
#include <cmath>

namespace problems {

/// dz for a right-hand side of ones.
inline std::vector<double> derivative_along_ones(const solver::problem<double>& batch, const answer<double>& a) {
    const std::vector<double> ones(a.z.size(), 1.0);
    std::vector<double> d(a.z.size());
    solver::kkt_solve<double>(batch, *a.kept, 1, {ones.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    return d;
}

/// From blocks and from the same numbers in plain matrices, whose zeros are found.
inline void check_as_form_d(model& x) {
    REQUIRE(make_plan(x.shape, true, false).chosen == solver::form::sparse);
    const dense<double> same = in_dense(x);
    const view<double> plain(same);
    view<double> v(same);
    v.shape.plain = false; // or they would be found here, too
    REQUIRE(make_plan(v.shape, true).chosen == solver::form::dual);
    const answer<double> expected = solve(v.batch);
    const std::vector<double> d = derivative_along_ones(v.batch, expected);
    const auto check = [&](const solver::problem<double>& batch) {
        const answer<double> a = solve(batch);
        const std::vector<double> da = derivative_along_ones(batch, a);
        for (std::int64_t k = 0; k < x.batch; ++k) {
            const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
            CAPTURE(x.shape.n, x.batch, k, name(a.at(k)));
            REQUIRE(a.at(k) == status::solved);
            REQUIRE(expected.at(k) == status::solved);
            // Rounds of the active set; where they fail the interior point and other roads take 65 and more.
            CHECK(a.iterations[at(k)] <= 40);
            CHECK(static_cast<double>(shares(same, a, k, 1e-8)) <= 1.01);
            double worst = 0, worst_d = 0;
            for (std::int64_t j = k * x.shape.n; j < (k + 1) * x.shape.n; ++j) {
                worst = std::max(worst, std::abs(a.z[at(j)] - expected.z[at(j)]));
                worst_d = std::max(worst_d, std::abs(da[at(j)] - d[at(j)]));
            }
            // Both are exact on the same active rows, but for what a residual of 1e-2 tolerances leaves: 1e-10 of the
            // data, times a condition of 1e2.
            CHECK(worst <= 1e-8);
            CHECK(worst_d <= 1e-8);
        }
    };
    check(x.problem());
    check(plain.batch);
}

} // namespace problems
