// SPDX-License-Identifier: Apache-2.0
// The kernels of the sparse form with a block of 128 threads per problem, and the plan and the launches of all.

#include "solver/cuda/block_team.hpp"
#include "solver/cuda/sparse_kernels.hpp"

#include <algorithm>

namespace optnet::solver::cuda {
namespace {

extern __shared__ double block_memory[];

/// The matrices that a batch shares, by one block.
__global__ void __launch_bounds__(lanes)
    sparse_set_up_kernel(const __grid_constant__ sparse_batch batch, const __grid_constant__ sparse_places at) {
    __shared__ block_team::board board;
    block_team team(static_cast<int>(threadIdx.x), board);
    set_up(team, at.shape, batch, 0, at.set(0, 0), at.first_factor());
}

/// Every block takes problems until there are no more.
__global__ void __launch_bounds__(lanes, 3)
    sparse_kernel(const __grid_constant__ sparse_batch batch, const __grid_constant__ sparse_places at,
                  const __grid_constant__ outputs out) {
    __shared__ block_team::board board;
    __shared__ unsigned long long ticket;
    block_team team(static_cast<int>(threadIdx.x), board);
    for (;;) {
        if (team.rank == 0) ticket = atomicAdd(at.counter(), 1ull);
        team.sync();
        const auto k = static_cast<std::int64_t>(ticket);
        team.sync();
        if (k >= at.plan.batch) return;
        solve_one(team, batch, at, k, blockIdx.x, block_memory, out);
    }
}

__global__ void __launch_bounds__(lanes, 4)
    sparse_kkt_kernel(const __grid_constant__ sparse_places at, kkt_arguments x) {
    __shared__ block_team::board board;
    block_team team(static_cast<int>(threadIdx.x), board);
    for (std::int64_t k = blockIdx.x; k < at.plan.batch; k += gridDim.x)
        kkt_solve_one(team, at, k, blockIdx.x, block_memory, x);
}

/// What the teams of a solve may have in all; with fewer teams each has more problems.
constexpr std::size_t most_work = std::size_t{4} << 30;

error message(cudaError_t code) { return code == cudaSuccess ? nullptr : cudaGetErrorString(code); }

/// Entries of shared memory for each team where so many blocks run on a processor. Half of its memory stays the cache
/// through which the schedule is read; an estimate, to be measured. Threads by themselves have none: their part would
/// be a few dozen entries.
std::int64_t room_of_a_team(mapping by, int processor_memory, int most, std::int64_t blocks) {
    if (by == mapping::per_thread) return 0;
    constexpr std::int64_t reserved = 1024; // by the system, for each block
    const std::int64_t bytes = processor_memory / 2 / blocks - reserved - fixed_shared_memory;
    return std::clamp<std::int64_t>(bytes, 0, most) / teams_of_a_sparse_block(by) /
           static_cast<std::int64_t>(sizeof(double));
}

} // namespace

error plan_sparse(const sparse_shape& shape, const sparse_batch& batch, bool keep, sparse_plan& made) {
    int device = 0, processors = 0, resident = 0, most = 0, memory = 0;
    cudaError_t code = cudaGetDevice(&device);
    if (code == cudaSuccess) code = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
    if (code == cudaSuccess)
        code = cudaDeviceGetAttribute(&memory, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device);
    if (code == cudaSuccess) code = find_shared_memory(device, most);
    if (code != cudaSuccess) return message(code);
    made.batch = batch.batch;
    made.shared = batch.shared;
    made.keep = keep;
    made.by = choose_sparse_mapping(shape, batch.batch, processors);
    if (made.by != mapping::per_block) {
        code = allow_small(made.by, most, resident);
    } else {
        code = allow(sparse_kkt_kernel, lanes, 0, most);
        if (code == cudaSuccess) code = allow(sparse_kernel, lanes, 0, most, &resident);
    }
    if (code != cudaSuccess) return message(code);
    const std::int64_t teams = teams_of_a_sparse_block(made.by);
    const sparse_sizes sizes = sizes_of(shape);
    const auto bytes = static_cast<std::size_t>(teams * (sizes.work + sizes.kept + sizes.set)) * sizeof(double);
    const auto fitting = static_cast<std::int64_t>(std::max<std::size_t>(1, most_work / bytes));
    const std::int64_t running = std::int64_t{processors} * std::max(resident, 1);
    made.blocks =
        static_cast<int>(std::max<std::int64_t>(1, std::min({(batch.batch + teams - 1) / teams, running, fitting})));
    made.teams = made.blocks * teams;
    const std::int64_t together = std::min<std::int64_t>((made.blocks + processors - 1) / processors, resident);
    lay_out(shape, room_of_a_team(made.by, memory, most, std::max<std::int64_t>(1, together)), made);
    return nullptr;
}

error solve_sparse(const sparse_shape& shape, const sparse_batch& batch, const sparse_plan& plan, void* workspace,
                   const outputs& out, CUstream_st* stream) {
    if (batch.batch == 0) return nullptr;
    const sparse_places at{static_cast<unsigned char*>(workspace), nullptr, shape, plan};
    const cudaError_t code = cudaMemsetAsync(at.base, 0, 256, stream);
    if (code != cudaSuccess) return message(code);
    if (plan.shared) sparse_set_up_kernel<<<1, lanes, 0, stream>>>(batch, at);
    if (plan.by == mapping::per_block)
        sparse_kernel<<<static_cast<unsigned>(plan.blocks), lanes, shared_memory(plan, plan.near), stream>>>(batch, at,
                                                                                                             out);
    else
        solve_small(batch, at, out, stream);
    return message(cudaGetLastError());
}

error kkt_solve_sparse(const sparse_shape& shape, const sparse_plan& plan, void* workspace, void* scratch,
                       const kkt_arguments& x, CUstream_st* stream) {
    if (plan.batch == 0) return nullptr;
    const sparse_places at{static_cast<unsigned char*>(workspace), static_cast<unsigned char*>(scratch), shape, plan};
    if (plan.by == mapping::per_block)
        sparse_kkt_kernel<<<static_cast<unsigned>(plan.blocks), lanes, shared_memory(plan, plan.near_adjoint),
                            stream>>>(at, x);
    else
        kkt_small(at, x, stream);
    return message(cudaGetLastError());
}

} // namespace optnet::solver::cuda
