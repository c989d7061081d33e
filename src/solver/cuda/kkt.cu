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
__global__ void __launch_bounds__(threads, threads == lanes ? 5 : 2)
    kkt_kernel(const __grid_constant__ places at, unsigned char* scratch, kkt_arguments x) {
    __shared__ typename team_of_threads<threads>::board board;
    team_of_threads<threads> team(static_cast<int>(threadIdx.x), board);
    const arena memory(block_memory, at.plan.kkt.near, scratch + blockIdx.x * at.plan.kkt.far);
    for (std::int64_t k = blockIdx.x; k < at.count; k += gridDim.x)
        solve_adjoint(team, at.set_of(k, 0), at.kept(k), memory, k, x);
}

/// One group of problems after the other. A block that has a processor to itself has more threads; where there are
/// groups for all of them, larger ones take fewer numbers from memory.
constexpr int narrow = 256, wide = 512;
template <int threads, int group>
__global__ void __launch_bounds__(threads, threads == narrow ? 2 : 1)
    kkt_group_kernel(const __grid_constant__ places at, const __grid_constant__ kkt_arguments x) {
    __shared__ typename team_of_threads<threads>::board board;
    team_of_threads<threads> team(static_cast<int>(threadIdx.x), board);
    const arena memory(block_memory, at.plan.kkt.near, nullptr);
    const auto kept = [&](std::int64_t k) { return at.kept(k); };
    for (std::int64_t k = std::int64_t{blockIdx.x} * group; k < at.count; k += std::int64_t{gridDim.x} * group)
        solve_adjoint_group<group>(team, at.set(0), kept, memory, k, at.count, x);
}

auto group_kernel(const launch_plan& plan) {
    return plan.group == many_together  ? kkt_group_kernel<wide, many_together>
           : plan.kkt_threads == narrow ? kkt_group_kernel<narrow, few_together>
                                        : kkt_group_kernel<wide, few_together>;
}
auto single_kernel(int threads) { return threads == lanes ? kkt_kernel<lanes> : kkt_kernel<2 * lanes>; }

std::int64_t groups(std::int64_t batch, int group) { return (batch + group - 1) / group; }

} // namespace

std::int64_t kkt_blocks(const launch_plan& plan) {
    const std::int64_t most = plan.kkt.far > 0 ? plan.blocks : 65536;
    return std::min(groups(plan.batch, plan.group), most);
}

cudaError_t plan_kkt(launch_plan& made, int processors, int most) {
    const auto fits = [&](int group) {
        const auto room = static_cast<std::size_t>(most);
        const memory_split together = group_adjoint_memory(group, made.n, made.p, made.m, room);
        const bool all_near = made.shared && together.far == 0;
        if (all_near) {
            made.group = group;
            made.kkt = together;
        }
        return all_near;
    };
    made.kkt_threads = made.threads;
    const bool many = groups(made.batch, many_together) > processors;
    if (!(many && fits(many_together)) && !fits(few_together))
        return allow(single_kernel(made.threads), made.threads, made.kkt.near, most);
    const bool alone = made.group == many_together || groups(made.batch, few_together) <= processors;
    made.kkt_threads = alone ? wide : narrow;
    return allow(group_kernel(made), made.kkt_threads, made.kkt.near, most);
}

void kkt_by_blocks(const places& at, void* scratch, const kkt_arguments& x, cudaStream_t stream) {
    const launch_plan& plan = at.plan;
    const auto blocks = static_cast<unsigned>(kkt_blocks(plan)), threads = static_cast<unsigned>(plan.kkt_threads);
    if (plan.group > 1)
        group_kernel(plan)<<<blocks, threads, plan.kkt.near, stream>>>(at, x);
    else
        single_kernel(plan.kkt_threads)<<<blocks, threads, plan.kkt.near, stream>>>(
            at, static_cast<unsigned char*>(scratch), x);
}

} // namespace optnet::solver::cuda
