// SPDX-License-Identifier: Apache-2.0
#pragma once

// What settings leave open.

#include "optnet/solver/settings.hpp"

#include <cstdint>

namespace optnet::solver {

/// Of both tolerances, for data of type T.
template <class T> inline constexpr double default_tolerance = sizeof(T) == 8 ? 1e-8 : 1e-4;

/// Steps after which an active set is given up. A problem takes about one per active row; 20 times all there can be is
/// far beyond the hardest that was seen, and small problems get some more.
constexpr int step_limit(std::int64_t n, std::int64_t m) { return static_cast<int>(20 * (n + m) + 200); }
constexpr int step_limit(const settings& how, std::int64_t n, std::int64_t m) {
    return how.max_iter.value_or(step_limit(n, m));
}

} // namespace optnet::solver
