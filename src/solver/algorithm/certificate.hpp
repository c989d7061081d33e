// SPDX-License-Identifier: Apache-2.0
#pragma once

// Infeasibility and unboundedness are claimed only with a certificate that has been checked on the user's data.

#include "solver/algorithm/dual_active_set.hpp"
#include "solver/algorithm/element.hpp"

namespace optnet::solver {

/// Farkas: −(b'ν + h'λ) > 0, λ >= 0 and |A'ν + G'λ| <= eps times that and eps times the largest multiplier. Scales (ν,
/// λ) so that the value is 1 if it holds.
bool check_farkas(const element& e, point& x, double eps);

/// One step of refinement of a direction that `method` ended with as infeasible: its last row keeps its multiplier, and
/// ν and the other rows of its basis take back what A'ν + G'λ is.
void refine_farkas(const element& e, const dual_form& form, const dual_active_set& method, point& x);

/// A ray: −q'z > 0 and |Qz|, |Az|, (Gz)+ of the unscaled data <= eps times that and eps times |z|. Scales z so that q'z
/// = −1 if it holds.
bool check_ray(const element& e, point& x, double eps);

/// Looks for a Farkas certificate by the feasibility problem min ½|z|² over the constraints, whose dual active set
/// either ends at a feasible point or finds the direction. False where none was found.
bool find_farkas(const element& e, point& x, double eps);

/// Looks for a ray by projecting −q on the cone {Qd = 0, Ad = 0, Gd <= 0}: the projection is 0 exactly where none
/// exists.
bool find_ray(const element& e, point& x, double eps);

} // namespace optnet::solver
