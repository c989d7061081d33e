// SPDX-License-Identifier: Apache-2.0
#pragma once

// The end of every road: the rows that it came to are solved as equalities.

#include "solver/algorithm/road.hpp"

#include <algorithm>

namespace optnet::solver {

/// Refines x on the rows of `system` as equalities, on the user's data, and keeps what verifies best.
template <class System>
void finish(const element& e, System& system, const tolerances& eps, const point& start, outcome& out,
            finish_work& mine) {
    constexpr bool own_products = requires(products & of) { system.multiply(start, of); };
    point &x = mine.x, &r = mine.r;
    products& of = mine.of;
    x = start;
    const auto multiply = [&] {
        if constexpr (own_products)
            system.multiply(x, of);
        else
            of.evaluate(*e.data, x);
    };
    multiply();
    bool trusted = false;
    if constexpr (requires { system.exact(); }) {
        const verdict v = e.judge(x, of, eps);
        trusted = system.exact() && trustworthy(v);
        if (trusted && accurate(v, system.least_pivot(), x.z.data(), x.z.size())) {
            if (v.share < out.best.share) {
                out.best = v;
                out.x = x;
                out.basis = system.rows();
                out.accurate = true;
            }
            return;
        }
    }
    for (int step = 0; step < finish_steps; ++step) {
        e.residual(of, r);
        system.correct(r);
        for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] += r.z[j];
        for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += r.nu[i];
        for (const int i : system.rows()) {
            double& multiplier = x.lambda[static_cast<std::size_t>(i)];
            multiplier = std::max(0.0, multiplier + r.lambda[static_cast<std::size_t>(i)]);
        }
        multiply();
        const verdict v = e.judge(x, of, eps);
        const double before = out.best.share;
        if (v.share < before) {
            out.best = v;
            out.x = x;
            out.basis = system.rows();
            out.accurate = trusted;
        }
        // One step is the rule; another where it pays.
        if (out.best.share <= close_enough || !(v.share < 0.5 * before)) return;
    }
}

} // namespace optnet::solver
