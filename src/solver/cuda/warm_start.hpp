// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where one problem starts, by a team, as src/solver/algorithm/warm_start.cpp: a point that somebody else has found,
// and the rows whose multipliers are positive there as the first basis. What is claimed in the end is verified all the
// same.

#include "solver/cuda/element.hpp"
#include "solver/cuda/sweeps.hpp"

namespace optnet::solver::cuda {

/// Smaller shares of the largest multiplier are what an interior point leaves of a zero.
inline constexpr double least_share = 1e-8;

/// Reads z and λ, 0 but in the rows of the first basis, into e.best_z and e.best_lambda, in the units of the matrices.
/// False if nothing is given, or if it is not finite.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool read_start(Team& team, const device_batch& batch, std::int64_t k,
                                                 const matrices& of, const element& e) {
    if (!is_given(batch.start)) return false;
    const int n = e.n, p = e.p, m = e.m;
    const auto entry = [&](const vector_view<void>& v, int i) { return entry_of(v, k, i, batch.single); };
    const double check = sums(team, n + p + m, [&](int t) {
                             double value = 0;
                             if (t < n)
                                 value = e.best_z[t] = entry(batch.start.z, t) / of.z_scale[t];
                             else if (t < n + p)
                                 value = entry(batch.start.nu, t - n);
                             else
                                 value = e.best_lambda[t - n - p] =
                                     entry(batch.start.lambda, t - n - p) / of.g_scale[t - n - p];
                             return two{value * 0.0, 0.0};
                         }).a;
    if (!(check == 0.0)) return false;
    const double largest = larger(0.0, most(team, m, [&](int i) { return two{e.best_lambda[i], 0.0}; }).a);
    each(team, m, [&](int i) {
        if (!(e.best_lambda[i] > least_share * largest) || e.active.floor[i] == HUGE_VAL) e.best_lambda[i] = 0;
    });
    return true;
}

/// Takes these rows into the basis, those that are independent, with their multipliers.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE void seed(Team& team, element& e) {
    if constexpr (may_sweep<Team>()) {
        if (e.active.is_swept) {
            e.active.start_swept(team);
            for (int i = 0; i < e.m; ++i)
                if (e.best_lambda[i] > 0) e.active.take_swept(team, i, e.best_lambda[i]);
            return;
        }
    }
    e.active.clear(team);
    for (int i = 0; i < e.m; ++i)
        if (e.best_lambda[i] > 0) e.active.take(team, i);
    each(team, e.active.k, [&](int i) {
        const int row = e.active.basis[i];
        e.active.lambda[row] = e.best_lambda[row];
    });
}

} // namespace optnet::solver::cuda
