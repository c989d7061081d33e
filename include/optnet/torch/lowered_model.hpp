// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything a layer does that depends on no type of the user's: compiled once.

#include "optnet/dsl/layout.hpp"
#include "optnet/torch/blocks.hpp"

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace optnet {

struct arrangement;

/// A parameter, by its place in the table, and what it is bound to.
struct bound {
    int parameter = -1;
    at::Tensor tensor;
    double number = 0;
    bool is_number = false; ///< bound to `number`, not to `tensor`
};

/// A parameter bound to a value.
bound bind(int parameter, const at::Tensor& value);
bound bind(int parameter, double value);

/// What `solve` found, in the user's terms. Values of a failed sample are NaN and its gradients zero.
struct answer {
    std::vector<at::Tensor> variables; ///< in their shapes, [batch, ...] if anything has a batch
    at::Tensor objective;              ///< the user's own, with its constants
    qp_solution solver;
    std::shared_ptr<const arrangement> where;

    /// The multiplier of the constraint called `name`, in its shape: at least 0 for an inequality in either direction,
    /// upper minus lower for a range, nu for an equality.
    at::Tensor dual(std::string_view name) const;
};

/// A lowered problem with its numbers and settings. Immutable to its users, who may share it between threads; it
/// remembers how blocks are arranged for the sizes that it has met and, with `settings::warm_start`, the last solution
/// for each.
class lowered_model {
public:
    /// `problem` outlives the model. Throws optnet::Error for settings that make no sense.
    lowered_model(const dsl::table& problem, std::vector<double> numbers, const settings& how);
    ~lowered_model();
    lowered_model(const lowered_model&) = delete;
    lowered_model& operator=(const lowered_model&) = delete;

    /// `model` itself, or where it remembers solutions one like it that has met none.
    static std::shared_ptr<const lowered_model> without_history(std::shared_ptr<const lowered_model> model);

    const dsl::table& problem() const { return table; }

    /// Throws optnet::Error if some of these already contradict each other or the problem; the rest may be missing.
    void check_part(std::span<const bound> some) const;

    /// The variables alone, in order of their first appearance. Every parameter is bound exactly once. Throws
    /// optnet::Error for tensors that do not fit, and for a failed element if `on_failure` says so.
    std::vector<at::Tensor> solve(std::span<const bound> all) const;

    /// Everything; never throws for a numerical outcome.
    answer solve_everything(std::span<const bound> all) const;

    /// The dense matrices of the problem, differentiable.
    standard_form matrices(std::span<const bound> all) const;

private:
    struct memory;
    qp_solution solve_from_last(const std::shared_ptr<const arrangement>& where, blocks batch, bool everything) const;

    const dsl::table& table;
    const std::vector<double> numbers;
    const settings how;
    std::unique_ptr<memory> met;
};

} // namespace optnet
