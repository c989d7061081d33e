// SPDX-License-Identifier: Apache-2.0
#pragma once

// The nodes of a program as values. Autograd flows through them; each is computed once per call, when it is asked for.

#include "torch/arguments.hpp"

namespace optnet {

class evaluator {
public:
    /// `numbers` by slot, `parameters` by place. All of them outlive the evaluator.
    evaluator(const dsl::table& problem, std::span<const double> numbers, const sizes& known,
              const at::TensorOptions& options, std::span<const value> parameters);

    /// The value of a node of parameters and numbers, of variables too if `variables` were given.
    const value& of(int node);

    /// Nodes whose values are known from before.
    void reuse(std::span<const std::pair<int, value>> constants);

    /// From now on the gradient of an entry that is infinite or NaN stops at the operation that made it so, if that
    /// acts entry by entry; elsewhere it would meet the infinity and, being 0, become NaN. Forgets what was computed.
    void stop_at_infinity();

    /// Values of the variables, by place.
    void set_variables(std::vector<value> values) { variables = std::move(values); }

private:
    value compute(const dsl::node& n);
    value stopped(const dsl::node& n, value made);
    value lowered(const dsl::node& n);
    std::int64_t size(const dsl::size_form& s) const { return known.of(s); }
    value number(const dsl::size_form& s) const { return value::of(static_cast<double>(size(s))); }
    const value& argument(const dsl::node& n, int k);
    value constant_value(const dsl::node& n) const;
    std::vector<value> arguments_of(const dsl::node& n);
    const dsl::shape_form& argument_shape(const dsl::node& n) const; ///< of the first

    const dsl::table& problem;
    std::span<const double> numbers;
    const sizes& known;
    at::TensorOptions options;
    std::span<const value> parameters;
    std::vector<value> variables;
    std::vector<value> memo;
    std::vector<char> done;
    bool stops = false;
};

} // namespace optnet
