// SPDX-License-Identifier: Apache-2.0
#pragma once

// The solver with plain matrices in place of the language.

#include "optnet/torch/blocks.hpp"
#include "optnet/torch/error.hpp"

namespace optnet {

/// Solves, for every element of the batch,
///
///     minimize 1/2 z'Qz + q'z   subject to   A z = b,  G z <= h
///
/// with Q [n, n], q [n], A [p, n], b [p], G [m, n], h [m], float64 or float32, each with or without a leading batch
/// dimension (1 broadcasts); without any, the results have none. An undefined tensor or one without rows is absent; q
/// is what fixes n and must be there. Shared tensors are not expanded, and their gradients are sums over the batch.
///
/// Lagrangian 1/2 z'Qz + q'z + nu'(Az - b) + lam'(Gz - h). Never throws for a numerical outcome: `status` tells, and
/// `settings::on_failure` is not looked at. Throws optnet::Error for wrong shapes, dtypes, devices and settings.
///
/// Q, A and G may be sparse CSR tensors, batched ones of one pattern: the pattern is the structure, and their gradient
/// has it, too. Plain matrices that turn out to be mostly zeros are solved like them where that pays; their gradient is
/// that of every entry.
///
/// `start`, the z, nu and lam of a solution nearby, saves steps and changes nothing of what is claimed. Its tensors are
/// of the call's dtype and device, each with or without a batch dimension, and have no gradient.
qp_solution solve_qp(const at::Tensor& Q, const at::Tensor& q, const at::Tensor& A = {}, const at::Tensor& b = {},
                     const at::Tensor& G = {}, const at::Tensor& h = {}, const settings& how = {},
                     const qp_solution& start = {});

/// The same, z alone; `how.on_failure` says what becomes of a failed element.
at::Tensor qp(const at::Tensor& Q, const at::Tensor& q, const at::Tensor& A = {}, const at::Tensor& b = {},
              const at::Tensor& G = {}, const at::Tensor& h = {}, const settings& how = {});

} // namespace optnet
