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
    // The first of each is always its own, so that the same work meets the same processor's cache in every loop.
    const std::int64_t workers = std::min<std::int64_t>(threads, count);
    std::atomic<std::int64_t> next{workers};
    at::parallel_for(0, workers, 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t worker = first; worker < last; ++worker)
            for (std::int64_t i = worker; i < count; i = next++) work(static_cast<int>(worker), i);
    });
}

[[maybe_unused]] const bool installed = [] {
    solver::set_parallel_loop(torch_loop);
    pthread_atfork(nullptr, nullptr, [] { forked = true; });
    return true;
}();

} // namespace
} // namespace optnet
