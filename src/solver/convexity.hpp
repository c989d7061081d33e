// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/solver/settings.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace optnet::solver {

/// How far below 0 an eigenvalue of Q may lie, as a share of its largest entry, where its numbers are a T. What was
/// computed in float32 carries its rounding: L L' of a low rank has eigenvalues of about -n epsilon.
template <class T> double convexity_tolerance(const settings& how, std::int64_t n) {
    if constexpr (sizeof(T) == 8) return how.convexity_tolerance;
    const double rounding = static_cast<double>(n) * static_cast<double>(std::numeric_limits<T>::epsilon());
    return std::max({how.convexity_tolerance, rounding, 1e-6});
}

} // namespace optnet::solver
