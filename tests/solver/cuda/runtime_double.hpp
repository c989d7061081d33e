// SPDX-License-Identifier: Apache-2.0
#pragma once

// A double of the CUDA runtime, for the host's side of launches: it has one GPU of a named size, runs nothing, and
// refuses what a GPU refuses. Included once, into a program that links the kernels: what is defined here is not looked
// for in the runtime's own library.

#include <cuda_runtime_api.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gpu {

struct size {
    int processors, processor_memory, block_memory; ///< shared memory in bytes
};
inline constexpr size a100{108, 164 * 1024, 163 * 1024}, h100{132, 228 * 1024, 227 * 1024};
inline constexpr int all_registers = 65536, threads_of_a_processor = 2048;
/// Of a thread of that kernel, as tests/solver/cuda/kernels.txt has them at most.
inline int registers_of(const std::string& kernel) {
    const auto names = [&](const char* part) { return kernel.find(part) != std::string::npos; };
    return names("solve_kernelILi128ELi4E") ? 128 : names("solve_kernelILi256E") ? 255 : 208;
}
/// Without a kernel's leave.
inline constexpr std::size_t least_dynamic = 48 * 1024;
/// By the system, for each block.
inline constexpr std::size_t reserved = 1024;

struct launch {
    std::string kernel;
    dim3 grid, block;
    std::size_t shared;
    cudaStream_t stream;
};

struct runtime {
    size of = h100;
    std::map<const void*, std::string> names;
    std::map<const void*, int> dynamic; ///< shared memory that a launch of a kernel can ask for
    std::vector<launch> launches, configured;
    std::vector<cudaStream_t> cleared; ///< the streams of cudaMemsetAsync
    cudaError_t last = cudaSuccess;

    cudaError_t note(cudaError_t code) {
        if (code != cudaSuccess) last = code;
        return code;
    }
    static runtime& get() {
        static runtime one;
        return one;
    }
};

inline cudaError_t start(const void* kernel, dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream) {
    runtime& r = runtime::get();
    const auto allowed = r.dynamic.find(kernel);
    const std::size_t most =
        allowed == r.dynamic.end() ? least_dynamic : std::max(least_dynamic, static_cast<std::size_t>(allowed->second));
    const bool good = grid.x > 0 && grid.x <= 0x7fffffffu && block.x > 0 && block.x <= 1024 && shared <= most;
    if (!good) return r.note(cudaErrorInvalidValue);
    r.launches.push_back({r.names[kernel], grid, block, shared, stream});
    return cudaSuccess;
}

} // namespace gpu

extern "C" {

cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int) {
    const gpu::size& of = gpu::runtime::get().of;
    switch (which) {
    case cudaDevAttrMultiProcessorCount: *value = of.processors; return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = of.processor_memory; return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = of.block_memory; return cudaSuccess;
    default: return cudaErrorInvalidValue;
    }
}
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute which, int value) {
    gpu::runtime& r = gpu::runtime::get();
    if (which != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || value > r.of.block_memory)
        return r.note(cudaErrorInvalidValue);
    r.dynamic[kernel] = value;
    return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* kernel, int threads,
                                                                   std::size_t shared, unsigned) {
    const std::size_t own = shared + gpu::reserved;
    *blocks = std::min({gpu::threads_of_a_processor / threads,
                        gpu::all_registers / (gpu::registers_of(gpu::runtime::get().names[kernel]) * threads),
                        static_cast<int>(static_cast<std::size_t>(gpu::runtime::get().of.processor_memory) / own)});
    return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void*, int, std::size_t, cudaStream_t stream) {
    gpu::runtime::get().cleared.push_back(stream);
    return cudaSuccess;
}
cudaError_t cudaGetLastError() { return std::exchange(gpu::runtime::get().last, cudaSuccess); }
const char* cudaGetErrorString(cudaError_t) { return "the runtime's double refuses it"; }

// What nvcc makes of kernels and of their launches, with CUDA 12 and with 13.
cudaError_t cudaLaunchKernel(const void* kernel, dim3 grid, dim3 block, void**, std::size_t shared,
                             cudaStream_t stream) {
    return gpu::start(kernel, grid, block, shared, stream);
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void**, std::size_t shared,
                               cudaStream_t stream) {
    return gpu::start(kernel, grid, block, shared, stream);
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host) {
    *kernel = static_cast<cudaKernel_t>(const_cast<void*>(host));
    return cudaSuccess;
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream) {
    gpu::runtime::get().configured.push_back({"", grid, block, shared, stream});
    return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
    const gpu::launch last = gpu::runtime::get().configured.back();
    gpu::runtime::get().configured.pop_back();
    *grid = last.grid;
    *block = last.block;
    *shared = last.shared;
    *static_cast<cudaStream_t*>(stream) = last.stream;
    return cudaSuccess;
}
void** __cudaRegisterFatBinary(void*) {
    static void* handle = nullptr;
    return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* host, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*,
                            int*) {
    gpu::runtime::get().names[host] = name;
}

} // extern "C"
