// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the code of a GPU thread is written with. The same source is compiled for the host, where tests run it.

#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__)
#define OPTNET_DEVICE __host__ __device__
#define OPTNET_OUT_OF_LINE __noinline__ // a large piece that is used twice
#else
#define OPTNET_DEVICE
#define OPTNET_OUT_OF_LINE
#endif

namespace optnet::solver::cuda {

/// Hands out memory piece by piece; with a null base it only counts the bytes. Every piece is aligned to 8 bytes.
class arena {
public:
    OPTNET_DEVICE explicit arena(void* base = nullptr) : start(static_cast<unsigned char*>(base)) {}

    template <class T> OPTNET_DEVICE T* take(std::int64_t count) {
        static_assert(sizeof(T) <= 8);
        T* piece = start == nullptr ? nullptr : reinterpret_cast<T*>(start + used);
        used += (static_cast<std::size_t>(count) * sizeof(T) + 7) / 8 * 8;
        return piece;
    }
    OPTNET_DEVICE std::size_t bytes() const { return used; }

private:
    unsigned char* start;
    std::size_t used = 0;
};

/// Where row i of a packed lower triangle starts; also the entries of i rows.
OPTNET_DEVICE inline int triangle(int i) { return i * (i + 1) / 2; }

OPTNET_DEVICE inline double larger(double a, double b) { return b > a ? b : a; }

} // namespace optnet::solver::cuda
