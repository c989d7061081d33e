// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vectors of the interior point that run over the rows of G, [m] each. For an absent row λ = 0, s = 1, w = 0 and
// every step is 0, so that no loop needs to ask.

#include "solver/algorithm/device.hpp"

#include <cmath>
#include <vector>

namespace optnet::solver {

/// Wherever they lie: `Vector` is a pointer, or what is indexed like one.
template <class Vector, class ConstVector> struct vectors_over_rows {
    int m;
    Vector lambda, s, dlambda, ds; ///< multipliers and slacks, and their steps
    Vector w;                      ///< λ / s
    Vector rs;                     ///< r_s = h − Gz − s
    Vector rc;                     ///< what S dλ + Λ ds is to cancel
    ConstVector floor;             ///< +inf where a row is absent

    OPTNET_DEVICE bool absent(int i) const { return floor[i] == HUGE_VAL; }
};
using row_vectors = vectors_over_rows<double*, const double*>;

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
