// SPDX-License-Identifier: Apache-2.0
#pragma once

// The road of one problem: dual active set (inside a proximal loop where Q is singular), then the interior point, then
// the search for a certificate; one finish for all of them.

#include "optnet/solver/status.hpp"
#include "solver/algorithm/active_kkt.hpp"
#include "solver/algorithm/dual_active_set.hpp"

namespace optnet::solver {

struct outcome {
    optnet::status status = optnet::status::numerical_error;
    point x; ///< in scaled rows
    verdict best{HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    std::vector<int> basis; ///< the rows that the finish took as equalities
    int iterations = 0;
};

/// A point within this share of its tolerances is not improved further.
inline constexpr double good_enough = 1e-2;
/// The finish takes at most this many steps of refinement.
inline constexpr int finish_steps = 3;
/// Steps after which the dual active set is given up.
int active_set_limit(const operators& data, const settings& how);

class road {
public:
    /// `form` null: its set-up found Q not convex.
    void run(const element& e, const dual_form* form, const settings& how, const tolerances& eps, outcome& out);

    /// The system of the last finish; that of the outcome if its rows are the outcome's basis.
    const active_kkt& system() const { return kkt; }

private:
    /// A slack above -floor[i] counts as 0, as in `dual_active_set::solve`.
    void by_active_set(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                       const std::vector<double>& floor, outcome& out);
    void by_interior_point(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                           outcome& out);
    /// Refines x on the rows of `kkt` as equalities, on the user's data, and keeps what verifies best.
    void finish(const element& e, const active_kkt& kkt, const tolerances& eps, const point& x, outcome& out);
    void conclude(const element& e, const settings& how, const tolerances& eps, bool limited, outcome& out);

    dual_active_set dual;
    active_kkt kkt;
    point_products products;
    point trial, correction;
    std::vector<double> d, multipliers;
    bool limited = false;
};

} // namespace optnet::solver
