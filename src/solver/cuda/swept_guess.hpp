// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bases of the swept matrix: the empty one, given ones, and a guess to begin with. The dual active set method takes its
// rows in one by one, and waits for each. The guess takes four at a time, and lets four go where so many have a
// negative multiplier: three barriers for each four. Nothing says that the objective rises with four at a time, so it
// ends after some turns; then the rows with a negative multiplier leave until none has one, and from there the method
// goes on.

#include "solver/cuda/active_set.hpp"

namespace optnet::solver::cuda {

/// Rows that the guess sweeps together; and it takes in no fewer than the second, since fewer are what the method does.
inline constexpr int together = 4, worth_a_guess = 3;
/// With fewer rows than this the method takes few steps.
inline constexpr int rows_for_a_guess = 16;
/// The guess takes in no row of which the basis leaves a smaller share than this: sweeps would lose digits on the way
/// to a basis that few such rows stay in. With less, vertices and ill-conditioned problems take more steps; with 1e-2
/// random ones do.
inline constexpr double clearly_independent = 1e-3;
/// Turns in which rows may enter, beyond as many as would take in all of them.
inline constexpr int more_turns = 8;

/// row(i, first, by) for the rows of a triangle: each worker has the columns first, first + by ... of some of them. A
/// warp has a row at a time.
template <class Team, class F> OPTNET_DEVICE void each_row(Team& team, int rows, const F& row) {
    const int side = team.size < warp ? team.size : warp;
    for (int i = team.rank / side; i < rows; i += team.size / side) row(i, team.rank % side, side);
    team.sync();
}

/// Z before the first sweep.
template <class Team> OPTNET_DEVICE void active_set::unsweep(Team& team) {
    const int m = set.m;
    each_row(team, m + 1, [&](int i, int first, int by) {
        double* const to = T + chunked_triangle::row(i);
        const int end = (chunked_triangle::block(i) + 1) * chunked_triangle::width;
        for (int j = first; j < end; j += by) to[j] = i < m && j < m ? set.r[i * m + j] : i == m && j < m ? d[j] : 0.0;
    });
}

/// The empty basis.
template <class Team> OPTNET_DEVICE void active_set::start_swept(Team& team) {
    k = 0;
    each(team, set.m, [&](int i) {
        lambda[i] = 0;
        state[i] = outside;
    });
    unsweep(team);
}

/// Z of the basis, without what earlier sweeps have left of their rounding.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE void active_set::sweep_anew(Team& team) {
    collect(team, -1);
    unsweep(team);
    for (int first = 0; first < k; first += together) {
        swept_rows<together> next;
        next.count = k - first < together ? k - first : together;
        for (int q = 0; q < together; ++q) next.row[q] = basis[first + (q < next.count ? q : 0)];
        swept().invert(next, [](int) { return -HUGE_VAL; });
        swept().sweep(team, next, [](int, double) {});
        each(team, set.m, [&](int i) { swept().settle(next, i); });
    }
}

template <class Team, class Rule>
OPTNET_DEVICE swept_rows<1> active_set::sweep(Team& team, int row, double sign, const Rule& rule) {
    swept_rows<1> one{1, {row}, sign, {{1 / swept().entry(row, row)}}, {}};
    swept().sweep(team, one, rule);
    return one;
}

/// The basis in ascending order, and behind it one more row.
template <class Team> OPTNET_DEVICE void active_set::collect(Team& team, int behind) {
    each(team, set.m, [&](int i) {
        if (i == behind) basis[k] = behind;
        if (state[i] != inside) return;
        int place = 0;
        for (int j = 0; j < i; ++j) place += state[j] == inside ? 1 : 0;
        basis[place] = i;
    });
}

/// Takes a row into the basis with this multiplier, unless it depends on the others.
template <class Team> OPTNET_DEVICE void active_set::take_swept(Team& team, int row, double multiplier) {
    if (depends(row)) return;
    const swept_rows<1> last = sweep(team, row, enters, [&](int j, double) {
        if (j != row) return;
        lambda[j] = multiplier;
        state[j] = inside;
    });
    each(team, set.m, [&](int i) { swept().settle(last, i); });
    ++k;
}

/// A basis with its multipliers, none of them negative, from the empty one; after `limit` steps as far as it has come.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE void active_set::guess(Team& team, int limit) {
    if (capacity < rows_for_a_guess) return;
    const swept_matrix Z = swept();
    const double* const slacks = Z.last();
    swept_rows<together> last;
    int turns = set.m / together + more_turns;
    for (; steps < limit; ++steps) {
        // What the objective would gain from each row on the wrong side by itself: above 0 if it would enter, below if
        // it would leave. It lies where the multipliers will.
        const two wrong = sums(team, set.m, [&](int i) {
            Z.settle(last, i);
            const double value = slacks[i], left = Z.entry(i, i), gain = value * value / std::abs(left);
            const bool may_enter = state[i] == outside && violated(i, value, doubtful_slack) &&
                                   left * set.inverse[i] > clearly_independent;
            const bool must_leave = state[i] == inside && value > 0;
            const double key = may_enter ? gain : must_leave ? -gain : 0.0;
            lambda[i] = key;
            return two{key > 0 ? 1.0 : 0.0, key < 0 ? 1.0 : 0.0};
        });
        last.count = 0;
        const bool enter = turns > 0 && wrong.b < together && wrong.a >= worth_a_guess && k < capacity;
        if (!enter && wrong.b == 0) break;
        swept_rows<together> next;
        next.sign = enter ? enters : leaves;
        each(team, set.m, [&](int i) {
            const double mine = next.sign * lambda[i];
            if (!(mine > 0)) return;
            int before = 0;
            for (int j = 0; j < i; ++j) before += next.sign * lambda[j] >= mine ? 1 : 0;
            for (int j = i + 1; j < set.m; ++j) before += next.sign * lambda[j] > mine ? 1 : 0;
            if (before < together) basis[before] = i;
        });
        const int found = static_cast<int>(enter ? wrong.a : wrong.b), room = enter ? capacity - k : found;
        next.count = found < room ? found : room;
        if (next.count > together) next.count = together;
        for (int q = 0; q < together; ++q) next.row[q] = basis[q < next.count ? q : 0];
        const int asked = next.count;
        Z.invert(next, [&](int i) { return enter ? clearly_independent / set.inverse[i] : 0.0; });
        // Rows that are left out are changed like the others, once everyone has read them. The same for all workers.
        if (next.count < asked) team.sync();
        if (next.count == 0) {
            if (!enter) break;
            turns = 0;
            continue;
        }
        Z.sweep(team, next, [&](int j, double) {
            if (next.has(j)) state[j] = enter ? inside : outside;
        });
        k += enter ? next.count : -next.count;
        --turns;
        last = next;
    }
    each(team, set.m, [&](int i) {
        Z.settle(last, i);
        lambda[i] = state[i] == inside ? larger(0.0, -slacks[i]) : 0.0;
    });
}

} // namespace optnet::solver::cuda
