// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vectors of the interior point that run over the rows of G, [m] each. For an absent row λ = 0, s = 1, w = 0 and
// every step is 0, so that no loop needs to ask.

#include <cstddef>
#include <vector>

namespace optnet::solver {

struct interior_rows {
    std::vector<double> lambda, s, dlambda, ds; ///< multipliers and slacks, and their steps
    std::vector<double> w;                      ///< λ / s
    std::vector<double> rs;                     ///< h − Gz − s
    std::vector<double> rc;                     ///< what S dλ + Λ ds is to cancel

    void resize(std::size_t m) {
        for (auto* v : {&lambda, &s, &dlambda, &ds, &w, &rs, &rc}) v->assign(m, 0.0);
    }
};

} // namespace optnet::solver
