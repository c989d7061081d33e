// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inequalities that no feasible point leaves: a pair of opposite rows, a variable between equal bounds, z ≥ 0 with
// 1'z = 0. Their multipliers can be as large as one likes, so the interior point has no centre to go to and may end
// where slack and multiplier of such a row are alike, as those of a weakly active one are. Yet they are strongly
// active: of the rows T that are tight at a solution, with A and the strongly active rows S, row i is, if
//
//     G_T'x + G_S'y + A'ν = 0     for some x ≥ 0 with xᵢ > 0, and any y and ν.
//
// A little of such an x added to the multipliers of the solution leaves them multipliers. Without one there is a
// direction that leaves every row of T and none of the others (Motzkin 1936).

#include "solver/algorithm/active_rows.hpp"

namespace optnet::solver {

/// Marks as `strong` the rows of `tight` that are so. Asked of rows to which the z of the point of maximal support
/// leaves no more room than its tolerances.
void add_hidden_rows(const operators& o, const right_sides& e, const central_point& centre,
                     const std::vector<int>& tight, std::vector<char>& strong);

} // namespace optnet::solver
