// SPDX-License-Identifier: Apache-2.0
// The kernels that set up the matrices which a batch shares, and their launches.

#include "solver/cuda/block_team.hpp"
#include "solver/cuda/places.hpp"
#include "solver/cuda/slices.hpp"

#include <algorithm>

namespace optnet::solver::cuda {
namespace {

extern __shared__ double block_memory[];

/// In the counter of `product_kernel`'s blocks: more than there can be.
constexpr unsigned long long all_asked_for = 1ull << 32;

/// The tickets of a solve, and the blocks of `product_kernel` that are done, start from 0.
__device__ void clear_counters(const places& at) {
    for (int i = 0; i < counters; ++i) at.counter()[i] = 0;
}

/// All of it by one block; `with_r` false leaves R to `product_kernel`.
__global__ void __launch_bounds__(set_up_team::size)
    set_up_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at, bool with_r) {
    __shared__ set_up_team::board board;
    __shared__ double pivots[pivots_words];
    set_up_team team(static_cast<int>(threadIdx.x), board);
    matrices of = at.set(0);
    of.pivots = pivots;
    // Not by `set_up`: in a function of its own the compiler knows less of where numbers lie.
    const usable result = load_and_factor(team, batch, 0, of);
    if (with_r && factored(result)) {
        multiply_r(team, of);
        judge_factors(team, of);
    }
    if (team.rank > 0) return;
    *of.state = static_cast<int>(result);
    clear_counters(at);
}

/// The numbers of all matrices by all blocks, where they can be read in any order.
__global__ void __launch_bounds__(lanes)
    read_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at) {
    grid_team all{static_cast<int>(blockIdx.x) * lanes + static_cast<int>(threadIdx.x),
                  static_cast<int>(gridDim.x) * lanes};
    add_blocks(all, batch, 0, at.set(0));
}
/// Scales them; `read`: after it has read them.
__global__ void __launch_bounds__(set_up_team::size)
    scale_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at, bool read) {
    __shared__ set_up_team::board board;
    set_up_team team(static_cast<int>(threadIdx.x), board);
    const matrices of = at.set(0);
    if (read) add_blocks(team, batch, 0, of);
    const bool finite = scale(team, of);
    if (team.rank > 0) return;
    *of.state = static_cast<int>(finite ? usable::yes : usable::not_finite);
    clear_counters(at);
}

using slice_team = team_of_threads<256>;
/// A slice of the factors with Q, or of those with S, by each block.
template <bool of_s>
__global__ void __launch_bounds__(slice_team::size) slice_kernel(const __grid_constant__ places at) {
    __shared__ slice_team::board board;
    slice_team team(static_cast<int>(threadIdx.x), board);
    const matrices of = at.set(0);
    if (of.verdict() != usable::yes) return;
    const int number = static_cast<int>(blockIdx.x);
    const bool good =
        of_s ? eliminate_slice(team, of, number, block_memory) : factor_slice(team, of, number, block_memory);
    if (good || number > 0 || team.rank > 0) return;
    // All blocks come to the same conclusion, whether they read the state before this or after.
    *of.state = static_cast<int>(usable::unknown);
    at.counter()[3] = all_asked_for;
}

/// R, a tile by each block. The last one to be done judges it. Where the slices could not tell, the first block does
/// all that there is to do.
__global__ void __launch_bounds__(lanes)
    product_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at) {
    __shared__ block_team::board board;
    __shared__ double sums[tile_words];
    __shared__ bool last;
    block_team team(static_cast<int>(threadIdx.x), board);
    const matrices of = at.set(0);
    // Not the state, which the first block overwrites.
    if (*static_cast<volatile unsigned long long*>(at.counter() + 3) >= all_asked_for) {
        if (blockIdx.x + blockIdx.y == 0) set_up(team, batch, 0, of);
        return;
    }
    if (!factored(of.verdict())) return;
    multiply_tile(team, of, static_cast<int>(blockIdx.y), static_cast<int>(blockIdx.x), sums);
    __threadfence();
    team.sync();
    if (team.rank == 0) last = atomicAdd(at.counter() + 3, 1ull) + 1 == gridDim.x * gridDim.y;
    team.sync();
    if (!last) return;
    __threadfence();
    judge_factors(team, of);
}

/// R is worth a launch of its own from so many products on, and slices from so many in Q's factor: a launch takes some
/// 3 µs, and a block by itself 1 µs for 10^5.
constexpr double products_of_a_launch = 6e5, products_of_slices = 1e5;

template <bool of_s> cudaError_t slice(const places& at, int cols, int rows, int room, cudaStream_t stream) {
    const std::size_t bytes = static_cast<std::size_t>(slice_words(cols)) * sizeof(double);
    const cudaError_t code = allow(slice_kernel<of_s>, slice_team::size, bytes, room);
    if (code == cudaSuccess)
        slice_kernel<of_s><<<static_cast<unsigned>(slices(rows)), slice_team::size, bytes, stream>>>(at);
    return code;
}

} // namespace

cudaError_t set_up_shared(const device_batch& batch, const places& at, cudaStream_t stream) {
    const int n = batch.n, p = batch.p, m = batch.m;
    int device = 0, room = 0;
    cudaError_t code = cudaGetDevice(&device);
    if (code == cudaSuccess) code = find_shared_memory(device, room);
    const bool fits_slices = slice_words(std::max(n, p)) * std::int64_t{sizeof(double)} <= room;
    const bool in_slices = m > 0 && fits_slices && double(n) * n * n >= products_of_slices;
    const bool with_product = in_slices || double(m) * m * (n + p) >= products_of_a_launch;
    if (code == cudaSuccess && in_slices) {
        const bool any_order = reads_in_any_order(batch);
        if (any_order)
            read_kernel<<<static_cast<unsigned>((n * (n + p + m)) / (8 * lanes) + 1), lanes, 0, stream>>>(batch, at);
        scale_kernel<<<1, set_up_team::size, 0, stream>>>(batch, at, !any_order);
        code = slice<false>(at, n, p + m + n, room, stream);
        if (code == cudaSuccess && p > 0) code = slice<true>(at, p, m + p, room, stream);
    } else if (code == cudaSuccess) {
        set_up_kernel<<<1, set_up_team::size, 0, stream>>>(batch, at, !with_product);
    }
    if (code == cudaSuccess && with_product) {
        const dim3 tiles(static_cast<unsigned>(tiles_across(m)), static_cast<unsigned>(tiles_down(m)));
        product_kernel<<<tiles, lanes, 0, stream>>>(batch, at);
    }
    return code;
}

} // namespace optnet::solver::cuda
