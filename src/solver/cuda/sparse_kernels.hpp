// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the files with kernels of the sparse form offer to sparse.cu. For nvcc.

#include "solver/cuda/sparse_places.hpp"

#include <cuda_runtime.h>

namespace optnet::solver::cuda {

inline constexpr int warps_of_a_sparse_block = 4;
inline constexpr int threads_of_sparse_warps = warps_of_a_sparse_block * warp;

/// Blocks of the solve that a processor runs at a time.
cudaError_t resident_small(mapping by, int& blocks);
void solve_small(const sparse_batch& batch, const sparse_places& at, const outputs& out, cudaStream_t stream);
void kkt_small(const sparse_places& at, const kkt_arguments& x, cudaStream_t stream);

} // namespace optnet::solver::cuda
