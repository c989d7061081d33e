// SPDX-License-Identifier: Apache-2.0
// The whole road for the problems that the first kernel has put into the queue, one block of 128 threads each.

#include "solver/cuda/block_team.hpp"
#include "solver/cuda/places.hpp"
#include "solver/cuda/road.hpp"

namespace optnet::solver::cuda {
namespace {

/// Ends at once where the queue is empty.
__global__ void __launch_bounds__(lanes, 1)
    road_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at,
                const __grid_constant__ outputs out) {
    __shared__ block_team::board board;
    __shared__ unsigned long long ticket;
    block_team team(static_cast<int>(threadIdx.x), board);
    for (;;) {
        if (team.rank == 0) ticket = atomicAdd(at.counter() + 2, 1ull);
        team.sync();
        const unsigned long long place = ticket;
        team.sync();
        if (place >= at.counter()[1]) return;
        const std::int64_t i = at.queue()[place], k = at.first + i;
        const matrices of = at.set_of(i, blockIdx.x);
        // Sets of teams hold other problems by now.
        if (!batch.shared && !at.plan.keep && !at.plan.libraries) set_up(team, batch, k, of);
        const kept_factor kept = at.kept(k);
        solve_by_road(team, batch, k, of, at.road(blockIdx.x), out, at.plan.keep ? &kept : nullptr);
    }
}

} // namespace

void solve_rest(const device_batch& batch, const places& at, const outputs& out, cudaStream_t stream) {
    road_kernel<<<static_cast<unsigned>(at.plan.roads), lanes, 0, stream>>>(batch, at, out);
}

} // namespace optnet::solver::cuda
