// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bases of the swept matrix: the empty one, given ones, and a guess to begin with. The dual active set method takes its
// rows in one by one, and waits for each. The guess takes four at a time, of each quarter of the rows the one by which
// most is gained, some in and some out: three barriers for each four. Nothing says that the objective rises with four
// at a time, so it ends after some turns; then the rows with a negative multiplier leave until none has one, and from
// there the method goes on.

#include "solver/cuda/active_set.hpp"

#include <cstring>

namespace optnet::solver::cuda {

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

/// Z before the first sweep: R sets out for its places, without a barrier.
template <class Team> OPTNET_DEVICE void active_set::fetch_r(Team& team) {
    const int m = set.m, width = chunked_triangle::width, side = team.size < width ? team.size : width;
    for (int i = team.rank / side; i < m; i += team.size / side) {
        double* const to = T + chunked_triangle::row(i);
        const double* const from = set.r + i * m;
        const int end = (chunked_triangle::block(i) + 1) * width;
        for (int j = team.rank % side; j < end; j += side) {
            if (j < m)
                fetch(to + j, from + j);
            else
                to[j] = 0;
        }
    }
}
/// And now it is there, with d.
template <class Team> OPTNET_DEVICE void active_set::unsweep(Team& team) {
    await_fetched();
    const int m = set.m, end = (chunked_triangle::block(m) + 1) * chunked_triangle::width;
    each(team, end, [&](int j) { swept().last()[j] = j < m ? d[j] : 0.0; });
}

/// The empty basis, after `fetch_r`.
template <class Team> OPTNET_DEVICE void active_set::start_swept(Team& team) {
    k = 0;
    for (int i = team.rank; i < set.m; i += team.size) { // the next phase has the barrier
        lambda[i] = 0;
        state[i] = outside;
        inverse[i] = set.inverse[i];
    }
    unsweep(team);
}

/// Z of the basis that has been collected, without what earlier sweeps have left of their rounding.
template <class Team> OPTNET_DEVICE void active_set::sweep_anew(Team& team) {
    fetch_r(team);
    unsweep(team);
    for (int first = 0; first < k; first += together) {
        swept_rows<together> next;
        for (int q = 0; q < together; ++q) next.row[q] = first + q < k ? basis[first + q] : -1;
        swept().sweep(team, next, -HUGE_VAL, inverse, [](int, double) {});
        each(team, set.m, [&](int i) { swept().settle(next, i); });
    }
}

template <class Team, class Rule>
OPTNET_DEVICE swept_rows<1> active_set::sweep(Team& team, int row, double sign, const Rule& rule) {
    swept_rows<1> one;
    one.row[0] = row;
    one.sign[0] = sign;
    swept().sweep(team, one, -HUGE_VAL, inverse, rule);
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

/// Keys that are larger the more is gained, and say whose they are: the gain in float32, its last bits the row's
/// number.
struct marked_key {
    static constexpr std::uint32_t row_bits = 255;
    static_assert(most_swept <= 256);
    /// 0 if there is no gain, or hardly one.
    OPTNET_DEVICE static std::uint32_t make(double gain, int row) {
        const float single = gain > 0 ? static_cast<float>(gain) : 0.0f;
        std::uint32_t word = 0;
        std::memcpy(&word, &single, sizeof word);
        return word > row_bits ? (word & ~row_bits) | static_cast<std::uint32_t>(row) : 0;
    }
    OPTNET_DEVICE static int row(std::uint32_t key) { return static_cast<int>(key & row_bits); }
};

/// What the objective would gain from each row on the wrong side by itself: the best of the four quarters of the rows,
/// those that would enter and those that would leave, the latter alone unless `may_enter`. Rows of the last sweep are
/// settled on the way.
template <class Team>
OPTNET_DEVICE swept_rows<together> active_set::best_of_quarters(Team& team, const swept_rows<together>& last,
                                                                bool may_enter) {
    const swept_matrix Z = swept();
    const double* const slacks = Z.last();
    const int m = set.m, quarter = (m + together - 1) / together;
    // Lane and index are the same but for multiples of the lanes: each warp has a quarter of the rows.
    const keys_of_quarters found = team.largest_keys((quarter + warp - 1) / warp * lanes, [&](int place) {
        const int offset = place / lanes * warp + place % warp, i = place % lanes / warp * quarter + offset;
        if (offset >= quarter || i >= m) return two_keys{};
        Z.settle(last, i);
        const double value = slacks[i], left = Z.entry(i, i), size = std::abs(d[i]) + std::abs(value - d[i]);
        const std::uint32_t key = marked_key::make(value * value * about_reciprocal(std::abs(left)), i);
        // All of it at once: branches would wait for each other. An absent row has an infinite floor.
        const bool enter = may_enter & (state[i] == outside) & (value < -floor[i]) & (value < -doubtful_slack * size) &
                           (left * inverse[i] > clearly_independent);
        const bool leave = (state[i] == inside) & (value > 0);
        return two_keys{enter ? key : 0, leave ? key : 0};
    });
    swept_rows<together> best;
    OPTNET_UNROLLED
    for (int q = 0; q < together; ++q) {
        const two_keys keys = found.of[q];
        const bool enter = keys.a > keys.b;
        if (enter || keys.b > 0) best.row[q] = marked_key::row(enter ? keys.a : keys.b);
        best.sign[q] = enter ? enters : leaves;
    }
    return best;
}

/// A basis with its multipliers, none of them negative, from the empty one; after `limit` steps as far as it has come.
template <class Team> OPTNET_DEVICE void active_set::guess(Team& team, int limit) {
    if (capacity < rows_for_a_guess) return;
    const swept_matrix Z = swept();
    swept_rows<together> last;
    int turns = set.m / together + more_turns;
    for (; steps < limit; ++steps) {
        last = best_of_quarters(team, last, turns > 0);
        const int count = last.count();
        if (count == 0) break;
        // No more than there is room for, nor a single one.
        if (k + last.more() > capacity || (count == 1 && last.more() == 1)) {
            turns = 0;
            last = {};
            continue;
        }
        Z.sweep(team, last, clearly_independent, inverse, [&](int j, double) {
            OPTNET_UNROLLED
            for (int q = 0; q < together; ++q)
                if (last.row[q] == j) state[j] = last.sign[q] > 0 ? inside : outside;
        });
        if (last.count() == 0) {
            if (turns == 0) break;
            turns = 0;
            continue;
        }
        k += last.more();
        --turns;
    }
    const double* const slacks = Z.last();
    each(team, set.m, [&](int i) {
        Z.settle(last, i);
        lambda[i] = state[i] == inside ? larger(0.0, -slacks[i]) : 0.0;
    });
}

} // namespace optnet::solver::cuda
