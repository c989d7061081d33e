// SPDX-License-Identifier: Apache-2.0
#pragma once

// One matrix times a vector of every problem of a batch.

#include "optnet/solver/outer_products.hpp"

#include <cstdint>

namespace optnet::solver {

/// y_k = M x_k, or M'x_k if `transposed`, for a row-major M [rows, cols]; y [batch, rows] or [batch, cols]. At most
/// `threads` threads take part. Unlike in a product of matrices, no bit of y_k depends on k or on the other problems.
template <class T>
void products(const T* M, std::int64_t rows, std::int64_t cols, bool transposed, rows_view<T> x, std::int64_t batch,
              T* y, int threads);

} // namespace optnet::solver
