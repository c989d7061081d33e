// SPDX-License-Identifier: Apache-2.0
#include "torch/tensor_memory.hpp"

#include "torch/large_memory.hpp"
#include "torch/small_memory.hpp"

#include <cstring>

namespace optnet {
namespace {

struct allocator final : c10::Allocator {
    c10::DataPtr allocate(std::size_t size) override {
        if (size > 0 && size <= most_small) return small_memory(size);
        if (size >= least_large) return large_memory(size);
        return c10::GetAllocator(c10::DeviceType::CPU)->allocate(size);
    }
    void copy_data(void* to, const void* from, std::size_t size) const override { std::memcpy(to, from, size); }
};

} // namespace

c10::Allocator& tensor_memory() {
    // Never destroyed: tensors may outlive every static object.
    static c10::Allocator& one = *new allocator;
    return one;
}

} // namespace optnet
