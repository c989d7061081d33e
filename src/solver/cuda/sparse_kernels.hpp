// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the files with kernels of the sparse form offer to sparse.cu. For nvcc.

#include "solver/cuda/kernel_memory.hpp"
#include "solver/cuda/sparse_places.hpp"

namespace optnet::solver::cuda {

inline constexpr int warps_of_a_sparse_block = 4;
inline constexpr int threads_of_sparse_warps = warps_of_a_sparse_block * warp;

inline std::int64_t teams_of_a_sparse_block(mapping by) {
    return by == mapping::per_thread ? warp : by == mapping::per_warp ? warps_of_a_sparse_block : 1;
}
/// Bytes of shared memory of a block whose teams have so many entries each.
inline std::size_t shared_memory(const sparse_plan& plan, std::int64_t entries) {
    return static_cast<std::size_t>(teams_of_a_sparse_block(plan.by) * entries) * sizeof(double);
}

/// Blocks of the solve that a processor runs at a time; `most`: shared memory that a launch can ask for.
cudaError_t allow_small(mapping by, int most, int& blocks);
void solve_small(const sparse_batch& batch, const sparse_places& at, const outputs& out, cudaStream_t stream);
void kkt_small(const sparse_places& at, const kkt_arguments& x, cudaStream_t stream);

} // namespace optnet::solver::cuda
