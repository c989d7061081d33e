// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values that lowering writes: constant matrices, Kronecker products, matrices stored by their bands. A band matrix
// [rows, width] holds entry (i, i + first + k) at [i, k].

#include "torch/value.hpp"

namespace optnet::structured {

/// The diagonal of a matrix, a vector.
value diagonal_entries(const value& m);

value ones(int rank, std::int64_t rows, std::int64_t cols, const at::TensorOptions& options);

/// M kron I and I kron M, I of `size`.
value kron_right(const value& m, std::int64_t size);
value kron_left(const value& m, std::int64_t size);

/// K with K flat(X) = flat(X') for X of [rows, cols], entries row by row.
value commutation(std::int64_t rows, std::int64_t cols, const at::TensorOptions& options);

/// [rows]: 1 at the last entry of every run of `run` entries, else 0.
value row_ends(std::int64_t rows, std::int64_t run, const at::TensorOptions& options);

/// [n, n] with 1 on and below the diagonal.
value lower_ones(std::int64_t n, const at::TensorOptions& options);

/// Zeros but for the rows of a matrix (entries of a vector) from row `from` on; `rows` of them.
value placed(const value& part, std::int64_t from, std::int64_t rows);

/// The vector [n] with 1 at j.
value unit(std::int64_t j, std::int64_t n, const at::TensorOptions& options);

/// [n, n n], the matrix that picks the diagonal of an [n, n] matrix out of its entries row by row.
value diagonal_picks(std::int64_t n, const at::TensorOptions& options);

/// [rows, 2]: -1 and 1, the bands 0 and 1 of the matrix of differences.
value difference_band(std::int64_t rows, const at::TensorOptions& options);

/// The matrix [rows, cols] of bands whose first is `first`.
value band_to_dense(const value& bands, std::int64_t first, std::int64_t cols);

/// The bands of B'C, [cols, width of B + width of C - 1], for B [.., cols] with the bands `b` from `first_b` on. The
/// first of them is (the first of C) - first_b - (width of B - 1).
value band_gram(const value& b, std::int64_t first_b, const value& c, std::int64_t cols);

} // namespace optnet::structured
