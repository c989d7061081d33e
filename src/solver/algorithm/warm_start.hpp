// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/algorithm/element.hpp"

#include <vector>

namespace optnet::solver {

/// Where one problem starts: a point that somebody else has found, and the rows whose multipliers are positive there,
/// ascending, as the first guess of the active set. Whatever it says, what is claimed in the end is verified.
struct warm_start {
    bool usable = false; ///< given, and finite
    point x;             ///< in scaled rows; multipliers are 0 but in `rows`
    std::vector<int> rows;

    template <class T> void load(const starting_points<T>& from, std::int64_t k, const element& e);
    /// The same for a problem of finite numbers without an `element`: its floor [m] is +inf where a row is absent.
    template <class T> void load(const starting_points<T>& from, std::int64_t k, const units& o, const double* floor);

    const warm_start* if_usable() const { return usable ? this : nullptr; }
};

} // namespace optnet::solver
