// SPDX-License-Identifier: Apache-2.0
#pragma once

// A batch as a kernel gets it: sizes, blocks, pointers and settings by value, no container. The kernels compute in
// double precision and are the same for data in float64 and in float32: only what is here knows of the type.

#include "optnet/solver/solution.hpp"
#include "optnet/solver/views.hpp"
#include "solver/cuda/device.hpp"

namespace optnet::solver::cuda {

/// Blocks of a structure that fit into the arguments of a kernel.
inline constexpr int most_blocks = 32;

/// Number i of an array in float64 or, if `single`, in float32.
OPTNET_DEVICE inline double number_in(const void* from, std::int64_t i, bool single) {
    return single ? static_cast<double>(static_cast<const float*>(from)[i]) : static_cast<const double*>(from)[i];
}
OPTNET_DEVICE inline void put_number(void* to, std::int64_t i, bool single, double value) {
    if (single)
        static_cast<float*>(to)[i] = static_cast<float>(value);
    else
        static_cast<double*>(to)[i] = value;
}
/// Entry (k, i); zeros stand for a null pointer.
OPTNET_DEVICE inline double entry_of(const vector_view<void>& v, std::int64_t k, std::int64_t i, bool single) {
    return v.data == nullptr ? 0.0 : number_in(v.data, k * v.batch_stride + i * v.stride, single);
}

template <class T> matrix_view<void> untyped(const matrix_view<T>& v) {
    return {v.data, v.batch_stride, v.row_stride, v.col_stride};
}
template <class T> vector_view<void> untyped(const vector_view<T>& v) { return {v.data, v.batch_stride, v.stride}; }
template <class T> starting_points<void> untyped(const starting_points<T>& s) {
    return {untyped(s.z), untyped(s.nu), untyped(s.lambda)};
}

struct device_block {
    matrix where;
    block_kind kind;
    int row, col, rows, cols, first, last;
    double scale;
    matrix_view<void> of;
};

/// What the caller asks for, and the type of the data.
struct device_settings {
    double eps_abs, eps_rel, infinite_bound, convexity_tolerance, active_tolerance;
    int limit;        ///< steps of the active set
    bool limit_asked; ///< it is the user's
    bool single;      ///< the data are float32
};

struct device_batch : device_settings {
    int n, p, m;
    std::int64_t batch;
    bool shared; ///< one set of matrices for all problems
    int blocks;
    device_block block[most_blocks];
    vector_view<void> q, b, h;
    starting_points<void> start;
};

/// `starting_points::given`, which is not there for a GPU.
OPTNET_DEVICE inline bool is_given(const starting_points<void>& s) {
    return s.z.data != nullptr || s.lambda.data != nullptr;
}

/// Why another road may do better than what stands in the outputs, which is true as it is: the whole road of the GPU
/// after the active set alone, the CPU's after the whole road.
enum class handed_over : std::int32_t {
    no = 0,
    regularized = 1, ///< Q is singular, or rows of A depend on each other
    not_solved = 2,  ///< no point that verifies and no certificate was found
    degenerate = 3,  ///< solved, but the gradient needs the point of maximal support
};

/// The rows that a basis can hold: independent rows of G on the null space of A.
OPTNET_DEVICE inline int basis_capacity(int n, int p, int m) {
    const int free = n > p ? n - p : 0;
    return m < free ? m : free;
}
/// The same where rows of A may depend on each other.
OPTNET_DEVICE inline int kept_capacity(int n, int m) { return m < n ? m : n; }

} // namespace optnet::solver::cuda
