// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "torch/arguments.hpp"

namespace optnet {

/// Throws optnet::Error for what only numbers can show: a size below 0, an index or a slice outside its vector.
void check_ranges(const dsl::table& problem, std::span<const double> numbers, const sizes& known);

} // namespace optnet
