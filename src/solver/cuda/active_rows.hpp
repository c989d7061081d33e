// SPDX-License-Identifier: Apache-2.0
#pragma once

// The active rows of the gradient at a solution, by a team, as src/solver/algorithm/active_rows.cpp does it
// (docs/algorithm/gradient.md, "Which rows are active").

#include "solver/cuda/interior_dual.hpp"
#include "solver/cuda/interior_primal.hpp"
#include "solver/cuda/road_steps.hpp"

namespace optnet::solver::cuda {

/// Takes the rows in `order` into the basis of the element, with their ratios in `key`, without those that depend on
/// others. False if they are more than it holds.
template <class Team> OPTNET_DEVICE bool take_rows(Team& team, road_memory& own, int count) {
    active_set& active = own.e.active;
    active.clear(team);
    const int capacity = kept_capacity(own.e.n, own.e.m);
    for (int i = 0; i < count; ++i) {
        const int row = own.order[i], place = active.k;
        // A row without a ratio depends on the n that are there.
        if (place == capacity && own.key[row] > 0) return false;
        if (active.take(team, row, own.key[row])) each(team, 1, [&](int) { own.ratio[place] = own.key[row]; });
    }
    return true;
}

/// The active rows of the gradient at the solution in `e`, and their factor (docs/algorithm/gradient.md, "Which rows
/// are active"). False if they are more than the memory of a factor holds.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool decide_rows(Team& team, const device_settings& batch, const matrices& of,
                                                  road_memory& own, const known& so_far) {
    element& e = own.e;
    // The basis of the solution, in its order.
    e.active.clear(team);
    for (int i = 0; i < so_far.rows; ++i) e.active.take(team, own.best_rows[i]);
    each(team, e.m, [&](int i) { e.active.lambda[i] = own.best.lambda[i]; });
    each(team, e.active.k, [&](int i) { own.ratio[i] = 0; });
    if (differentiable(team, batch, e)) return true;

    // The point of maximal support tells strong rows from weak ones: near the centre λ R >> s, s >> λ R, or both small.
    const tight_rows tight(team, batch, e);
    each(team, e.m, [&](int i) { own.mark[i] = e.active.in_basis(i) || tight.outside(e, i) ? 1 : 0; });
    constexpr double eps = 1e-9;
    double share = HUGE_VAL;
    if (of.exact() && own.has_room_for_dual()) {
        interior_dual<Team> form(team, of, own, eps, eps);
        if (starting_point(team, form)) share = interior_loop(team, form, interior_limit, 1.0, eps).best.share;
    }
    if (!(share <= 1)) {
        interior_primal<Team> form(team, of, own, eps, eps);
        share = starting_point(team, form) ? interior_loop(team, form, interior_limit, 1.0, eps).best.share : HUGE_VAL;
    }
    if (!(share <= 1e3)) return true; // with the basis as it is
    const auto strength = [&](int i) { return e.best_lambda[i] * e.active.r(i, i); };
    const int count = order_rows(
        team, own, [&](int i) { return own.mark[i] != 0 && !(own.best_s[i] > 100 * strength(i)); },
        [&](int i) { return strength(i) > 100 * own.best_s[i] ? 0.0 : own.best_s[i] / e.best_lambda[i]; });
    return take_rows(team, own, count);
}

} // namespace optnet::solver::cuda
