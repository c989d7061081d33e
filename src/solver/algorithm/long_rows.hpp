// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which rows of G the sparse form keeps in E (sparse_pattern.hpp), and what they ask of the order of elimination.

#include "solver/algorithm/sparse_pattern.hpp"

namespace optnet::solver {

/// What does not take the place that has the least fill.
struct early_and_late {
    std::vector<char> early; ///< [m] rows of E that are eliminated before everything else
    std::vector<char> late;  ///< [n] variables that are eliminated behind everything else
};

/// Fills `x.long_rows` from the rows of Q and G, which are in `x`.
early_and_late choose_long_rows(sparse_pattern& x, factored how);

} // namespace optnet::solver
