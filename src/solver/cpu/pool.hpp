// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/solver/threads.hpp"

namespace optnet::solver::cpu {

/// A loop as `parallel_loop` says, on the threads of `set_parallel_loop` or of the solver's own pool. Which worker
/// takes which i is left to chance, so nothing may depend on it.
void parallel_for(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work);

/// Parts of the rows of one matrix, as many as have work enough for a thread each: work(first, end). No bit may depend
/// on the parts. `operations`: multiplications in all, the same for each row, or in a triangle.
enum class rows_of { rectangle, triangle };
void parallel_rows(int threads, rows_of shape, std::int64_t rows, double operations,
                   const std::function<void(std::int64_t, std::int64_t)>& work);

/// Of `threads`, so many that each has work worth waking it for: 200 microseconds, some times what waking and waiting
/// for it takes.
int worth_waking(int threads, double microseconds);

} // namespace optnet::solver::cpu
