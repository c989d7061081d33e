// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace optnet::solver {

/// Calls work(worker, i) once for every i in [0, count), in any order, on at most `threads` threads; `worker` is in
/// [0, threads) and no two calls at a time share it. Rethrows the first exception after the others have ended.
using parallel_loop = void (*)(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work);

/// Loops over a batch go to `loop`, for a program that has a pool of threads already; null: to a pool of the solver's
/// own, which lives as long as the process. Not to be changed while a solve runs.
void set_parallel_loop(parallel_loop loop);

/// The pool of the solver's own. A forked child makes it anew; a nested or concurrent call runs on the caller's thread.
void own_parallel_loop(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work);

} // namespace optnet::solver
