// SPDX-License-Identifier: Apache-2.0
#pragma once

// The schedules of sparse structures in the memory of GPUs, each copied there once.

#include "solver/cuda/sparse_schedule.hpp"

#include <ATen/core/Tensor.h>

#include <memory>

namespace optnet {

struct gpu_schedule {
    std::shared_ptr<const solver::cuda::sparse_schedule> made;
    at::Tensor words; ///< of it, on the GPU

    solver::cuda::sparse_shape shape() const { return made->on(static_cast<const int*>(words.const_data_ptr())); }
};

/// From a small cache that all threads share. The first time the host waits for the copy.
gpu_schedule schedule_on_gpu(const solver::structure& shape, at::Device device);

} // namespace optnet
