// SPDX-License-Identifier: Apache-2.0
#pragma once

// The start of the interior point (CVXOPT's): the least squares point of the relaxed conditions, where λ = −s, and then
// s and λ shifted into the interior, each by one number for all rows.

#include "solver/algorithm/interior_rows.hpp"
#include "solver/algorithm/team.hpp"

namespace optnet::solver {

/// Below this the least entry counts as outside. Not 0: a problem with s = λ = 0 at its start (d = 0) would leave 0 /
/// 0.
constexpr double least_start = 1e-6;

/// `of` is a problem as in interior_loop.hpp. False if the factorization of the start breaks down.
template <class Team, class Problem> OPTNET_DEVICE OPTNET_OUT_OF_LINE bool starting_point(Team& team, Problem& of) {
    const auto v = of.vectors();
    teams::each(team, v.m, [&](int i) { v.w[i] = v.absent(i) ? 0.0 : 1.0; });
    of.begin();
    if (!of.factor()) return false;
    of.start();
    const auto shift = [&](double sign) {
        const double least = -teams::most(team, v.m, [&](int i) {
                                  return teams::two{v.absent(i) ? -HUGE_VAL : -sign * v.s[i], 0.0};
                              }).a;
        return least < least_start ? 1.0 - least : 0.0;
    };
    const double up_s = shift(1.0), up_lambda = shift(-1.0);
    teams::each(team, v.m, [&](int i) {
        const double slack = v.s[i];
        v.s[i] = v.absent(i) ? 1.0 : slack + up_s;
        v.lambda[i] = v.absent(i) ? 0.0 : -slack + up_lambda;
    });
    return true;
}

} // namespace optnet::solver
