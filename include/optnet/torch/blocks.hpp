// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/solver/settings.hpp"
#include "optnet/solver/structure.hpp"

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

namespace optnet {

/// What a solve returns. Members that were not asked for are undefined.
struct qp_solution {
    at::Tensor z, nu, lam, s; ///< [batch, n], [batch, p], [batch, m], [batch, m]; differentiable
    at::Tensor status;        ///< int64 [batch], values of optnet::status
    at::Tensor iterations;    ///< int64 [batch]
    at::Tensor residuals;     ///< float64 [batch, 3]: primal, dual, gap
};

/// A batch of quadratic programs as the solver takes it: the structure and one tensor per source.
struct blocks {
    std::shared_ptr<const solver::structure> structure;
    /// Shapes as `solver::block_kind` says, each with or without a leading batch dimension (1 broadcasts). Blocks of
    /// one source share its gradient.
    std::vector<at::Tensor> data;
    at::Tensor q, b, h;      ///< [n], [p], [m] or with a leading batch dimension; undefined: zeros
    at::Tensor offset;       ///< constant of the objective, [] or [batch]; undefined: 0
    std::int64_t batch = -1; ///< -1: no argument has a batch dimension, and results have none
    /// If set, asked with these blocks when samples have failed and a gradient is recorded: the same numbers, computed
    /// in such a way that nothing of a failed sample reaches a gradient. `solved` is bool [batch, 1].
    std::function<blocks(const blocks& all, const at::Tensor& solved)> apart;
    /// Where to start: z, nu and lam of a solution nearby, each with or without a batch dimension; undefined: nothing
    /// is known. Other members are not looked at. An element whose start is not finite starts as if nothing were known.
    qp_solution start = {};
};

/// Solves and records the derivative. `everything` false: z alone (with `how.warm_start` also nu and lam), and
/// `how.on_failure` decides what becomes of a failed element; true: never throws for a numerical outcome. Throws
/// optnet::Error for tensors of mixed dtype or device, or of no floating type that the solver knows.
qp_solution solve_blocks(const blocks& batch, const settings& how, bool everything);

/// The dense standard form of blocks, differentiable; every member has the batch dimension only if a part of it has.
struct standard_form {
    at::Tensor Q, q, A, b, G, h;
};
standard_form to_standard_form(const blocks& batch);

} // namespace optnet
