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

template <class T> struct device_batch {
    int n, p, m;
    std::int64_t batch;
    bool shared; ///< one set of matrices for all problems
    int blocks;
    device_block<T> block[most_blocks];
    vector_view<T> q, b, h;
    double eps_abs, eps_rel, infinite_bound, convexity_tolerance, active_tolerance;
    int limit;        ///< steps of the active set
    bool limit_asked; ///< it is the user's
};

/// Why the CPU's road may do better than what stands in the outputs. Those are true as they are.
enum class handed_over : std::int32_t {
    no = 0,
    singular_q = 1,           ///< Q is convex, but not positive definite
    dependent_equalities = 2, ///< rows of A depend on each other
    not_solved = 3,           ///< the active set did not end at a point that verifies
    degenerate = 4,           ///< solved, but the gradient needs the point of maximal support
};

/// The rows that a basis can hold: independent rows of G on the null space of A.
OPTNET_DEVICE inline int basis_capacity(int n, int p, int m) {
    const int free = n > p ? n - p : 0;
    return m < free ? m : free;
}

} // namespace optnet::solver::cuda
