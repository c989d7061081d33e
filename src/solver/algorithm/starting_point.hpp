// SPDX-License-Identifier: Apache-2.0
#pragma once

// The start of the interior point (CVXOPT's): the least squares point of the relaxed conditions, where λ = −s, and then
// s and λ shifted into the interior, each by one number for all rows.

#include "solver/algorithm/element.hpp"
#include "solver/algorithm/interior_rows.hpp"
#include "solver/algorithm/team.hpp"

#include <cmath>

namespace optnet::solver {

/// Below this the least entry counts as outside. Not 0: a problem with s = λ = 0 at its start (d = 0) would leave 0 /
/// 0.
constexpr double least_start = 1e-6;

/// False if the factorization of the start breaks down.
template <class Team, class Form> bool starting_point(Team& team, Form& form, const element& e, interior_rows& rows) {
    const auto m = static_cast<std::int64_t>(e.data->m);
    const auto here = [&](std::int64_t i) { return !e.absent(static_cast<int>(i)); };
    rows.resize(static_cast<std::size_t>(m));
    phase(team, m, [&](std::int64_t i) { rows.w[static_cast<std::size_t>(i)] = here(i) ? 1.0 : 0.0; });
    form.begin(e);
    if (!form.factor(rows.w)) return false;
    form.start(rows.s);
    const auto shift = [&](double sign) {
        const double least = -team.max(
            m, [&](std::int64_t i) { return here(i) ? -sign * rows.s[static_cast<std::size_t>(i)] : -HUGE_VAL; });
        return least < least_start ? 1.0 - least : 0.0;
    };
    const double up_s = shift(1.0), up_lambda = shift(-1.0);
    phase(team, m, [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        const double slack = rows.s[k];
        rows.s[k] = here(i) ? slack + up_s : 1.0;
        rows.lambda[k] = here(i) ? -slack + up_lambda : 0.0;
    });
    return true;
}

} // namespace optnet::solver
