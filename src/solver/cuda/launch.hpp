// SPDX-License-Identifier: Apache-2.0
#pragma once

// The batched solver on a GPU as its callers see it: what fits, how much memory it takes, and the launches. Needs no
// header of CUDA. Everything is queued on the caller's stream, in the caller's memory; nothing waits.

#include "optnet/solver/settings.hpp"
#include "solver/cuda/solve.hpp"

#include <string>

struct CUstream_st; // a cudaStream_t points to one

namespace optnet::solver::cuda {

/// Shared memory that a block can have on the oldest of the GPUs that the kernels are compiled for (A100, sm_80).
inline constexpr std::size_t least_shared_memory = 163 * 1024;

/// Why the GPU does not take batches of this structure, as a part of a sentence; empty if it does.
std::string refusal(const structure& shape, std::size_t shared_memory);

/// The batch as kernels get it; `batch` holds pointers to the GPU's memory. Its structure must not be refused.
template <class T> device_batch<T> make_batch(const problem<T>& batch, const settings& how);

/// How a batch is laid out on a GPU.
struct launch_plan {
    int n = 0, p = 0, m = 0;
    std::int64_t batch = 0;
    bool shared = true;                                                    ///< one set of matrices
    int blocks = 0;                                                        ///< of the solve
    bool keep = false;                                                     ///< for a gradient
    std::int64_t sets = 0;                                                 ///< of matrices
    std::size_t shared_solve = 0, shared_kkt = 0;                          ///< bytes per block
    std::size_t set_bytes = 0, kept_bytes = 0;                             ///< of one set, of one problem
    std::size_t counter = 0, first_set = 0, first_kept = 0, workspace = 0; ///< offsets, and bytes in all
};

/// A message of the CUDA runtime, null where all is well.
using error = const char*;

/// Shared memory that a block of the current device can have.
error shared_memory(std::size_t& bytes);

/// Asks the current device how many blocks it runs at a time, and counts the workspace.
template <class T> error plan_launch(const device_batch<T>& batch, bool keep, launch_plan& made);

/// One launch (two with shared matrices: they are factored first). `workspace` holds `plan.workspace` bytes, aligned to
/// 256, and is needed again by `kkt_solve` if `plan.keep`.
template <class T>
error solve(const device_batch<T>& batch, const launch_plan& plan, void* workspace, const outputs<T>& out,
            CUstream_st* stream);

/// One launch, for what `solve` has left in the workspace.
template <class T>
error kkt_solve(const launch_plan& plan, void* workspace, const kkt_vectors<const T>& r, const kkt_vectors<T>& d,
                CUstream_st* stream);

} // namespace optnet::solver::cuda
