// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sparse form on a GPU as its callers see it: what fits, how much memory it takes, and the launches; as launch.hpp.

#include "optnet/solver/settings.hpp"
#include "solver/cuda/launch.hpp"
#include "solver/cuda/sparse_batch.hpp"

namespace optnet::solver::cuda {

/// The batch as kernels get it; `batch` and `start` hold pointers to the GPU's memory. Its structure must not be
/// refused (`sparse_refusal`).
template <class T>
sparse_batch make_sparse_batch(const problem<T>& batch, const settings& how, const starting_points<T>& start = {});

/// Entries of the vectors of one set of matrices, of what is kept of a problem, of a team's work, and of a `kkt_solve`.
struct sparse_sizes {
    std::int64_t set = 0, kept = 0, work = 0, adjoint = 0;
};
sparse_sizes sizes_of(const sparse_shape& s);

/// How a batch is laid out on a GPU. Teams of a thread each share their memory with those of their warp.
struct sparse_plan {
    sparse_sizes sizes;
    std::int64_t batch = 0;
    bool shared = true; ///< one set of matrices
    bool keep = false;  ///< for a gradient
    mapping by = mapping::per_warp;
    int blocks = 0; ///< of the solve
    std::int64_t teams = 0;
    std::int64_t near = 0, near_adjoint = 0; ///< entries of a team in the shared memory of its block
    // Offsets in bytes, of which the first 256 count problems, and bytes in all; what one `kkt_solve` needs beside
    // them.
    std::size_t first_set = 256, first_kept = 0, first_work = 0, workspace = 0;
    std::size_t scratch = 0;
};

/// By the batch, the GPU's processors and what can be done at once inside one problem.
mapping choose_sparse_mapping(const sparse_shape& s, std::int64_t batch, int processors);

/// The offsets for so many blocks, what lies in `room` entries of shared memory that each team has, and the bytes in
/// all.
void lay_out(const sparse_shape& s, std::int64_t room, sparse_plan& made);

/// Asks the current device how many blocks it runs at a time, and counts the workspace. The shape needs no words.
error plan_sparse(const sparse_shape& shape, const sparse_batch& batch, bool keep, sparse_plan& made);

/// The shape has its words in the GPU's memory. One launch, and one before it that reads matrices that are shared.
error solve_sparse(const sparse_shape& shape, const sparse_batch& batch, const sparse_plan& plan, void* workspace,
                   const outputs& out, CUstream_st* stream);

/// One launch, for what `solve_sparse` has left in the workspace; `scratch` holds `plan.scratch` bytes.
error kkt_solve_sparse(const sparse_shape& shape, const sparse_plan& plan, void* workspace, void* scratch,
                       const kkt_arguments& x, CUstream_st* stream);

} // namespace optnet::solver::cuda
