// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batched numbers as pointers and strides, counted in elements. A batch stride of 0 means that all problems share them.

#include "optnet/solver/structure.hpp"

#include <cstdint>

namespace optnet::solver {

/// Entry (k, i, j) is data[k * batch_stride + i * row_stride + j * col_stride]; the meaning of i and j is the block
/// kind's. Of a diagonal and of the entries of a sparse block i alone counts.
template <class T> struct matrix_view {
    const T* data = nullptr;
    std::int64_t batch_stride = 0, row_stride = 0, col_stride = 0;

    bool shared() const { return batch_stride == 0; }
    const T* of(std::int64_t problem) const { return data + problem * batch_stride; }
};

/// Entry (k, i) is data[k * batch_stride + i * stride]; a null pointer means zeros.
template <class T> struct vector_view {
    const T* data = nullptr;
    std::int64_t batch_stride = 0, stride = 1;

    bool shared() const { return batch_stride == 0; }
    const T* of(std::int64_t problem) const { return data + problem * batch_stride; }
};

/// A batch of problems of one structure.
template <class T> struct problem {
    const structure* shape = nullptr;
    std::int64_t batch = 0;
    const matrix_view<T>* data = nullptr; ///< one per source
    vector_view<T> q, b, h;               ///< [n], [p], [m]
};

/// Where the problems of a batch may start: solutions of problems nearby, as `solution` has them. Null: not known. The
/// rows with lambda > 0 are the first guess of the active set; where Q is singular z is the first centre of the
/// proximal loop. Numbers that are not finite make their problem start as if nothing were known.
template <class T> struct starting_points {
    vector_view<T> z, nu, lambda; ///< [n], [p], [m]

    bool given() const { return z.data != nullptr || lambda.data != nullptr; }
};

} // namespace optnet::solver
