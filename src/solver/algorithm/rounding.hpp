// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where z is so large that its products cancel by more digits than the tolerance leaves, a verdict in double precision
// judges its own rounding. There the residuals are evaluated in long double.

#include "solver/algorithm/element.hpp"

namespace optnet::solver {

/// The largest units of rows and of variables: what one scaled unit of a residual can be in the user's.
struct residual_units {
    double rows = 0, variables = 0;

    explicit residual_units(const units& o);
    residual_units(double of_rows, double of_variables) : rows(of_rows), variables(of_variables) {}
};

/// Whether rounding of the products of x can be as large as a tenth of what `eps` allows a point of this verdict;
/// `q_max` is the largest entry of Q, in scaled variables.
bool rounding_decides(const units& scale, double q_max, const residual_units& largest, const verdict& best,
                      const evaluated& x, const tolerances& eps);

/// The same from the sums of the |z_j|, and of the |ν_i| and λ_i.
bool rounding_decides(double z, double multipliers, double q_max, const residual_units& largest, const verdict& best,
                      const tolerances& eps);

/// The verdict on x (its z, nu and lambda) with sums in long double.
verdict judge_in_long_double(const element& e, const evaluated& x, const tolerances& eps);

} // namespace optnet::solver
