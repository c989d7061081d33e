// SPDX-License-Identifier: Apache-2.0
#pragma once

// Active sets of float32 data: the steps of `lane_active_set` in single precision, with twice the lanes, and then the
// multipliers refined in double precision on the last factor,
//
//     s = R λ + d,   λ_W ← λ_W − (L Lᵀ)⁻¹ s_W          L Lᵀ ≈ R_WW in single precision,
//
// until s_W is rounding. Signs of λ and s are judged in double: a set that passes is the one that double precision
// would have ended with.

#include "solver/algorithm/dual_form.hpp"
#include "solver/algorithm/lane_active_set.hpp"

#include <vector>

namespace optnet::solver {

class single_active_set {
public:
    lane_active_set<float> lanes; ///< its `problems` are set, and read, as there
    std::vector<double> lambda;   ///< [problems, m], of those that are solved

    /// As `lane_active_set::solve`; their number is a multiple of `dual_form::row_block`. Not solved are also those
    /// whose factor is not good enough to refine with.
    void solve(const dual_form& form, std::int64_t m, const double* d, const double* floor, int limit);

private:
    enum class state { going_on, done, failed };
    state refine(const lane_active_set<float>::lane& x, const double* d, const double* slack, double* value,
                 double& before);

    std::vector<float> rounded_d, rounded_floor, right;
    std::vector<double> s, before;
    std::vector<state> states;
};

} // namespace optnet::solver
