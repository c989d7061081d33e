// SPDX-License-Identifier: Apache-2.0
// The solver's loops on torch's threads: they are awake between torch's own loops, and as many as torch was told.

#include "optnet/solver/threads.hpp"

#include <ATen/Parallel.h>

#include <pthread.h>

#include <algorithm>
#include <atomic>

namespace optnet {
namespace {

/// A child of fork() has none of the threads of OpenMP, which does not know it and would wait for them for ever.
std::atomic<bool> forked{false};

void torch_loop(int threads, std::int64_t count, const std::function<void(int, std::int64_t)>& work) {
    if (forked) return solver::own_parallel_loop(threads, count, work);
    std::atomic<std::int64_t> next{0};
    at::parallel_for(0, std::min<std::int64_t>(threads, count), 1, [&](std::int64_t first, std::int64_t last) {
        for (auto worker = static_cast<int>(first); worker < last; ++worker)
            for (std::int64_t i = next++; i < count; i = next++) work(worker, i);
    });
}

[[maybe_unused]] const bool installed = [] {
    solver::set_parallel_loop(torch_loop);
    pthread_atfork(nullptr, nullptr, [] { forked = true; });
    return true;
}();

} // namespace
} // namespace optnet
