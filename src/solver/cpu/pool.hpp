// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace optnet::solver::cpu {

/// Calls work(worker, i) once for every i in [0, count), on at most `threads` threads that live as long as the process
/// (in a forked child they are made anew). `worker` is in [0, threads) and no two calls at a time share it. Which
/// worker takes which i is left to chance, so nothing may depend on it. The first exception is rethrown here after the
/// others have ended. A nested or concurrent call runs on the caller's thread alone.
void parallel_for(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work);

} // namespace optnet::solver::cpu
