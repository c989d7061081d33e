// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the code of a GPU thread is written with. The same source is compiled for the host, where tests run it.

#include "solver/algorithm/team.hpp"

#include <cstddef>
#include <cstdint>

namespace optnet::solver::cuda {

/// Hands out memory piece by piece; with a null base it only counts the bytes. Every piece is aligned to 8 bytes.
/// Pieces that no longer fit into `room` bytes at `near` come from `far`: fast memory is for what is taken first, and
/// for what is small.
class arena {
public:
    static constexpr std::size_t unlimited = ~std::size_t{0};

    OPTNET_DEVICE explicit arena(void* base = nullptr) : arena(base, unlimited, nullptr) {}
    OPTNET_DEVICE arena(void* near, std::size_t room, void* far)
        : first(static_cast<unsigned char*>(near)), second(static_cast<unsigned char*>(far)), limit(room) {}

    template <class T> OPTNET_DEVICE T* take(std::int64_t count) {
        static_assert(sizeof(T) <= 8);
        const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(T) + 7) / 8 * 8;
        const bool fits = limit == unlimited || bytes <= limit - used;
        unsigned char* const from = fits ? first : second;
        const std::size_t taken = fits ? used : used_far;
        // Values, not references: with a reference to one of the two a GPU would keep both in memory.
        used += fits ? bytes : 0;
        used_far += fits ? 0 : bytes;
        return first == nullptr || from == nullptr ? nullptr : reinterpret_cast<T*>(from + taken);
    }
    OPTNET_DEVICE std::size_t bytes() const { return used; }
    OPTNET_DEVICE std::size_t far_bytes() const { return used_far; }

private:
    unsigned char *first, *second;
    std::size_t limit, used = 0, used_far = 0;
};

/// The same place in the dynamic shared memory of a block, of which the compiler now knows that it is there.
template <class T> OPTNET_DEVICE T* in_fast_memory(T* place) {
#if defined(__CUDA_ARCH__)
    extern __shared__ double block_memory[];
    T* const base = reinterpret_cast<T*>(block_memory);
    return base + (place - base);
#else
    return place;
#endif
}

/// *to = *from, from a GPU's memory into fast memory: on its way until `await_fetched`, which waits for what this
/// worker has fetched.
OPTNET_DEVICE inline void fetch(double* to, const double* from) {
#if defined(__CUDA_ARCH__)
    const auto place = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8;" ::"r"(place), "l"(from) : "memory");
#else
    *to = *from;
#endif
}
OPTNET_DEVICE inline void await_fetched() {
#if defined(__CUDA_ARCH__)
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

/// Asks for a line of the GPU's memory to come to where all processors reach it sooner.
OPTNET_DEVICE inline void fetch_ahead([[maybe_unused]] const double* from) {
#if defined(__CUDA_ARCH__)
    asm volatile("prefetch.global.L2 [%0];" ::"l"(from));
#endif
}

/// 1 / v as far as a GPU's approximation goes, 20 bits, and with two steps of Newton's method, which leave a last bit
/// or two; not for numbers whose reciprocal is not a normal one.
OPTNET_DEVICE inline double about_reciprocal(double v) {
#if defined(__CUDA_ARCH__)
    double result;
    asm("rcp.approx.ftz.f64 %0, %1;" : "=d"(result) : "d"(v));
    return result;
#else
    return 1 / v;
#endif
}
OPTNET_DEVICE inline double quick_reciprocal(double v) {
    double x = about_reciprocal(v);
    x += x * (1 - v * x);
    return x + x * (1 - v * x);
}

/// Where row i of a packed lower triangle starts; also the entries of i rows.
OPTNET_DEVICE inline int triangle(int i) { return i * (i + 1) / 2; }

using teams::larger;

} // namespace optnet::solver::cuda
