// SPDX-License-Identifier: Apache-2.0
#include "torch/cuda_schedules.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace optnet {
namespace {

constexpr std::size_t most_cached = 32;

} // namespace

gpu_schedule schedule_on_gpu(const solver::structure& shape, at::Device device) {
    static std::mutex gate;
    // The last used first. Never freed: when the program ends the GPU's memory may be gone before it.
    static auto& cache = *new std::vector<gpu_schedule>;
    const auto made = solver::cuda::schedule(shape);
    const std::lock_guard<std::mutex> lock(gate);
    const auto found = std::find_if(cache.begin(), cache.end(), [&](const gpu_schedule& g) {
        return g.made == made && g.words.device() == device;
    });
    if (found != cache.end()) {
        std::rotate(cache.begin(), found, found + 1);
        return cache.front();
    }
    // A blocking copy from memory that is not pinned: no stream needs to wait for it.
    const at::Tensor on_host =
        at::from_blob(const_cast<int*>(made->words.data()), {static_cast<std::int64_t>(made->words.size())}, at::kInt);
    if (cache.size() >= most_cached) cache.pop_back();
    cache.insert(cache.begin(), {made, on_host.to(device)});
    return cache.front();
}

} // namespace optnet
