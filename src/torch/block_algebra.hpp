// SPDX-License-Identifier: Apache-2.0
#pragma once

// Products and gradients of structured blocks in differentiable torch operations, for the derivative of a solve.
// Vectors are [batch, size], or [size] of a problem without a batch; an undefined tensor is zero.

#include "optnet/torch/blocks.hpp"

#include <ATen/DimVector.h>
#include <ATen/core/Tensor.h>

namespace optnet {

/// Rank of a block's tensor without its batch dimension.
int rank_of(solver::block_kind kind);
/// Sizes of a block's tensor without its batch dimension.
at::DimVector sizes_of(const solver::block& b);

/// Rows and columns, inside the block, of the entries of a sparse one; int64 [entries].
std::pair<at::Tensor, at::Tensor> entry_indices(const solver::block& b, at::Device device);

/// a + b, where either may be undefined.
at::Tensor plus(const at::Tensor& a, const at::Tensor& b);

/// M x (`transposed`: M'x; Q is taken as its symmetric part) for the blocks of one matrix, a vector over its rows;
/// undefined if no block contributes. A source whose tensor is undefined is zero; `literals` false leaves out identity
/// blocks, which have no data to vary.
at::Tensor block_product(const solver::structure& shape, const std::vector<at::Tensor>& data, solver::matrix where,
                         const at::Tensor& x, bool transposed, bool literals);

/// Vectors over the variables, the equalities and the inequalities.
struct kkt_point {
    at::Tensor z, nu, lambda;
};

/// The gradients, of the given sizes, with respect to the sources for which `wanted` is true, of the bilinear form
///
///     -(d_z'Q x_z + d_z'A'x_nu + d_nu'A x_z + d_z'G'x_lambda + d_lambda'G x_z)    summed over what shares the source.
///
/// One per source; undefined where it is not wanted.
std::vector<at::Tensor> block_gradients(const solver::structure& shape, const std::vector<at::DimVector>& sizes,
                                        const std::vector<bool>& wanted, const kkt_point& d, const kkt_point& x);

/// The same form's partial derivative by d, without literals: (Qx_z + A'x_nu + G'x_lambda, A x_z, G x_z).
kkt_point block_products(const solver::structure& shape, const std::vector<at::Tensor>& data, const kkt_point& x);

} // namespace optnet
