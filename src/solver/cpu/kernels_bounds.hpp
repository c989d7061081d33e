// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kernels of form B: a diagonal Q, bounds, and at most one equality. As kernels.hpp.

#include "solver/cpu/kernels_sparse.hpp"

namespace optnet::solver::cpu {

/// One side of the bounds on z [n]: the row entry_j z_j <= h_j, with `inverse` = 1 / entry. A row with h at or above
/// `absent` is absent, as are those of variables without one, whose h is +inf. h is null where no variable has one.
struct bound_side {
    const double *h, *entry, *inverse;
};

/// minimize 1/2 z'Dz + q'z subject to a'z = b and the bounds; entries of `lower` are negative, of `upper` positive.
struct bound_system {
    std::int64_t n;
    const double *q, *a, *d, *inverse; ///< [n]; inverse = 1 / d
    bound_side lower, upper;
    double absent;
};

/// At z(nu): a'z, the sum of its terms' sizes, and -d(a'z)/d(nu) = sum of a_j^2 / d_j over the variables off their
/// bounds.
struct bound_sums {
    double az, size, slope;
};

/// What `finish` writes, [n]; multipliers and slacks of the rows of a side (null where it has none).
struct bound_point {
    double *z, *lower_multiplier, *upper_multiplier, *lower_slack, *upper_slack;
};

struct bound_verdict {
    lane_verdict terms; ///< without the equality
    bound_sums sums;
    double z_size; ///< max |z_j|
    /// The least over all variables of t - share |bound|, t the distance between the bound and where the variable would
    /// go without it: how far the active rows are from changing.
    double margin;
};

struct bound_slope {
    double sum, largest;
};

/// z_j(nu) = -(q_j + a_j nu) / d_j, moved to the bound that it is beyond; nu is given as a sum of two numbers, the
/// second of them below the rounding of the first.
struct bound_kernels {
    bound_sums (*sum)(const bound_system& s, double nu, double nu_low);
    bound_verdict (*finish)(const bound_system& s, double nu, double nu_low, double share, const bound_point& x);
    /// The sum of a_j^2 inverse_j, and the largest of its terms.
    bound_slope (*slope)(const double* a, const double* inverse, std::int64_t n);
    /// The first place from `first` on where x is not 0, or n.
    std::int64_t (*next_number)(const double* x, std::int64_t first, std::int64_t n);
    std::int64_t (*next_number_float)(const float* x, std::int64_t first, std::int64_t n);
};

/// The kernels of the instruction set that `dense` has.
const bound_kernels& bounds();

} // namespace optnet::solver::cpu
