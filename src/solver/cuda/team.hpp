// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who solves one problem on a GPU: a block of threads, each with a rank. Algorithms are templates on the team
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

/// All lanes in the order in which a block does it: a butterfly in every warp, then warp after warp.
template <class Combine> OPTNET_DEVICE two combine_lanes(const two* of) {
    const Combine combine;
    two total = Combine::none();
    for (int w = 0; w < lanes; w += warp) {
        two part[warp];
        for (int i = 0; i < warp; ++i) part[i] = of[w + i];
        for (int half = warp / 2; half > 0; half /= 2)
            for (int i = 0; i < half; ++i) part[i] = combine(part[i], part[i + half]);
        total = w == 0 ? part[0] : combine(total, part[0]);
    }
    return total;
}

/// One worker.
struct serial_team {
    static constexpr int rank = 0, size = 1;
    void sync() {}
    template <class Combine, class F> two reduce(int n, const F& f) {
        two of[lanes];
        for (int lane = 0; lane < lanes; ++lane) of[lane] = partial<Combine>(lane, n, f);
        return combine_lanes<Combine>(of);
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
