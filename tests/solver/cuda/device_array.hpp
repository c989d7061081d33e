// SPDX-License-Identifier: Apache-2.0
#pragma once

// What tests on a GPU share.

#include "../../catch.hpp"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <iostream>
#include <vector>

namespace gpu {

/// Says so where there is none: the test is skipped.
inline bool none() {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) return false;
    std::cout << "no GPU\n";
    return true;
}

/// An array on the GPU.
template <class T> class device_array {
public:
    explicit device_array(std::size_t count) : size(count) {
        REQUIRE(cudaMalloc(&memory, std::max<std::size_t>(1, count * sizeof(T))) == cudaSuccess);
    }
    explicit device_array(const std::vector<T>& from) : device_array(from.size()) {
        REQUIRE(cudaMemcpy(memory, from.data(), size * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
    }
    device_array(const device_array&) = delete;
    device_array& operator=(const device_array&) = delete;
    ~device_array() { cudaFree(memory); }

    T* data() const { return static_cast<T*>(memory); }
    std::vector<T> read() const {
        std::vector<T> to(size);
        REQUIRE(cudaMemcpy(to.data(), memory, size * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
        return to;
    }

private:
    std::size_t size;
    void* memory = nullptr;
};

} // namespace gpu
