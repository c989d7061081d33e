// SPDX-License-Identifier: Apache-2.0
// The kernels, one block of 128 threads per problem, and their launches.

#include "solver/cuda/adjoint.hpp"
#include "solver/cuda/block_team.hpp"
#include "solver/cuda/launch.hpp"

#include <cuda_runtime.h>

namespace optnet::solver::cuda {
namespace {

/// Where the pieces of a workspace lie.
struct places {
    unsigned char* base;
    launch_plan plan;

    __device__ matrices set(std::int64_t i) const {
        arena from(base + plan.first_set + i * plan.set_bytes);
        return {from, plan.n, plan.p, plan.m};
    }
    __device__ kept_factor kept(std::int64_t k) const {
        arena from(base + plan.first_kept + k * plan.kept_bytes);
        return {from, basis_capacity(plan.n, plan.p, plan.m)};
    }
    __device__ unsigned long long* counter() const {
        return reinterpret_cast<unsigned long long*>(base + plan.counter);
    }
};

extern __shared__ double block_memory[];

/// The matrices that a batch shares, by one block.
template <class T>
__global__ void __launch_bounds__(lanes)
    set_up_kernel(const __grid_constant__ device_batch<T> batch, const __grid_constant__ places at) {
    __shared__ block_team::board board;
    block_team team(static_cast<int>(threadIdx.x), board);
    set_up(team, batch, 0, at.set(0));
}

/// Every block takes problems until there are no more. Three blocks on a processor fit for n = m = 100, by shared
/// memory; their registers must not be what says fewer.
template <class T>
__global__ void __launch_bounds__(lanes, 3)
    solve_kernel(const __grid_constant__ device_batch<T> batch, const __grid_constant__ places at,
                 const __grid_constant__ outputs<T> out) {
    __shared__ block_team::board board;
    __shared__ unsigned long long ticket;
    block_team team(static_cast<int>(threadIdx.x), board);
    for (;;) {
        if (team.rank == 0) ticket = atomicAdd(at.counter(), 1ull);
        team.sync();
        const auto k = static_cast<std::int64_t>(ticket);
        team.sync();
        if (k >= batch.batch) return;
        const matrices of = at.set(batch.shared ? 0 : at.plan.keep ? k : blockIdx.x);
        if (!batch.shared) set_up(team, batch, k, of);
        const kept_factor kept = at.kept(k);
        solve_problem(team, batch, k, of, arena(block_memory), out, at.plan.keep ? &kept : nullptr);
    }
}

template <class T>
__global__ void __launch_bounds__(lanes, 4)
    kkt_kernel(const __grid_constant__ places at, kkt_vectors<const T> r, kkt_vectors<T> d) {
    __shared__ block_team::board board;
    block_team team(static_cast<int>(threadIdx.x), board);
    for (std::int64_t k = blockIdx.x; k < at.plan.batch; k += gridDim.x)
        solve_adjoint(team, at.set(at.plan.shared ? 0 : k), at.kept(k), arena(block_memory), k, r, d);
}

error message(cudaError_t code) { return code == cudaSuccess ? nullptr : cudaGetErrorString(code); }

template <class Kernel> cudaError_t allow(Kernel kernel, std::size_t shared) {
    return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared));
}

} // namespace

error shared_memory(std::size_t& bytes) {
    int device = 0, value = 0;
    cudaError_t code = cudaGetDevice(&device);
    if (code == cudaSuccess) code = cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    constexpr int fixed = 512; // more than the kernels have beside what a launch asks for
    bytes = static_cast<std::size_t>(value > fixed ? value - fixed : 0);
    return message(code);
}

template <class T> error plan_launch(const device_batch<T>& batch, bool keep, launch_plan& made) {
    const int n = made.n = batch.n, p = made.p = batch.p, m = made.m = batch.m;
    made.batch = batch.batch;
    made.shared = batch.shared;
    made.keep = keep;
    made.shared_solve = element_bytes(n, p, m);
    made.shared_kkt = adjoint_bytes(n, p, m);
    made.set_bytes = matrices_bytes(n, p, m);
    made.kept_bytes = kept_bytes(n, p, m);
    int device = 0, processors = 0, resident = 0;
    cudaError_t code = cudaGetDevice(&device);
    if (code == cudaSuccess) code = cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device);
    if (code == cudaSuccess) code = allow(solve_kernel<T>, made.shared_solve);
    if (code == cudaSuccess) code = allow(kkt_kernel<T>, made.shared_kkt);
    if (code == cudaSuccess)
        code = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, solve_kernel<T>, lanes, made.shared_solve);
    if (code != cudaSuccess) return message(code);
    const std::int64_t most = std::int64_t{processors} * (resident > 0 ? resident : 1);
    made.blocks = static_cast<int>(batch.batch < most ? batch.batch : most);
    made.sets = batch.shared ? 1 : keep ? batch.batch : made.blocks;
    const auto aligned = [](std::size_t bytes) { return (bytes + 255) / 256 * 256; };
    made.counter = 0;
    made.first_set = 256;
    made.first_kept = made.first_set + aligned(static_cast<std::size_t>(made.sets) * made.set_bytes);
    made.workspace = made.first_kept + (keep ? static_cast<std::size_t>(batch.batch) * made.kept_bytes : 0);
    return nullptr;
}

template <class T>
error solve(const device_batch<T>& batch, const launch_plan& plan, void* workspace, const outputs<T>& out,
            CUstream_st* stream) {
    if (batch.batch == 0) return nullptr;
    const places at{static_cast<unsigned char*>(workspace), plan};
    const cudaError_t code = cudaMemsetAsync(workspace, 0, 256, stream);
    if (code != cudaSuccess) return message(code);
    if (batch.shared) set_up_kernel<T><<<1, lanes, 0, stream>>>(batch, at);
    solve_kernel<T><<<static_cast<unsigned>(plan.blocks), lanes, plan.shared_solve, stream>>>(batch, at, out);
    return message(cudaGetLastError());
}

template <class T>
error kkt_solve(const launch_plan& plan, void* workspace, const kkt_vectors<const T>& r, const kkt_vectors<T>& d,
                CUstream_st* stream) {
    if (plan.batch == 0) return nullptr;
    const places at{static_cast<unsigned char*>(workspace), plan};
    constexpr std::int64_t most = 65536;
    const auto blocks = static_cast<unsigned>(plan.batch < most ? plan.batch : most);
    kkt_kernel<T><<<blocks, lanes, plan.shared_kkt, stream>>>(at, r, d);
    return message(cudaGetLastError());
}

#define OPTNET_FOR(T)                                                                                                  \
    template error plan_launch(const device_batch<T>&, bool, launch_plan&);                                            \
    template error solve(const device_batch<T>&, const launch_plan&, void*, const outputs<T>&, CUstream_st*);          \
    template error kkt_solve(const launch_plan&, void*, const kkt_vectors<const T>&, const kkt_vectors<T>&,            \
                             CUstream_st*);
OPTNET_FOR(double)
OPTNET_FOR(float)
#undef OPTNET_FOR

} // namespace optnet::solver::cuda
