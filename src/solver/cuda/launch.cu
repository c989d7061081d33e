// SPDX-License-Identifier: Apache-2.0
// The kernels with a block per problem, and the plan and the launches of all.

#include "solver/cuda/block_team.hpp"
#include "solver/cuda/places.hpp"

#include <algorithm>

namespace optnet::solver::cuda {
namespace {

extern __shared__ double block_memory[];

/// Every block takes problems until there are no more. Where a processor has one at most it has more threads, with more
/// registers each; where it has more, other blocks use the time that one waits. With memory for four of them a thread
/// has 128 registers, and leaves some of its numbers on its stack, which four make up for; with three it has 168.
template <int threads, int resident>
__global__ void __launch_bounds__(threads, resident)
    solve_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at,
                 const __grid_constant__ outputs out) {
    __shared__ typename team_of_threads<threads>::board board;
    __shared__ unsigned long long ticket;
    team_of_threads<threads> team(static_cast<int>(threadIdx.x), board);
    for (;;) {
        if (team.rank == 0) ticket = atomicAdd(at.counter(), 1ull);
        team.sync();
        const auto i = static_cast<std::int64_t>(ticket);
        team.sync();
        if (i >= at.count) return;
        solve_one(team, batch, at, i, blockIdx.x, block_memory, out);
    }
}
constexpr auto one_block = solve_kernel<many_threads, 1>;
constexpr auto three_blocks = solve_kernel<few_threads, 3>, four_blocks = solve_kernel<few_threads, 4>;
void solve_by_blocks(const device_batch& batch, const places& at, const outputs& out, cudaStream_t stream) {
    const launch_plan& plan = at.plan;
    const auto kernel = plan.threads == many_threads ? one_block : plan.four ? four_blocks : three_blocks;
    kernel<<<static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.threads), plan.solve.near, stream>>>(
        batch, at, out);
}

/// The whole road has one block of threads per problem, with kernels of its own for all of its matrices: beyond this
/// the CPU's threads are taken to be sooner. An estimate, to be measured.
constexpr int most_of_a_road = 1024;
constexpr std::size_t road_memory_in_all = std::size_t{1} << 30;

std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

/// Where each piece lies, with the sizes and the teams known.
error lay_out(launch_plan& made, cudaStream_t stream) {
    const auto count = [](std::int64_t n, std::size_t bytes) { return aligned(static_cast<std::size_t>(n) * bytes); };
    // Sets that wait for the library together: as many as there are blocks, in a few gigabytes.
    constexpr std::size_t most_at_a_time = std::size_t{4} << 30;
    const auto fitting = static_cast<std::int64_t>(std::max<std::size_t>(1, most_at_a_time / made.set_bytes));
    made.sets = made.shared      ? 1
                : made.keep      ? made.batch
                : made.libraries ? std::min<std::int64_t>(made.teams, fitting)
                                 : made.teams;
    made.counter = 0;
    made.first_set = 256;
    made.first_kept = made.first_set + count(made.sets, made.set_bytes);
    made.first_far = made.first_kept + (made.keep ? count(made.batch, made.kept_bytes) : 0);
    made.for_libraries = made.first_far + count(made.teams, made.solve.far);
    std::size_t bytes = 0;
    const error failed = made.libraries ? libraries_memory(made.n, made.p, made.sets, stream, bytes) : nullptr;
    made.queue = made.for_libraries + bytes;
    made.first_road = made.queue + count(made.roads > 0 ? made.batch : 0, sizeof(std::int64_t));
    made.workspace = made.first_road + count(made.roads, made.road_bytes);
    made.scratch = static_cast<std::size_t>(kkt_blocks(made)) * made.kkt.far;
    return failed;
}

} // namespace

