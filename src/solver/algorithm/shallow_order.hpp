// SPDX-License-Identifier: Apache-2.0
#pragma once

// An order of elimination whose tree is low: what does not depend on each other is eliminated at once, so that a
// factorization takes few steps one after the other (Jess & Kees 1982). For a path that is cyclic reduction, with log2
// n steps where the order of least fill may have n.

#include <cstdint>
#include <utility>
#include <vector>

namespace optnet::solver {

/// The nodes 0 ... size - 1 of a symmetric pattern in that order; `edges` has pairs of different nodes, in either order
/// and repeated at will. Empty if the factor has more than `most_entries` below its diagonal.
std::vector<int> shallow_order(int size, const std::vector<std::pair<int, int>>& edges, std::int64_t most_entries);

} // namespace optnet::solver
