// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vectors of the interior point that run over the rows of G, [m] each. For an absent row λ = 0, s = 1, w = 0 and
// every step is 0, so that no loop needs to ask.

#include "solver/algorithm/device.hpp"

#include <cmath>
#include <vector>

namespace optnet::solver {

/// Wherever they lie.
struct row_vectors {
    int m;
    double *lambda, *s, *dlambda, *ds; ///< multipliers and slacks, and their steps
    double* w;                         ///< λ / s
    double* rs;                        ///< h − Gz − s
    double* rc;                        ///< what S dλ + Λ ds is to cancel
    const double* floor;               ///< +inf where a row is absent

    OPTNET_DEVICE bool absent(int i) const { return floor[i] == HUGE_VAL; }
};

struct interior_rows {
    std::vector<double> lambda, s, dlambda, ds, w, rs, rc;

    void resize(std::size_t m) {
        for (auto* v : {&lambda, &s, &dlambda, &ds, &w, &rs, &rc}) v->assign(m, 0.0);
    }
    row_vectors all(const std::vector<double>& floor) {
        return {static_cast<int>(s.size()),
                lambda.data(),
                s.data(),
                dlambda.data(),
                ds.data(),
                w.data(),
                rs.data(),
                rc.data(),
                floor.data()};
    }
};

} // namespace optnet::solver
