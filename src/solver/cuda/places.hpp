// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the pieces of a workspace lie, and what the files with kernels offer to launch.cu. For nvcc.

#include "solver/cuda/adjoint.hpp"
#include "solver/cuda/kernel_memory.hpp"
#include "solver/cuda/launch.hpp"
#include "solver/cuda/road_memory.hpp"

namespace optnet::solver::cuda {

/// The problems [first, first + count) of a batch, and the workspace as the kernels see it. A team is one of the grid,
/// counted through.
struct places {
    unsigned char* base;
    launch_plan plan;
    std::int64_t first, count;

    OPTNET_DEVICE matrices set(std::int64_t i) const {
        arena from(base + plan.first_set + i * plan.set_bytes);
        return {from, plan.n, plan.p, plan.m};
    }
    /// The matrices of problem first + i, by that team.
    OPTNET_DEVICE matrices set_of(std::int64_t i, std::int64_t team) const {
        return set(plan.shared ? 0 : plan.keep || plan.libraries ? i : team);
    }
    OPTNET_DEVICE kept_factor kept(std::int64_t k) const {
        arena from(base + plan.first_kept + k * plan.kept_bytes);
        return {from, kept_capacity(plan.n, plan.m)};
    }
    OPTNET_DEVICE arena memory(void* near, std::int64_t team) const {
        return {near, plan.solve.near, base + plan.first_far + team * plan.solve.far};
    }
    /// Tickets of the first kernel, problems in the queue, tickets of the second, blocks that are done with R.
    OPTNET_DEVICE unsigned long long* counter() const {
        return reinterpret_cast<unsigned long long*>(base + plan.counter);
    }
    /// The problems that take the whole road, from `first` on and in no order.
    OPTNET_DEVICE std::int64_t* queue() const { return reinterpret_cast<std::int64_t*>(base + plan.queue); }
    OPTNET_DEVICE arena road(std::int64_t block) const {
        return arena(base + plan.first_road + block * plan.road_bytes);
    }
};

/// What a team does for problem first + i.
template <class Team>
OPTNET_DEVICE void solve_one(Team& team, const device_batch& batch, const places& at, std::int64_t i,
                             std::int64_t number, void* near, const outputs& out) {
    const std::int64_t k = at.first + i;
    const matrices of = at.set_of(i, number);
    if (!batch.shared && !at.plan.libraries) set_up(team, batch, k, of);
    const kept_factor kept = at.kept(k);
    const handed_over rest =
        solve_problem(team, batch, k, of, at.memory(near, number), out, at.plan.keep ? &kept : nullptr, at.plan.swept);
#if defined(__CUDA_ARCH__)
    if (rest != handed_over::no && at.plan.roads > 0 && team.rank == 0)
        at.queue()[atomicAdd(at.counter() + 1, 1ull)] = i;
#endif
}

inline error message(cudaError_t code) { return code == cudaSuccess ? nullptr : cudaGetErrorString(code); }

/// Words that `places::counter` counts with.
inline constexpr int counters = 4;

/// Teams of a block, by who they are.
inline constexpr int warps_of_a_block = 4;
inline int teams_of_a_block(mapping by) {
    return by == mapping::per_thread ? warp : by == mapping::per_warp ? warps_of_a_block : 1;
}

// The launches of the other files. `allow_small` counts the resident blocks of the solve; `most`: shared memory that a
// launch can ask for.
cudaError_t allow_small(const launch_plan& plan, int most, int& resident);
void solve_small(const device_batch& batch, const places& at, const outputs& out, cudaStream_t stream);
void kkt_small(const places& at, const kkt_arguments& x, cudaStream_t stream);

/// Threads of a block that has one of many problems, and of one that has a processor to itself.
inline constexpr int few_threads = lanes, many_threads = 256;

/// Completes a plan of blocks by who solves the derivative's systems, and with what memory.
cudaError_t plan_kkt(launch_plan& made, int processors, int most);
/// Blocks of one `kkt_solve`; as many as a solve has where each needs memory of its own.
std::int64_t kkt_blocks(const launch_plan& plan);
void kkt_by_blocks(const places& at, void* scratch, const kkt_arguments& x, cudaStream_t stream);

/// The matrices that a batch shares, but for those of the libraries, with counters at 0.
cudaError_t set_up_shared(const device_batch& batch, const places& at, cudaStream_t stream);

/// The whole road for the problems in the queue.
void solve_rest(const device_batch& batch, const places& at, const outputs& out, cudaStream_t stream);

/// Bytes that the libraries need for so many sets, aligned to 256; makes their handles.
error libraries_memory(int n, int p, std::int64_t sets, cudaStream_t stream, std::size_t& bytes);
/// The set-up of the problems of `at`, or of the set that they share.
error set_up_large(const device_batch& batch, const places& at, cudaStream_t stream);

} // namespace optnet::solver::cuda
