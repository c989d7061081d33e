// SPDX-License-Identifier: Apache-2.0
// The kernels that solve the derivative's systems with blocks, and their plan and launches.

#include "solver/cuda/adjoint_group.hpp"
#include "solver/cuda/block_team.hpp"
#include "solver/cuda/places.hpp"

#include <algorithm>

namespace optnet::solver::cuda {
namespace {

extern __shared__ double block_memory[];

/// One problem after the other.
template <int threads>
__global__ void __launch_bounds__(threads, threads == few_threads ? 5 : 2)
    kkt_kernel(const __grid_constant__ places at, unsigned char* scratch, kkt_arguments x) {
    __shared__ typename team_of_threads<threads>::board board;
    team_of_threads<threads> team(static_cast<int>(threadIdx.x), board);
    const arena memory(block_memory, at.plan.kkt.near, scratch + blockIdx.x * at.plan.kkt.far);
    for (std::int64_t k = blockIdx.x; k < at.count; k += gridDim.x)
        solve_adjoint(team, at.set_of(k, 0), at.kept(k), memory, k, x);
}

/// One group of problems after the other. Blocks of few groups have a processor each, and are wide.
constexpr int narrow = 256, wide = 512;
template <int threads>
__global__ void __launch_bounds__(threads, threads == narrow ? 2 : 1)
    kkt_group_kernel(const __grid_constant__ places at, const __grid_constant__ kkt_arguments x) {
    __shared__ typename team_of_threads<threads>::board board;
    team_of_threads<threads> team(static_cast<int>(threadIdx.x), board);
    const arena memory(block_memory, at.plan.kkt.near, nullptr);
    const auto kept = [&](std::int64_t k) { return at.kept(k); };
    const std::int64_t first = std::int64_t{blockIdx.x} * group_size, step = std::int64_t{gridDim.x} * group_size;
    for (std::int64_t k = first; k < at.count; k += step)
        solve_adjoint_group(team, at.set(0), kept, memory, k, at.count, x);
    for (std::int64_t k = first; k < at.count; k += step)
        solve_adjoint_left(team, at.set(0), kept, memory, k, at.count, x);
}

auto group_kernel(int threads) { return threads == wide ? kkt_group_kernel<wide> : kkt_group_kernel<narrow>; }
auto single_kernel(int threads) { return threads == few_threads ? kkt_kernel<few_threads> : kkt_kernel<many_threads>; }

} // namespace

std::int64_t kkt_blocks(const launch_plan& plan) {
    const std::int64_t most = plan.kkt.far > 0 ? plan.blocks : 65536;
    const std::int64_t wanted = plan.grouped ? (plan.batch + group_size - 1) / group_size : plan.batch;
    return std::min(wanted, most);
}

cudaError_t plan_kkt(launch_plan& made, int processors, int most) {
    const memory_split together = group_adjoint_memory(made.n, made.p, made.m, static_cast<std::size_t>(most));
    // Up to one problem per processor each is sooner by itself.
    made.grouped = made.shared && together.far == 0 && made.batch > processors;
    made.kkt_threads = made.threads;
    if (!made.grouped) return allow(single_kernel(made.threads), made.threads, made.kkt.near, most);
    made.kkt = together;
    made.kkt_threads = kkt_blocks(made) <= processors ? wide : narrow;
    return allow(group_kernel(made.kkt_threads), made.kkt_threads, made.kkt.near, most);
}

void kkt_by_blocks(const places& at, void* scratch, const kkt_arguments& x, cudaStream_t stream) {
    const launch_plan& plan = at.plan;
    const auto blocks = static_cast<unsigned>(kkt_blocks(plan)), threads = static_cast<unsigned>(plan.kkt_threads);
    if (plan.grouped)
        group_kernel(plan.kkt_threads)<<<blocks, threads, plan.kkt.near, stream>>>(at, x);
    else
        single_kernel(plan.kkt_threads)<<<blocks, threads, plan.kkt.near, stream>>>(
            at, static_cast<unsigned char*>(scratch), x);
}

} // namespace optnet::solver::cuda
