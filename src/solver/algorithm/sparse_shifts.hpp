// SPDX-License-Identifier: Apache-2.0
#pragma once

// The shifts ρ of z and δ of the multipliers, which make K of the sparse form quasi-definite in any order.

#include "solver/algorithm/team.hpp"

namespace optnet::solver {

/// ρ in the unit of Q, and δ in its inverse.
inline constexpr double sparse_shift = 1e-8;
/// A pivot of the wrong sign, or below the first share of its terms, is rounding and becomes the second: as far above
/// rounding as that has to be, since refinement gains no more than what a pivot is too large by.
inline constexpr double sparse_least_pivot = 1e-14, sparse_new_pivot = 1e-12;
/// The share of the largest entry of Q below which an entry of its diagonal is weak.
inline constexpr double weak = 1e-5;

struct sparse_shifts {
    double rho, delta;
};

/// Those of the interior point, whatever Q is.
OPTNET_DEVICE inline sparse_shifts plain_shifts(double q_unit) {
    return {sparse_shift * q_unit, sparse_shift / q_unit};
}

/// Of n variables, for Q's unit and the least entry above 0 of its diagonal, as a share of the largest of Q.
OPTNET_DEVICE inline sparse_shifts shifts_of(double q_unit, double least, int n) {
    // Where Q is weak, ρ is a thousandth of it, and so is the rounding of G_R' W G_R, whose entries are 1 / δ. But
    // refinement ends only where δ is below the eigenvalues of G_W Q⁻¹ G_W': one of n / 2 differences is (2π / n)².
    const auto smaller = [](double a, double b) { return b < a ? b : a; };
    const double weakness = smaller(1.0, least / weak), most = smaller(1e-5, 40.0 / n / n);
    return {teams::larger(sparse_shift * weakness, 1e-13) * q_unit,
            teams::larger(sparse_shift, smaller(sparse_shift / weakness, most)) / q_unit};
}

} // namespace optnet::solver
