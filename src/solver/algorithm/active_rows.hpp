// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/algorithm/road.hpp"

#include <algorithm>
#include <vector>

namespace optnet::solver {

/// The rows whose derivative is exact at the final point, with D of the weakly active ones: what the gradient's system
/// is made of, decided on the final point and never by the road that led there (docs/algorithm/gradient.md, "Which rows
/// are active").
struct active_rows {
    std::vector<int> rows;
    std::vector<double> ratios; ///< empty if every row is strongly active
    bool degenerate = false;
};

/// A row whose slack is this share of the right-hand side and |z| is tight, as `weak` is one with such a multiplier.
inline double active_share(int n, const settings& how) { return std::max(64.0 * n * 1.1e-16, how.active_tolerance); }

/// The rows whose state is in doubt at a point with these multipliers, basis and products Gz, [m] each: if there are
/// none, the rows of the basis are the active ones.
std::vector<int> doubtful_rows(const operators& data, const dual_form& form, const settings& how, const right_sides& e,
                               const evaluated& x, const std::vector<int>& basis);
/// The same where R_ii is `lengths`[i].
std::vector<int> doubtful_rows(int n, int m, const double* lengths, const settings& how, const right_sides& e,
                               const evaluated& x, const std::vector<int>& basis);

/// A point with every multiplier and slack that any solution has above 0, [m] each. Where it was found at once, s need
/// not be h − Gz.
struct central_point {
    std::vector<double> lambda, s, z;
};

/// The rows that the point of maximal support has to decide on, those of the basis first; none where they are the
/// active ones because every doubtful row depends on them. `form` keeps the rows [v_i w_i] or makes them.
std::vector<int> undecided_rows(const operators& data, const dual_form& form, const settings& how, const right_sides& e,
                                const evaluated& x, const std::vector<int>& basis);
/// What it decides, strongly active rows first.
active_rows decided_by(const central_point& centre, const operators& data, const dual_form& form, const right_sides& e,
                       const std::vector<int>& undecided);
/// Replaces D of the weakly active rows by what it is where the central path ends: with E what the strong rows leave of
/// R_WW, s = E λ and all s_i λ_i are equal there, which is the minimum of ½λ'Eλ − Σ log λ_i, and D_i = 1 / λ_i²; 0 for
/// a row that depends on the strong ones. For an exact form that keeps R; D stays as it is where there is no minimum.
void end_of_path(const dual_form& form, active_rows& found);

/// `gz` is G times the point of the outcome, [m].
active_rows decide_active_rows(const element& e, const dual_form& form, const settings& how, const outcome& done,
                               const double* gz);
/// The same on the sparse form, where rows that depend on each other may all stay. `centre` is the point of maximal
/// support, or null: then it is looked for where a row is in doubt.
active_rows decide_active_rows(const element& e, const sparse_matrices& form, const settings& how, const outcome& done,
                               const central_point* centre = nullptr);

} // namespace optnet::solver
