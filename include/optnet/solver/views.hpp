// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batched numbers as pointers and strides, counted in elements. A batch stride of 0 means that all problems share them.

#include "optnet/solver/structure.hpp"

#include <cstdint>

namespace optnet::solver {

/// Entry (k, i, j) is data[k * batch_stride + i * row_stride + j * col_stride]; the meaning of i and j is the block
/// kind's.
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

} // namespace optnet::solver
