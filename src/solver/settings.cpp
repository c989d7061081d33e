// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/settings.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>

namespace optnet {
namespace {

/// The shortest text that reads as this number.
std::string text(double value) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

void nonnegative(const char* field, double value) {
    if (!(value >= 0) || !std::isfinite(value))
        throw std::invalid_argument(std::string("setting ") + field + " is " + text(value) +
                                    ", but must be a finite number >= 0");
}

} // namespace

void check(const settings& values) {
    if (values.eps_abs) nonnegative("eps_abs", *values.eps_abs);
    if (values.eps_rel) nonnegative("eps_rel", *values.eps_rel);
    if (values.eps_abs == 0.0 && values.eps_rel == 0.0)
        throw std::invalid_argument("settings eps_abs and eps_rel are both 0; give one of them a positive value");
    if (values.max_iter && *values.max_iter < 0)
        throw std::invalid_argument("setting max_iter is " + std::to_string(*values.max_iter) + ", but must be >= 0");
    nonnegative("convexity_tolerance", values.convexity_tolerance);
    nonnegative("active_tolerance", values.active_tolerance);
    if (!(values.infinite_bound > 0))
        throw std::invalid_argument("setting infinite_bound is " + text(values.infinite_bound) + ", but must be > 0");
}

} // namespace optnet
