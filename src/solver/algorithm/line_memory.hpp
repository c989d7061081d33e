// SPDX-License-Identifier: Apache-2.0
#pragma once

// Memory that begins with a cache line.

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace optnet::solver {

/// Memory at multiples of a cache line, which a vector of the widest instruction set fills.
template <class T> struct line_allocator {
    using value_type = T;
    static constexpr std::align_val_t line{64};

    line_allocator() = default;
    template <class U> explicit line_allocator(const line_allocator<U>&) {}
    T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
    void deallocate(T* from, std::size_t) { ::operator delete(from, line); }
    bool operator==(const line_allocator&) const { return true; }
};

using aligned_numbers = std::vector<double, line_allocator<double>>;
/// [count, lanes]
using lane_array = aligned_numbers;

/// The distance of rows of `count` numbers: whole lines, and an odd number of them, so that the entries of a column do
/// not meet in a few places of the cache.
inline std::int64_t line_stride(std::int64_t count) { return (((count + 7) / 8) | 1) * 8; }

} // namespace optnet::solver
