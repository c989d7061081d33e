// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace optnet::solver {

/// Memory at multiples of a cache line, which a vector over all lanes fills.
template <class T> struct line_allocator {
    using value_type = T;
    static constexpr std::align_val_t line{64};

    line_allocator() = default;
    template <class U> explicit line_allocator(const line_allocator<U>&) {}
    T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
    void deallocate(T* from, std::size_t) { ::operator delete(from, line); }
    bool operator==(const line_allocator&) const { return true; }
};

/// [count, lanes]
using lane_array = std::vector<double, line_allocator<double>>;

} // namespace optnet::solver
