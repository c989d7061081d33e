// SPDX-License-Identifier: Apache-2.0
#pragma once

// A batch as a kernel gets it: sizes, blocks, pointers and settings by value, no container.

#include "optnet/solver/solution.hpp"
#include "optnet/solver/views.hpp"
#include "solver/cuda/device.hpp"

namespace optnet::solver::cuda {

/// Blocks of a structure that fit into the arguments of a kernel.
inline constexpr int most_blocks = 32;

template <class T> struct device_block {
    matrix where;
    block_kind kind;
    int row, col, rows, cols, first, last;
    double scale;
    matrix_view<T> of;
};

/// What the caller asks for, whatever the type of the data.
struct device_settings {
    double eps_abs, eps_rel, infinite_bound, convexity_tolerance, active_tolerance;
    int limit;        ///< steps of the active set
    bool limit_asked; ///< it is the user's
};

template <class T> struct device_batch : device_settings {
    int n, p, m;
    std::int64_t batch;
    bool shared; ///< one set of matrices for all problems
    int blocks;
    device_block<T> block[most_blocks];
    vector_view<T> q, b, h;
    starting_points<T> start;
};

/// `starting_points::given`, which is not there for a GPU.
template <class T> OPTNET_DEVICE bool is_given(const starting_points<T>& s) {
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
