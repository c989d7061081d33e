// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/bind.hpp"
#include "optnet/solver/status.hpp"
#include "optnet/torch/lowered_model.hpp"

namespace optnet {

/// The outcomes of a call, one per sample.
class statuses {
public:
    explicit statuses(at::Tensor of_samples) : values(std::move(of_samples)) {}

    /// The number of samples; 1 if the call had no batch.
    std::int64_t size() const;
    /// Throws std::out_of_range.
    status operator[](std::int64_t sample) const;
    /// int64, [batch] or []; values of optnet::status.
    const at::Tensor& tensor() const { return values; }
    /// Whether every sample has this outcome.
    friend bool operator==(const statuses& all, status outcome) { return all.are(outcome); }

private:
    bool are(status outcome) const;
    at::Tensor values;
};

/// What solve() returns. Tensors have a batch dimension if any argument had one, and are differentiable where that has
/// a meaning; values of a failed sample are NaN and its gradients exactly zero.
template <class Problem> class solution {
public:
    explicit solution(answer found) : all(std::move(found)) {}

    /// The value of a variable, in its shape.
    template <class Variable> at::Tensor operator[](const Variable&) const {
        if constexpr (!requires {
                          requires Variable::has_variables;
                          Variable::label;
                      }) {
            dsl::this_variable_is_unknown<text<Variable>()>();
            return {};
        } else if constexpr (constexpr int place = dsl::place_of_variable<Problem, Variable>; place < 0) {
            dsl::this_variable_is_unknown<Variable::label>();
            return {};
        } else {
            return all.variables[place];
        }
    }

    /// The multiplier of the constraint named<"Name">(...), in the constraint's shape. Of an inequality in either
    /// direction it is >= 0; of l == r it is nu with grad f + nu grad(l - r) = 0; of lo <= z <= hi it is one signed
    /// number per entry, upper minus lower. For maximize(g) they are those of minimizing -g.
    template <dsl::name Name> at::Tensor dual() const {
        constexpr bool known = [] {
            for (const dsl::constraint& c : dsl::table_of<Problem>.constraints)
                if (c.name == Name.view()) return true;
            return false;
        }();
        if constexpr (known) {
            return all.dual(Name.view());
        } else {
            dsl::this_dual_is_unknown<Name>();
            return {};
        }
    }

    /// The user's own objective with its constants, [] or [batch].
    const at::Tensor& objective() const { return all.objective; }
    statuses status() const { return statuses(all.solver.status); }
    /// int64, [] or [batch].
    const at::Tensor& iterations() const { return all.solver.iterations; }
    /// float64, [3] or [batch, 3]: primal and dual in the maximum norm, and the gap, of the data as given.
    const at::Tensor& residuals() const { return all.solver.residuals; }

private:
    template <class E> static consteval auto text() {
        if constexpr (expr::expression<E>)
            return dsl::text_of<E>();
        else
            return dsl::name("s[...]");
    }

    answer all;
};

} // namespace optnet
