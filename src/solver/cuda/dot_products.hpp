// SPDX-License-Identifier: Apache-2.0
#pragma once

// Many dot products at a time: the rows or columns of a matrix times a vector. Eight neighbours of a warp share each of
// them, term by term in turns, so that every number of a matrix is read once, in pieces of 32 bytes or more whichever
// way it lies, and many are on their way at a time. The order of a sum is the same for all teams, whatever their size.

#include "solver/cuda/team.hpp"

namespace optnet::solver::cuda {

/// Workers that share one sum.
inline constexpr int eight = 8;

/// What lies side by side in memory: the terms of one sum, or the same term of neighbouring sums.
enum class beside { terms, sums };
/// Whether the workers wait for each other at the end, or go on to a phase that neither reads nor writes what this one
/// writes.
enum class at_end { wait, go_on };

/// The share of one worker in a sum: the terms first + lane, first + lane + 8 ... The numbers of so many are on their
/// way together.
template <int ahead> struct share_of_sum {
    int lane;
    double total = 0;

    /// Adds f(k).a · f(k).b over k in [first, last).
    template <class F> OPTNET_DEVICE void add(int first, int last, const F& f) {
        two v[ahead];
        int k = first + lane;
        OPTNET_ROLLED
        for (; k + (ahead - 1) * eight < last; k += ahead * eight) {
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a) v[a] = f(k + a * eight);
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a) total += v[a].a * v[a].b;
        }
        if (k >= last) return;
        // Beyond the end the last term again, times 0: no branch is waited for.
        OPTNET_UNROLLED
        for (int a = 0; a + 1 < ahead; ++a) v[a] = f(k + a * eight < last ? k + a * eight : last - 1);
        OPTNET_UNROLLED
        for (int a = 0; a + 1 < ahead; ++a) total += v[a].a * (k + a * eight < last ? v[a].b : 0.0);
    }
};

/// All eight shares by one worker.
struct whole_sum {
    double part[eight] = {};

    template <class F> OPTNET_DEVICE void add(int first, int last, const F& f) {
        for (int k = first; k < last; k += eight) {
            OPTNET_UNROLLED
            for (int a = 0; a < eight; ++a) {
                if (k + a >= last) continue;
                const two v = f(k + a);
                part[a] += v.a * v.b;
            }
        }
    }
    OPTNET_DEVICE double total() const {
        const double a = part[0] + part[4], b = part[1] + part[5], c = part[2] + part[6], d = part[3] + part[7];
        return (a + c) + (b + d);
    }
};

/// Its workers are threads of warps, which hand each other numbers.
template <class Team> OPTNET_DEVICE constexpr bool has_warps() {
    return requires(Team & team) { team.add_neighbours(0.0, 1); };
}

/// then(t, sum) for every t in [0, count), each by some worker, then a barrier as a rule. terms(t, sum) says what it is
/// the sum of: sum.add(first, last, f) adds f(k).a · f(k).b. Teams whose workers are those of warps have
/// `add_neighbours`.
template <beside side, at_end end = at_end::wait, class Team, class Terms, class Then>
OPTNET_DEVICE void dot_products(Team& team, int count, const Terms& terms, const Then& then) {
    if constexpr (has_warps<Team>()) {
        // Few problems wait for numbers, many for instructions.
        constexpr int ahead = Team::size > lanes ? 8 : 4;
        constexpr int of_warp = warp / eight, stride = side == beside::terms ? 1 : of_warp;
        const int inside = team.rank % warp;
        const int lane = side == beside::terms ? inside % eight : inside / of_warp;
        const int place = side == beside::terms ? inside / eight : inside % of_warp;
        OPTNET_ROLLED
        for (int first = team.rank / warp * of_warp; first < count; first += team.size / eight) {
            const int t = first + place;
            share_of_sum<ahead> mine{lane};
            if (t < count) terms(t, mine);
            double sum = mine.total;
            OPTNET_UNROLLED
            for (int half = eight / 2; half > 0; half /= 2) sum = team.add_neighbours(sum, half * stride);
            if (lane == 0 && t < count) then(t, sum);
        }
    } else {
        for (int t = team.rank; t < count; t += team.size) {
            whole_sum all;
            terms(t, all);
            then(t, all.total());
        }
    }
    if constexpr (end == at_end::wait) team.sync();
}

/// then(i, row i of M times x), M column-major with `rows` rows and x of that length.
template <at_end end = at_end::wait, class Team, class Then>
OPTNET_DEVICE void rows_times(Team& team, int rows, const double* M, int ld, const double* x, int length,
                              const Then& then) {
    dot_products<beside::sums, end>(
        team, rows,
        [&](int i, auto& sum) {
            const double* const row = M + i;
            sum.add(0, length, [&](int j) { return two{row[j * ld], x[j]}; });
        },
        then);
}
/// The same for the columns of M.
template <at_end end = at_end::wait, class Team, class Then>
OPTNET_DEVICE void columns_times(Team& team, int cols, const double* M, int ld, const double* x, int length,
                                 const Then& then) {
    dot_products<beside::terms, end>(
        team, cols,
        [&](int j, auto& sum) {
            const double* const column = M + j * ld;
            sum.add(0, length, [&](int i) { return two{column[i], x[i]}; });
        },
        then);
}
/// y = U x and U' x for the upper triangle [size, size] of M.
template <class Team>
OPTNET_DEVICE void upper_rows_times(Team& team, int size, const double* M, int ld, const double* x, double* y) {
    dot_products<beside::sums>(
        team, size,
        [&](int i, auto& sum) {
            const double* const row = M + i;
            sum.add(i, size, [&](int j) { return two{row[j * ld], x[j]}; });
        },
        [&](int i, double sum) { y[i] = sum; });
}
template <class Team>
OPTNET_DEVICE void upper_columns_times(Team& team, int size, const double* M, int ld, const double* x, double* y) {
    dot_products<beside::terms>(
        team, size,
        [&](int j, auto& sum) {
            const double* const column = M + j * ld;
            sum.add(0, j + 1, [&](int i) { return two{column[i], x[i]}; });
        },
        [&](int j, double sum) { y[j] = sum; });
}

} // namespace optnet::solver::cuda
