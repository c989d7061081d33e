// SPDX-License-Identifier: Apache-2.0
#pragma once

// The last columns of L that are factored as a dense matrix (cpu/kernels_sparse_tail.inc).

#include "solver/algorithm/sparse_pattern.hpp"

namespace optnet::solver {

/// Finds the tail and the columns that go along with it, from L by rows. `filled`: it begins where that is the
/// cheapest, and is filled up where it is not full.
void find_tail(sparse_pattern& x, bool filled);

} // namespace optnet::solver
