// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operator `_outer_products`: the gradients of dense blocks. A product of matrices with the batch between them
// where the block is shared, written once where it is not; differentiable where that is asked for.

#include <ATen/core/Tensor.h>

#include <optional>

namespace optnet {

using optional_tensor = std::optional<at::Tensor>;

/// scale (u x' + v y') for every problem, u, v [batch, rows], x, y [batch, cols], v and y together absent or not:
/// [batch, rows, cols], or the sum over the batch if `shared`, [rows, cols], or its symmetric part. Through the
/// dispatcher.
at::Tensor outer_products(const at::Tensor& u, const at::Tensor& x, const optional_tensor& v, const optional_tensor& y,
                          double scale, bool shared, bool symmetric);

// Kernels, registered in operator.cpp.
at::Tensor outer_products_on_cpu(const at::Tensor& u, const at::Tensor& x, const optional_tensor& v,
                                 const optional_tensor& y, double scale, bool shared, bool symmetric);
at::Tensor outer_products_in_steps(const at::Tensor& u, const at::Tensor& x, const optional_tensor& v,
                                   const optional_tensor& y, double scale, bool shared, bool symmetric);
at::Tensor outer_products_with_derivative(const at::Tensor& u, const at::Tensor& x, const optional_tensor& v,
                                          const optional_tensor& y, double scale, bool shared, bool symmetric);

} // namespace optnet
