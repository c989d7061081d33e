// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shared memory of kernels; for nvcc.

#include <cuda_runtime.h>

namespace optnet::solver::cuda {

/// More than the kernels have beside what a launch asks for.
inline constexpr int fixed_shared_memory = 512;

/// The shared memory that a launch can ask for on that device.
inline cudaError_t find_shared_memory(int device, int& bytes) {
    const cudaError_t code = cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    bytes = bytes > fixed_shared_memory ? bytes - fixed_shared_memory : 0;
    return code;
}

/// Lets a kernel have as much shared memory as a launch can ask for, and asks how many blocks with so many bytes a
/// processor runs at a time. The limit is the kernel's, not the launch's: set for one batch it would be too small for
/// another that is planned already.
template <class Kernel>
cudaError_t allow(Kernel kernel, int threads, std::size_t shared, int most, int* resident = nullptr) {
    const cudaError_t code = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most);
    if (code != cudaSuccess || resident == nullptr) return code;
    return cudaOccupancyMaxActiveBlocksPerMultiprocessor(resident, kernel, threads, shared);
}

} // namespace optnet::solver::cuda
