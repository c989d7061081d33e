// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who solves one problem on a GPU: a block of threads, a warp or one thread. Algorithms are templates on the team
//
//     rank, size     who I am, and how many we are
//     sync()         waits for all workers; what they wrote before is then seen by all
//     reduce(...)    the same result in every worker, in the same order whatever the size: no bit depends on it
//
// and consist of `each` and the reductions. Each of them ends after a barrier that all workers pass, and inside one of
// them no worker reads what another writes. So there are no races, as long as what is read between two of them is not
// written by the second.

#include "solver/cuda/device.hpp"

#include <cmath>

namespace optnet::solver::cuda {

/// Reductions go over this many partial results, whatever the size of the team; also the threads of a block.
inline constexpr int lanes = 128;
inline constexpr int warp = 32;

/// What is reduced: two sums, two maxima, or a value and its place.
struct two {
    double a, b;
};

struct add {
    OPTNET_DEVICE static two none() { return {0.0, 0.0}; }
    OPTNET_DEVICE two operator()(two x, two y) const { return {x.a + y.a, x.b + y.b}; }
};
struct maxima {
    OPTNET_DEVICE static two none() { return {-HUGE_VAL, -HUGE_VAL}; }
    OPTNET_DEVICE two operator()(two x, two y) const { return {larger(x.a, y.a), larger(x.b, y.b)}; }
};
/// The largest a, and of equal ones that with the smallest b.
struct best {
    OPTNET_DEVICE static two none() { return {-HUGE_VAL, HUGE_VAL}; }
    OPTNET_DEVICE two operator()(two x, two y) const { return y.a > x.a || (y.a == x.a && y.b < x.b) ? y : x; }
};

/// What lane `lane` contributes: f(i) of every index that is its own.
template <class Combine, class F> OPTNET_DEVICE two partial(int lane, int n, const F& f) {
    const Combine combine;
    two mine = Combine::none();
    for (int i = lane; i < n; i += lanes) mine = combine(mine, f(i));
    return mine;
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

/// One worker: a thread of the host, or one of a GPU that has a problem to itself. Warps of lanes without an index add
/// nothing, once: x + 0 is x, but for the sign of a zero.
struct serial_team {
    static constexpr int rank = 0, size = 1;
    OPTNET_DEVICE void sync() {}
    template <class Combine, class F> OPTNET_DEVICE two reduce(int n, const F& f) {
        const Combine combine;
        two total = Combine::none();
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

/// f(i) for every i in [0, n), each by some worker, then a barrier.
template <class Team, class F> OPTNET_DEVICE void each(Team& team, int n, const F& f) {
    for (int i = team.rank; i < n; i += team.size) f(i);
    team.sync();
}

/// The sums of f(i).a and f(i).b.
template <class Team, class F> OPTNET_DEVICE two sums(Team& team, int n, const F& f) {
    return team.template reduce<add>(n, f);
}
/// Their maxima, -inf for n = 0; NaN counts as nothing.
template <class Team, class F> OPTNET_DEVICE two most(Team& team, int n, const F& f) {
    return team.template reduce<maxima>(n, f);
}
/// The largest f(i).a with its f(i).b; the smallest b of equal ones; {-inf, inf} for n = 0.
template <class Team, class F> OPTNET_DEVICE two winner(Team& team, int n, const F& f) {
    return team.template reduce<best>(n, f);
}

} // namespace optnet::solver::cuda
