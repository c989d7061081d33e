// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who does the work of one problem: workers, each with a rank. Algorithms are templates on the team
//
//     rank, size     who I am, and how many we are
//     sync()         waits for all workers; what they wrote before is then seen by all
//     reduce(...)    the same result in every worker
//
// and consist of `each` and the reductions. Each of them ends after a barrier that all workers pass, and inside one of
// them no worker reads what another writes. So there are no races, as long as what is read between two of them is not
// written by the second. Here the team of one thread; those of a GPU are in solver/cuda.

#include "solver/algorithm/device.hpp"

#include <cmath>

namespace optnet::solver::teams {

OPTNET_DEVICE inline double larger(double a, double b) { return b > a ? b : a; }

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

} // namespace optnet::solver::teams

namespace optnet::solver {

struct serial_team {
    static constexpr int rank = 0, size = 1;
    void sync() {}
    template <class Combine, class F> teams::two reduce(int n, const F& f) {
        const Combine combine;
        teams::two total = Combine::none();
        for (int i = 0; i < n; ++i) total = combine(total, f(i));
        return total;
    }
};

} // namespace optnet::solver
