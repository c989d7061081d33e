// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values of expressions, and the operations of the language on them. Everything is made of differentiable torch
// operations and minds a leading batch dimension; what is shared by the batch is never expanded.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace optnet {

/// A number, or a tensor with or without a batch dimension.
struct value {
    at::Tensor tensor;     ///< undefined: `number`, a scalar
    double number = 0;     //
    int rank = 0;          ///< of one problem: 0 a scalar, 1 a vector, 2 a matrix
    bool diagonal = false; ///< a square matrix given by its diagonal: the tensor is [n] or [batch, n]

    static value of(double number) { return {{}, number, 0, false}; }
    static value of(at::Tensor tensor, int rank) { return {std::move(tensor), 0, rank, false}; }

    bool is_number() const { return !tensor.defined(); }
    /// Dimensions of one problem's part of the tensor.
    int stored_rank() const { return diagonal ? 1 : rank; }
    bool batched() const { return tensor.defined() && tensor.dim() > stored_rank(); }
};

/// The operations; arguments have the shapes that the compiler checked. A scalar goes with everything in add, multiply,
/// divide and maximum. Named as in dsl::op; the first group is what the atoms' values are written in.
struct algebra {
    using value = optnet::value;

    static value abs(const value& a);
    static value pos(const value& a);
    static value square(const value& a);
    static value sum(const value& a);                         ///< of all entries
    static value largest(const value& a);                     ///< of all entries
    static value largest_over(const value& a, int dimension); ///< of a matrix, dimension 0 or 1
    static value sum_largest(const value& a, const value& k); ///< of all entries the k largest, k a number
    static value maximum(const value& a, const value& b);
    static value multiply(const value& a, const value& b); ///< scaling, or a matrix product, by the ranks
    static value elementwise(const value& a, const value& b);
    static value dot(const value& a, const value& b);
    static value number(double x) { return value::of(x); }
    static value add(const value& a, const value& b);
    static value negate(const value& a);
    static value transpose(const value& a);
    static value diff(const value& a); ///< of a matrix along its rows

    static value sum_over(const value& a, int dimension); ///< of a matrix, dimension 0 or 1
    static value divide(const value& a, const value& b);
    static value index(const value& a, std::int64_t i); ///< of a matrix its row i
    static value slice(const value& a, std::int64_t from, std::int64_t to);
    static value column(const value& a, std::int64_t j);
    static value columns(const value& a, std::int64_t from, std::int64_t to);
    static value cumsum(const value& a); ///< of a matrix along its rows
    static value exp(const value& a);
    static value log(const value& a);
    static value sqrt(const value& a);
    static value softplus(const value& a);
    static value sigmoid(const value& a);
    static value tanh(const value& a);
};

/// Vectors and scalars one behind the other, or matrices column by column (`below` false); rows below each other, where
/// a vector is a row (`below` true). Numbers become tensors of these options; what is shared is expanded if others have
/// a batch.
value stacked(std::span<const value> parts, bool below, const at::TensorOptions& options);

/// The entries row by row in the shape of one problem's part.
value reshaped(const value& a, const std::vector<std::int64_t>& shape, const at::TensorOptions& options);

/// The same value with the entries of a diagonal matrix in their places.
value dense(const value& a);

/// A matrix as its entries row by row, [rows * cols] or with a batch; a vector as it is; a scalar as [1] or [batch, 1].
at::Tensor entries(const value& a);

} // namespace optnet
