// SPDX-License-Identifier: Apache-2.0
// The kernels of the sparse form with a warp or a thread per problem.

#include "solver/cuda/sparse_kernels.hpp"
#include "solver/cuda/warp_team.hpp"

namespace optnet::solver::cuda {
namespace {

extern __shared__ double block_memory[];

/// Warps of threads with a problem each that a processor shall have room for: with more of them registers spill.
constexpr int warps_of_threads = 12;

/// Every warp takes problems until there are no more.
__global__ void __launch_bounds__(threads_of_sparse_warps, 3)
    sparse_warp_kernel(const __grid_constant__ sparse_batch batch, const __grid_constant__ sparse_places at,
                       const __grid_constant__ outputs out) {
    warp_team<warp_wire> team(static_cast<int>(threadIdx.x) % warp, {});
    const std::int64_t number =
        std::int64_t{blockIdx.x} * warps_of_a_sparse_block + static_cast<int>(threadIdx.x) / warp;
    for (;;) {
        unsigned long long ticket = 0;
        if (team.rank == 0) ticket = atomicAdd(at.counter(), 1ull);
        ticket = __shfl_sync(0xffffffffu, ticket, 0);
        if (ticket >= static_cast<unsigned long long>(at.plan.batch)) return;
        solve_one(team, batch, at, static_cast<std::int64_t>(ticket), number,
                  block_memory + number % warps_of_a_sparse_block * at.plan.near, out);
    }
}

__global__ void __launch_bounds__(threads_of_sparse_warps, 4)
    sparse_kkt_warp_kernel(const __grid_constant__ sparse_places at, kkt_arguments x) {
    warp_team<warp_wire> team(static_cast<int>(threadIdx.x) % warp, {});
    const std::int64_t number =
        std::int64_t{blockIdx.x} * warps_of_a_sparse_block + static_cast<int>(threadIdx.x) / warp;
    double* const near = block_memory + number % warps_of_a_sparse_block * at.plan.near_adjoint;
    for (std::int64_t k = number; k < at.plan.batch; k += at.plan.teams) kkt_solve_one(team, at, k, number, near, x);
}

/// Every thread has the problems of its place in the grid, so that those of a warp stay side by side.
__global__ void __launch_bounds__(warp, warps_of_threads)
    sparse_thread_kernel(const __grid_constant__ sparse_batch batch, const __grid_constant__ sparse_places at,
                         const __grid_constant__ outputs out) {
    lone_team team;
    const std::int64_t number = std::int64_t{blockIdx.x} * warp + threadIdx.x;
    for (std::int64_t k = number; k < at.plan.batch; k += at.plan.teams)
        solve_one(team, batch, at, k, number, nullptr, out);
}

__global__ void __launch_bounds__(warp, warps_of_threads)
    sparse_kkt_thread_kernel(const __grid_constant__ sparse_places at, kkt_arguments x) {
    lone_team team;
    const std::int64_t number = std::int64_t{blockIdx.x} * warp + threadIdx.x;
    for (std::int64_t k = number; k < at.plan.batch; k += at.plan.teams) kkt_solve_one(team, at, k, number, nullptr, x);
}

} // namespace

cudaError_t allow_small(mapping by, int most, int& blocks) {
    if (by == mapping::per_thread)
        return cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, sparse_thread_kernel, warp, 0);
    const cudaError_t code = allow(sparse_kkt_warp_kernel, threads_of_sparse_warps, 0, most);
    return code != cudaSuccess ? code : allow(sparse_warp_kernel, threads_of_sparse_warps, 0, most, &blocks);
}

void solve_small(const sparse_batch& batch, const sparse_places& at, const outputs& out, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>(at.plan.blocks);
    if (at.plan.by == mapping::per_warp)
        sparse_warp_kernel<<<blocks, threads_of_sparse_warps, shared_memory(at.plan, at.plan.near), stream>>>(batch, at,
                                                                                                              out);
    else
        sparse_thread_kernel<<<blocks, warp, 0, stream>>>(batch, at, out);
}

void kkt_small(const sparse_places& at, const kkt_arguments& x, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>(at.plan.blocks);
    if (at.plan.by == mapping::per_warp)
        sparse_kkt_warp_kernel<<<blocks, threads_of_sparse_warps, shared_memory(at.plan, at.plan.near_adjoint),
                                 stream>>>(at, x);
    else
        sparse_kkt_thread_kernel<<<blocks, warp, 0, stream>>>(at, x);
}

} // namespace optnet::solver::cuda
