// SPDX-License-Identifier: Apache-2.0
// The kernels of outer.hpp and their launches.

#include "solver/cuda/outer.hpp"
#include "solver/cuda/places.hpp"
#include "solver/cuda/warp_team.hpp"

namespace optnet::solver::cuda {
namespace {

constexpr int threads = 128;
/// Entries that a thread writes of a product at most, before the product is cut in pieces.
constexpr std::int64_t entries_of_a_thread = 16;

__device__ std::int64_t thread_number() { return std::int64_t{blockIdx.x} * threads + threadIdx.x; }

template <class T>
__global__ void __launch_bounds__(threads)
    whole_sum_kernel(const __grid_constant__ product_list<T> all, const __grid_constant__ run_plan plan) {
    const std::int64_t t = thread_number() / warp;
    if (t < plan.tiles) add_whole<1>(all, plan, t, static_cast<int>(threadIdx.x) % warp);
}

template <class T>
__global__ void __launch_bounds__(threads, 3)
    outer_sum_kernel(const __grid_constant__ product_list<T> all, const __grid_constant__ run_plan plan, double* sums) {
    const std::int64_t t = thread_number() / warp;
    if (t < plan.tiles) add_run<1>(all, plan, blockIdx.y, t, static_cast<int>(threadIdx.x) % warp, sums);
}

template <class T>
__global__ void __launch_bounds__(threads) few_runs_kernel(const __grid_constant__ product_list<T> all,
                                                           const __grid_constant__ run_plan plan, const double* sums) {
    if (thread_number() < plan.entries) add_few(all, plan, thread_number(), sums);
}

template <class T>
__global__ void __launch_bounds__(threads) many_runs_kernel(const __grid_constant__ product_list<T> all,
                                                            const __grid_constant__ run_plan plan, const double* sums) {
    warp_team<warp_wire> team(static_cast<int>(threadIdx.x) % warp, {});
    const std::int64_t t = thread_number() / warp;
    if (t < plan.entries) add_many(team, all, plan, t, sums);
}

/// A block takes one piece of one problem's product after the other.
template <class T>
__global__ void __launch_bounds__(threads)
    outer_kernel(const __grid_constant__ product_list<T> all, std::int64_t batch, int pieces) {
    const std::int64_t size = std::int64_t{pieces} * threads;
    for (std::int64_t i = blockIdx.x; i < batch * pieces; i += gridDim.x)
        write_product(all.of[blockIdx.y], i / pieces, i % pieces * threads + threadIdx.x, size);
}

unsigned blocks_for(std::int64_t count) { return static_cast<unsigned>((count + threads - 1) / threads); }

template <class T> void queue_sums(const product_list<T>& all, std::int64_t batch, double* sums, cudaStream_t stream) {
    const run_plan plan = plan_runs(all, batch);
    if (plan.tiles == 0) return;
    if (plan.whole) {
        whole_sum_kernel<<<blocks_for(plan.tiles * warp), threads, 0, stream>>>(all, plan);
        return;
    }
    const dim3 grid(blocks_for(plan.tiles * warp), static_cast<unsigned>(plan.runs));
    outer_sum_kernel<<<grid, threads, 0, stream>>>(all, plan, sums);
    if (plan.runs <= few_runs)
        few_runs_kernel<<<blocks_for(plan.entries), threads, 0, stream>>>(all, plan, sums);
    else
        many_runs_kernel<<<blocks_for(plan.entries * warp), threads, 0, stream>>>(all, plan, sums);
}

template <class T> void queue_products(const product_list<T>& all, std::int64_t batch, cudaStream_t stream) {
    std::int64_t most = 0;
    for (int i = 0; i < all.count; ++i) most = std::max(most, all.of[i].rows * all.of[i].cols);
    if (most == 0 || batch == 0) return;
    const std::int64_t pieces = (most - 1) / (entries_of_a_thread * threads) + 1, blocks = batch * pieces;
    const dim3 grid(static_cast<unsigned>(std::min<std::int64_t>(blocks, 1 << 20)), static_cast<unsigned>(all.count));
    outer_kernel<<<grid, threads, 0, stream>>>(all, batch, static_cast<int>(pieces));
}

} // namespace

template <class T>
error outer_products(const std::vector<outer_product<T>>& all, std::int64_t batch, void* scratch, CUstream_st* stream) {
    for (std::size_t from = 0; from < all.size(); from += most_products) {
        queue_sums(pick(all, from, batch, true), batch, static_cast<double*>(scratch), stream);
        queue_products(pick(all, from, batch, false), batch, stream);
    }
    return message(cudaGetLastError());
}

template error outer_products(const std::vector<outer_product<double>>&, std::int64_t, void*, CUstream_st*);
template error outer_products(const std::vector<outer_product<float>>&, std::int64_t, void*, CUstream_st*);

} // namespace optnet::solver::cuda
