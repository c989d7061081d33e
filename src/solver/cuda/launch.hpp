// SPDX-License-Identifier: Apache-2.0
#pragma once

// The batched solver on a GPU as its callers see it: what fits, how much memory it takes, and the launches. Needs no
// header of CUDA. Everything is queued on the caller's stream, in the caller's memory; nothing waits.

#include "optnet/solver/settings.hpp"
#include "solver/cuda/adjoint.hpp"

#include <string>

struct CUstream_st; // a cudaStream_t points to one

namespace optnet::solver::cuda {

/// Shared memory that a block can have on the oldest of the GPUs that the kernels are compiled for (A100, sm_80).
inline constexpr std::size_t least_shared_memory = 163 * 1024;

/// Why the GPU does not take batches of this structure, as a part of a sentence; empty if it does.
std::string refusal(const structure& shape);

/// What the caller asks for, with the defaults of the type.
template <class T> device_settings make_settings(const problem<T>& batch, const settings& how);

/// The batch as kernels get it; `batch` and `start` hold pointers to the GPU's memory. Its structure must not be
/// refused.
template <class T>
device_batch make_batch(const problem<T>& batch, const settings& how, const starting_points<T>& start = {});

/// Who solves one problem.
enum class mapping : int {
    per_thread, ///< a thread, one of the 32 of a block
    per_warp,   ///< a warp, one of the 4 of a block
    per_block,
};

/// By the sizes, the batch and the GPU's processors.
mapping choose_mapping(int n, int p, int m, std::int64_t batch, int processors);

/// Bytes of a team's work on one problem: what fits into `room` bytes of its shared memory, and the rest.
struct memory_split {
    std::size_t near = 0, far = 0;
};
/// `swept`: with the matrix of sweeps.hpp.
memory_split element_memory(int n, int p, int m, std::size_t room, bool swept = false);
memory_split adjoint_memory(int n, int p, int m, std::size_t room);
/// Of eight of them that share their matrices.
memory_split group_adjoint_memory(int n, int p, int m, std::size_t room);

/// True if cuBLAS and cuSOLVER factor the matrices of such problems, and not a block each.
bool by_libraries(int n, int p, int m, std::size_t room);

/// How a batch is laid out on a GPU.
struct launch_plan {
    int n = 0, p = 0, m = 0;
    std::int64_t batch = 0;
    bool shared = true; ///< one set of matrices
    bool keep = false;  ///< for a gradient
    mapping by = mapping::per_block;
    bool libraries = false;                    ///< they factor the matrices
    int threads = 0;                           ///< of a block that solves one problem
    bool four = false;                         ///< with 128 threads: four blocks fit into a processor's memory
    bool swept = false;                        ///< its active set by sweeps.hpp
    bool grouped = false;                      ///< a block solves eight of the derivative's systems
    int kkt_threads = 0;                       ///< of a block of these
    int blocks = 0, teams = 0;                 ///< of the solve; teams are those of all blocks
    std::int64_t sets = 0;                     ///< of matrices
    memory_split solve, kkt;                   ///< per team
    std::size_t set_bytes = 0, kept_bytes = 0; ///< of one set, of one problem
    // Offsets, and bytes in all: of the workspace, and of what one `kkt_solve` needs beside it.
    std::size_t counter = 0, first_set = 0, first_kept = 0, first_far = 0, for_libraries = 0, workspace = 0;
    std::size_t scratch = 0;
    // The whole road: its blocks, none for sizes that are left to the CPU, the problems that take it, and its memory.
    int roads = 0;
    std::size_t queue = 0, first_road = 0, road_bytes = 0;
};

/// A message of the CUDA runtime, null where all is well.
using error = const char*;

/// Asks the current device how many blocks it runs at a time, and counts the workspace of a solve on that stream.
error plan_launch(const device_batch& batch, bool keep, CUstream_st* stream, launch_plan& made);

/// `workspace` holds `plan.workspace` bytes, aligned to 256, and is needed again by `kkt_solve` if `plan.keep`. Two
/// launches, of the active set alone and of the whole road for what that does not solve; one before them, or two for
/// many rows, factor matrices that are shared, and where the libraries do that, it is their calls, and all of it again
/// for every `plan.sets` problems.
error solve(const device_batch& batch, const launch_plan& plan, void* workspace, const outputs& out,
            CUstream_st* stream);

/// One launch, for what `solve` has left in the workspace; `scratch` holds `plan.scratch` bytes.
error kkt_solve(const launch_plan& plan, void* workspace, void* scratch, const kkt_arguments& x, CUstream_st* stream);

} // namespace optnet::solver::cuda
