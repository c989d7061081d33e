// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sparse CSR tensors as blocks: the pattern is structure, the values are data. Autograd takes the gradient of the
// values back to the tensor, in its pattern, by itself.

#include "optnet/solver/structure.hpp"
#include "torch/checks.hpp"

namespace optnet {

/// The numbers of a matrix argument: the tensor itself, or the values [entries] or [batch, entries] of a sparse CSR
/// one. Throws optnet::Error for another layout.
at::Tensor numbers_of(const named_tensor& matrix);

/// Turns the dense block of a sparse CSR tensor [rows, n] or [batch, rows, n] into one of its pattern, and its rows
/// into bounds where that is what they are. Throws optnet::Error for a batch of several patterns.
void take_pattern(const named_tensor& matrix, solver::structure& shape, solver::block& b);

} // namespace optnet
