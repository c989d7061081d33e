// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who solves one problem on a GPU: a block of threads, a warp or one thread, a team of solver/algorithm/team.hpp. Its
// reductions have the same order whatever the size: no bit depends on it.

#include "solver/cuda/device.hpp"

namespace optnet::solver::cuda {

using teams::add, teams::best, teams::maxima, teams::two;
using teams::each, teams::most, teams::sums, teams::winner;

/// Reductions go over this many partial results, whatever the size of the team; also the threads of a block.
inline constexpr int lanes = 128;
inline constexpr int warp = 32;

/// What lane `lane` contributes: f(i) of every index that is its own.
template <class Combine, class F> OPTNET_DEVICE two partial(int lane, int n, const F& f) {
    const Combine combine;
    two mine = Combine::none();
    for (int i = lane; i < n; i += lanes) mine = combine(mine, f(i));
    return mine;
}

/// write(i, j, read(i, j)) for i < rows and j < cols, j the faster, each by some worker, then a barrier. A worker reads
/// eight numbers before it writes one, so that eight are on their way, and divides once, not for each of them. Beyond
/// the end it reads its first entry again, for nothing.
template <class Team, class Read, class Write>
OPTNET_DEVICE void transfer(Team& team, int rows, int cols, const Read& read, const Write& write) {
    constexpr int ahead = 8;
    if (cols > 0 && team.rank / cols < rows) {
        const int first_i = team.rank / cols, first_j = team.rank % cols;
        const int down = team.size / cols, along = team.size % cols;
        for (int i = first_i, j = first_j; i < rows;) {
            int of_i[ahead], of_j[ahead];
            double v[ahead];
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a) {
                of_i[a] = i;
                of_j[a] = j;
                v[a] = read(i < rows ? i : first_i, i < rows ? j : first_j);
                const bool next_row = j + along >= cols;
                i += next_row ? down + 1 : down;
                j += next_row ? along - cols : along;
            }
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a)
                if (of_i[a] < rows) write(of_i[a], of_j[a], v[a]);
        }
    }
    team.sync();
}

/// The same in tiles of 4 rows and 8 columns by 32 neighbours: what lies along the rows of one matrix and along the
/// columns of the other is then read and written in pieces of 32 bytes or more. Beyond the end `read` is asked for an
/// entry at the edge, which another worker may write: it must read something else than what `write` writes.
template <class Team, class Read, class Write>
OPTNET_DEVICE void transfer_tiles(Team& team, int rows, int cols, const Read& read, const Write& write) {
    constexpr int tall = 4, wide = 8;
    const auto row = [](int a, int t) { return a * tall + t % tall; };
    const auto col = [](int t) { return t / (tall * wide) * wide + t / tall % wide; };
    transfer(
        team, (rows + tall - 1) / tall, (cols + wide - 1) / wide * tall * wide,
        [&](int a, int t) {
            const int i = row(a, t), j = col(t);
            return read(i < rows ? i : rows - 1, j < cols ? j : cols - 1);
        },
        [&](int a, int t, double v) {
            if (row(a, t) < rows && col(t) < cols) write(row(a, t), col(t), v);
        });
}

/// The first `count` lanes of a warp as its butterfly takes them; the others have nothing. Overwrites them.
template <class Combine> OPTNET_DEVICE two combine_warp(two* of, int count) {
    const Combine combine;
    if (count <= 0) return Combine::none();
    for (int half = warp / 2; half > 0; half /= 2)
        for (int i = 0; i < half && i < count; ++i)
            of[i] = combine(of[i], i + half < count ? of[i + half] : Combine::none());
    return of[0];
}

/// All lanes in the order in which a block does it: a butterfly in every warp, then warp after warp.
template <class Combine> OPTNET_DEVICE two combine_lanes(const two* of) {
    const Combine combine;
    two total = Combine::none();
    for (int w = 0; w < lanes; w += warp) {
        two part[warp];
        for (int i = 0; i < warp; ++i) part[i] = of[w + i];
        const two whole = combine_warp<Combine>(part, warp);
        total = w == 0 ? whole : combine(total, whole);
    }
    return total;
}

/// Two keys, of which the largest are asked for; 0 is none.
struct two_keys {
    std::uint32_t a = 0, b = 0;
    OPTNET_DEVICE void raise(two_keys to) {
        a = to.a > a ? to.a : a;
        b = to.b > b ? to.b : b;
    }
};
/// The largest keys of each warp of lanes.
struct keys_of_quarters {
    two_keys of[lanes / warp];
};

/// One worker: a thread of the host, or one of a GPU that has a problem to itself. Warps of lanes without an index add
/// nothing, once: x + 0 is x, but for the sign of a zero.
struct serial_team {
    static constexpr int rank = 0, size = 1;
    OPTNET_DEVICE void sync() {}
    template <class F> OPTNET_DEVICE keys_of_quarters largest_keys(int n, const F& f) {
        keys_of_quarters all;
        for (int i = 0; i < n; ++i) all.of[i % lanes / warp].raise(f(i));
        return all;
    }
    template <class Combine, class F> OPTNET_DEVICE two reduce(int n, const F& f) {
        const Combine combine;
        two total = Combine::none();
        OPTNET_ROLLED
        for (int w = 0; w < lanes; w += warp) {
            if (w > 0 && w >= n) return combine(total, Combine::none());
            two of[warp];
            const int count = n - w < warp ? n - w : warp;
            for (int i = 0; i < count; ++i) of[i] = partial<Combine>(w + i, n, f);
            const two part = combine_warp<Combine>(of, count);
            total = w == 0 ? part : combine(total, part);
        }
        return total;
    }
};

/// Teams that are never given a swept matrix (swept_matrix.hpp) say so, `sweeps`: their kernels go without its code.
template <class Team> OPTNET_DEVICE constexpr bool may_sweep() {
    if constexpr (requires { Team::sweeps; }) return Team::sweeps;
    return true;
}

/// One thread as `serial_team`, with its bits, and with five partial results in place of 32 on its stack: a GPU sets
/// aside the stacks of all threads that it could run.
struct lone_team {
    static constexpr int rank = 0, size = 1;
    static constexpr bool sweeps = false;
    OPTNET_DEVICE void sync() {}
    template <class Combine, class F> OPTNET_DEVICE two reduce(int n, const F& f) {
        const Combine combine;
        two total = Combine::none();
        OPTNET_ROLLED
        for (int w = 0; w < lanes; w += warp) {
            if (w > 0 && w >= n) return combine(total, Combine::none());
            // The butterfly depth first: lanes in the order of their reversed bits, each pair as soon as it is there.
            two waiting[levels + 1];
            for (int c = 0; c < warp; ++c) {
                int lane = 0, level = 0;
                for (int bit = 0; bit < levels; ++bit) lane |= (c >> bit & 1) << (levels - 1 - bit);
                two part = w + lane < n ? partial<Combine>(w + lane, n, f) : Combine::none();
                for (; (c >> level & 1) != 0; ++level) part = combine(waiting[level], part);
                waiting[level] = part;
            }
            total = w == 0 ? waiting[levels] : combine(total, waiting[levels]);
        }
        return total;
    }

private:
    static constexpr int levels = 5; // of a warp
};

} // namespace optnet::solver::cuda
