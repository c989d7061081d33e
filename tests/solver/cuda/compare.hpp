// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a GPU says beside what the host says, as something that a failed check prints.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace gpu {

/// The largest difference, relative to the largest finite number that is expected, or to 1; infinite where one of the
/// two is finite alone, or one of them alone is not a number.
inline double difference(const std::vector<double>& found, const std::vector<double>& expected) {
    if (found.size() != expected.size()) return std::numeric_limits<double>::infinity();
    double size = 1, most = 0;
    for (const double x : expected)
        if (std::isfinite(x)) size = std::max(size, std::abs(x));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double a = found[i], e = expected[i];
        if (std::isfinite(a) && std::isfinite(e))
            most = std::max(most, std::abs(a - e) / size);
        else if (std::isnan(a) ? !std::isnan(e) : a != e)
            return std::numeric_limits<double>::infinity();
    }
    return most;
}

/// The first few places in which the two differ, in words; empty if they are the same.
template <class T> std::string unlike(const std::vector<T>& found, const std::vector<T>& expected) {
    std::string text;
    std::size_t count = found.size() == expected.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
        if (found[i] == expected[i] || ++count > 5) continue;
        text += "problem " + std::to_string(i) + ": " + std::to_string(found[i]) + ", on the host " +
                std::to_string(expected[i]) + "; ";
    }
    return count == 0 ? "" : text + std::to_string(count) + " in all";
}

} // namespace gpu
