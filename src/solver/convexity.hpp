// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/solver/settings.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace optnet::solver {

/// How far below 0 an eigenvalue of Q may lie, relative to its largest entry, where its n² numbers are a T. Numbers that
/// were computed in float32 carry its rounding: L Lᵀ of a low rank has eigenvalues of about -n ε.
template <class T> double convexity_tolerance(const settings& how, std::int64_t n) {
    if constexpr (sizeof(T) == 8) return how.convexity_tolerance;
    const double rounding = static_cast<double>(n) * static_cast<double>(std::numeric_limits<T>::epsilon());
    return std::max({how.convexity_tolerance, rounding, 1e-6});
}

} // namespace optnet::solver
