// SPDX-License-Identifier: Apache-2.0
// The kernels with a warp or a thread per problem.

#include "solver/cuda/places.hpp"
#include "solver/cuda/warp_team.hpp"

namespace optnet::solver::cuda {
namespace {

extern __shared__ double block_memory[];

constexpr int threads_of_warps = warps_of_a_block * warp;

/// The part of a block's memory that is one team's.
__device__ void* part(int team, std::size_t bytes) {
    return reinterpret_cast<unsigned char*>(block_memory) + team * bytes;
}

/// Every warp takes problems until there are no more.
__global__ void __launch_bounds__(threads_of_warps, 3)
    solve_warp_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at,
                      const __grid_constant__ outputs out) {
    const int mine = static_cast<int>(threadIdx.x) / warp;
    warp_team<warp_wire> team(static_cast<int>(threadIdx.x) % warp, {});
    const std::int64_t number = std::int64_t{blockIdx.x} * warps_of_a_block + mine;
    for (;;) {
        unsigned long long ticket = 0;
        if (team.rank == 0) ticket = atomicAdd(at.counter(), 1ull);
        ticket = __shfl_sync(0xffffffffu, ticket, 0);
        if (ticket >= static_cast<unsigned long long>(at.count)) return;
        solve_one(team, batch, at, static_cast<std::int64_t>(ticket), number, part(mine, at.plan.solve.near), out);
    }
}

__global__ void __launch_bounds__(threads_of_warps, 4)
    kkt_warp_kernel(const __grid_constant__ places at, kkt_arguments x) {
    const int mine = static_cast<int>(threadIdx.x) / warp;
    warp_team<warp_wire> team(static_cast<int>(threadIdx.x) % warp, {});
    const std::int64_t teams = std::int64_t{gridDim.x} * warps_of_a_block;
    for (std::int64_t k = std::int64_t{blockIdx.x} * warps_of_a_block + mine; k < at.count; k += teams)
        solve_adjoint(team, at.set_of(k, 0), at.kept(k), arena(part(mine, at.plan.kkt.near)), k, x);
}

/// A problem to itself, and never a swept matrix.
struct single_thread : serial_team {
    static constexpr bool sweeps = false;
};

/// Every thread has the problems of its place in the grid: with a counter the threads of a warp would wait for each
/// other all the same.
__global__ void __launch_bounds__(warp)
    solve_thread_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at,
                        const __grid_constant__ outputs out) {
    single_thread team;
    const std::int64_t number = std::int64_t{blockIdx.x} * warp + threadIdx.x;
    void* const near = part(static_cast<int>(threadIdx.x), at.plan.solve.near);
    for (std::int64_t i = number; i < at.count; i += std::int64_t{gridDim.x} * warp)
        solve_one(team, batch, at, i, number, near, out);
}

__global__ void __launch_bounds__(warp) kkt_thread_kernel(const __grid_constant__ places at, kkt_arguments x) {
    single_thread team;
    void* const near = part(static_cast<int>(threadIdx.x), at.plan.kkt.near);
    const std::int64_t teams = std::int64_t{gridDim.x} * warp;
    for (std::int64_t k = std::int64_t{blockIdx.x} * warp + threadIdx.x; k < at.count; k += teams)
        solve_adjoint(team, at.set_of(k, 0), at.kept(k), arena(near), k, x);
}

} // namespace

cudaError_t allow_small(const launch_plan& plan, int most, int& resident) {
    const auto teams = static_cast<std::size_t>(teams_of_a_block(plan.by));
    const std::size_t solve = teams * plan.solve.near, kkt = teams * plan.kkt.near;
    if (plan.by == mapping::per_warp) {
        const cudaError_t code = allow(kkt_warp_kernel, threads_of_warps, kkt, most);
        return code != cudaSuccess ? code : allow(solve_warp_kernel, threads_of_warps, solve, most, &resident);
    }
    const cudaError_t code = allow(kkt_thread_kernel, warp, kkt, most);
    return code != cudaSuccess ? code : allow(solve_thread_kernel, warp, solve, most, &resident);
}

void solve_small(const device_batch& batch, const places& at, const outputs& out, cudaStream_t stream) {
    const auto blocks = static_cast<unsigned>(at.plan.blocks);
    const std::size_t shared = static_cast<std::size_t>(teams_of_a_block(at.plan.by)) * at.plan.solve.near;
    if (at.plan.by == mapping::per_warp)
        solve_warp_kernel<<<blocks, threads_of_warps, shared, stream>>>(batch, at, out);
    else
        solve_thread_kernel<<<blocks, warp, shared, stream>>>(batch, at, out);
}

void kkt_small(const places& at, const kkt_arguments& x, cudaStream_t stream) {
    const std::int64_t teams = teams_of_a_block(at.plan.by), most = 65536;
    const auto blocks = static_cast<unsigned>(std::min((at.count + teams - 1) / teams, most));
    const std::size_t shared = static_cast<std::size_t>(teams) * at.plan.kkt.near;
    if (at.plan.by == mapping::per_warp)
        kkt_warp_kernel<<<blocks, threads_of_warps, shared, stream>>>(at, x);
    else
        kkt_thread_kernel<<<blocks, warp, shared, stream>>>(at, x);
}

} // namespace optnet::solver::cuda