error plan_launch(const device_batch& batch, bool keep, CUstream_st* stream, launch_plan& made) {
    const int n = made.n = batch.n, p = made.p = batch.p, m = made.m = batch.m;
    made.batch = batch.batch;
    made.shared = batch.shared;
    made.keep = keep;
    made.set_bytes = aligned(matrices_bytes(n, p, m));
    made.kept_bytes = kept_bytes(n, p, m);
    int device = 0, processors = 0, shared = 0, resident = 0;
    cudaError_t code = cudaGetDevice(&device);
    if (code == cudaSuccess) code = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
    if (code == cudaSuccess) code = find_shared_memory(device, shared);
    if (code != cudaSuccess) return message(code);
    const auto room = static_cast<std::size_t>(shared);
    made.by = choose_mapping(n, p, m, batch.batch, processors);
    made.libraries = by_libraries(n, p, m, room);
    made.solve = element_memory(n, p, m, room);
    made.kkt = adjoint_memory(n, p, m, room);
    if (made.by == mapping::per_thread) {
        // An odd number of words apart: the same word of 32 problems is then in 32 banks.
        made.solve.near |= 8;
        made.kkt.near |= 8;
    }
    if (made.by != mapping::per_block) {
        code = allow_small(made, shared, resident);
    } else {
        const bool few = batch.batch <= processors;
        const memory_split with_sweeps = element_memory(n, p, m, room, true);
        made.swept = by_sweeps(m) && with_sweeps.far == 0;
        if (made.swept) made.solve = with_sweeps;
        made.threads = few ? many_threads : few_threads;
        code = allow(few ? one_block : four_blocks, made.threads, made.solve.near, shared, &resident);
        made.four = !few && resident >= 4;
        if (code == cudaSuccess && !few && !made.four)
            code = allow(three_blocks, made.threads, made.solve.near, shared, &resident);
        if (code == cudaSuccess) code = plan_kkt(made, processors, shared);
    }
    if (code != cudaSuccess) return message(code);
    const std::int64_t teams = teams_of_a_block(made.by), most = std::int64_t{processors} * std::max(resident, 1);
    made.blocks = static_cast<int>(std::min((batch.batch + teams - 1) / teams, most));
    made.teams = made.blocks * static_cast<int>(teams);
    if (std::max({n, p, m}) <= most_of_a_road) {
        // At most one on a processor: few problems take this road, and its memory is large.
        made.road_bytes = aligned(road_bytes(n, p, m));
        const auto fitting = static_cast<std::int64_t>(std::max<std::size_t>(1, road_memory_in_all / made.road_bytes));
        made.roads = static_cast<int>(std::min({std::int64_t{made.teams}, std::int64_t{processors}, fitting}));
    }
    return lay_out(made, stream);
}

error solve(const device_batch& batch, const launch_plan& plan, void* workspace, const outputs& out,
            CUstream_st* stream) {
    if (batch.batch == 0) return nullptr;
    places at{static_cast<unsigned char*>(workspace), plan, 0, batch.batch};
    if (batch.shared && plan.libraries) {
        if (const error failed = set_up_large(batch, at, stream)) return failed;
    } else if (batch.shared) {
        if (const cudaError_t code = set_up_shared(batch, at, stream); code != cudaSuccess) return message(code);
    }
    // Where the libraries work on sets that are not shared, it goes in turns. All of them have the same number of sets,
    // so that no library chooses otherwise for the last: it begins where it ends with the batch.
    const bool in_turns = plan.libraries && !batch.shared;
    const std::int64_t turn = in_turns ? plan.sets : batch.batch;
    at.count = turn;
    for (std::int64_t done = 0; done < batch.batch; done += turn) {
        at.first = std::min(done, batch.batch - turn);
        if (in_turns)
            if (const error failed = set_up_large(batch, at, stream)) return failed;
        if (!batch.shared || plan.libraries) {
            const cudaError_t code = cudaMemsetAsync(at.base + plan.counter, 0, 256, stream);
            if (code != cudaSuccess) return message(code);
        }
        if (plan.by != mapping::per_block)
            solve_small(batch, at, out, stream);
        else
            solve_by_blocks(batch, at, out, stream);
        if (plan.roads > 0) solve_rest(batch, at, out, stream);
    }
    return message(cudaGetLastError());
}

error kkt_solve(const launch_plan& plan, void* workspace, void* scratch, const kkt_arguments& x, CUstream_st* stream) {
    if (plan.batch == 0) return nullptr;
    const places at{static_cast<unsigned char*>(workspace), plan, 0, plan.batch};
    if (plan.by != mapping::per_block)
        kkt_small(at, x, stream);
    else
        kkt_by_blocks(at, scratch, x, stream);
    return message(cudaGetLastError());
}

} // namespace optnet::solver::cuda
