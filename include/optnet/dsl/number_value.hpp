// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/layout.hpp"

#include <cmath>

namespace optnet::dsl {

/// The value of a scalar node that is made of numbers, as `block::factor` and `vector_part::factor` are.
inline double number_value(const table& t, int i, std::span<const double> numbers) {
    if (i < 0) return 1;
    const node& n = t.nodes[static_cast<std::size_t>(i)];
    const auto argument = [&](int k) {
        return number_value(t, t.arguments[static_cast<std::size_t>(n.first_argument + k)], numbers);
    };
    switch (n.code) {
    case op::number: return numbers[static_cast<std::size_t>(n.slot)];
    case op::ones: return 1;
    case op::add: return argument(0) + argument(1);
    case op::negate: return -argument(0);
    case op::multiply:
    case op::elementwise:
    case op::dot: return argument(0) * argument(1);
    case op::divide: return argument(0) / argument(1);
    case op::sum:
    case op::transpose: return argument(0);
    case op::exp: return std::exp(argument(0));
    case op::log: return std::log(argument(0));
    case op::sqrt: return std::sqrt(argument(0));
    case op::softplus: return std::log1p(std::exp(-std::abs(argument(0)))) + std::max(argument(0), 0.0);
    case op::sigmoid: return 1 / (1 + std::exp(-argument(0)));
    case op::tanh: return std::tanh(argument(0));
    default: return std::nan("");
    }
}

} // namespace optnet::dsl
