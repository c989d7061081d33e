// SPDX-License-Identifier: Apache-2.0
#pragma once

// When residuals are small enough, on a CPU and on a GPU.

#include "solver/algorithm/device.hpp"

namespace optnet::solver {

/// A point within this share of its tolerances is not improved further.
inline constexpr double close_enough = 1e-2;
/// A point whose residuals are within this many tolerances is near a solution.
inline constexpr double inaccurate = 1e4;
/// The finish takes at most this many steps of refinement.
inline constexpr int finish_steps = 3;

/// True if Q is of like size as the rows of A and G, which is 1: only then is a residual that is small against the
/// right-hand side or the solution that of a small change in every matrix.
OPTNET_DEVICE inline bool of_like_size(double q_max) { return q_max >= 1e-4 && q_max <= 1e4; }

/// True if one solve left so little that those with other right-hand sides need not be looked at.
template <class Verdict> OPTNET_DEVICE bool trustworthy(const Verdict& v, double rounding = 1e-12) {
    return v.relative <= rounding;
}
/// True if the residuals are those of rounding: a step of refinement would change digits that nobody asked for.
/// Divided by the least pivot of H a residual is about what it moves z by.
/// `rounding` is that of the numbers that the point is wanted in.
template <class Verdict>
OPTNET_DEVICE bool accurate(const Verdict& v, double least_pivot, double largest_z, double rounding = 1e-12) {
    return v.share <= close_enough && v.relative <= rounding && v.primal + v.dual / least_pivot <= 1e-9 * largest_z;
}

} // namespace optnet::solver
