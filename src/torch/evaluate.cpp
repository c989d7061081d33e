// SPDX-License-Identifier: Apache-2.0
#include "torch/evaluate.hpp"

#include "optnet/dsl/atoms/list.hpp"
#include "optnet/torch/error.hpp"
#include "torch/structured.hpp"

#include <ATen/ATen.h>

#include <array>

namespace optnet {
namespace {

/// The value of the atom called `name`, by the formula in its own file.
value atom_value(std::string_view name, std::span<const value> arguments) {
    value result;
    const bool found = dsl::all_atoms::visit(name, [&](auto atom) { result = atom.value(algebra{}, arguments); });
    if (!found) throw Error("the atom " + std::string(name) + " has no value");
    return result;
}

using entrywise = value (*)(const value&, const value&);

template <value (*F)(const value&)> value of_first(const value& a, const value&) { return F(a); }

/// The operation entry by entry, of arguments of one shape; null: it is another kind of operation, or linear.
entrywise entrywise_of(dsl::op code) {
    using dsl::op;
    switch (code) {
    case op::add: return algebra::add;
    case op::multiply:
    case op::elementwise: return algebra::elementwise;
    case op::divide: return algebra::divide;
    case op::exp: return of_first<algebra::exp>;
    case op::log: return of_first<algebra::log>;
    case op::sqrt: return of_first<algebra::sqrt>;
    case op::softplus: return of_first<algebra::softplus>;
    case op::sigmoid: return of_first<algebra::sigmoid>;
    case op::tanh: return of_first<algebra::tanh>;
    default: return nullptr;
    }
}

/// `a` in the shape of `where`, with 1 where that is false.
value spread(const value& a, const at::Tensor& where, int rank) {
    at::Tensor t = a.tensor;
    for (int r = a.rank; a.batched() && r < rank; ++r) t = t.unsqueeze(1);
    return value::of(at::where(where, t, at::Scalar(1)), rank);
}

} // namespace

evaluator::evaluator(const dsl::table& of, std::span<const double> with_numbers, const sizes& with_sizes,
                     const at::TensorOptions& like, std::span<const value> with_parameters)
    : problem(of), numbers(with_numbers), known(with_sizes), options(like), parameters(with_parameters),
      memo(of.nodes.size()), done(of.nodes.size(), 0) {}

void evaluator::reuse(std::span<const std::pair<int, value>> constants) {
    for (const auto& [node, v] : constants) {
        memo[static_cast<std::size_t>(node)] = v;
        done[static_cast<std::size_t>(node)] = 1;
    }
}

const value& evaluator::of(int node) {
    const auto i = static_cast<std::size_t>(node);
    if (!done[i]) {
        memo[i] = compute(problem.nodes[i]);
        if (stops) memo[i] = stopped(problem.nodes[i], memo[i]);
        done[i] = 1;
    }
    return memo[i];
}

void evaluator::stop_at_infinity() {
    stops = true;
    for (std::size_t i = 0; i < done.size(); ++i) done[i] = done[i] && !problem.nodes[i].has_parameters;
}

/// Computes the finite entries of `made` again with 1 in the place of every argument of the others.
value evaluator::stopped(const dsl::node& n, value made) {
    const entrywise function = entrywise_of(n.code);
    if (function == nullptr || made.is_number() || made.diagonal || !made.tensor.requires_grad()) return made;
    const at::Tensor finite = at::isfinite(made.tensor);
    if (finite.all().item<bool>()) return made;
    std::array<value, 2> arguments;
    for (int k = 0; k < n.argument_count; ++k) {
        const value& a = argument(n, k);
        if (a.rank > 0 && n.code == dsl::op::multiply && argument(n, 1 - k).rank > 0) return made; // a matrix product
        arguments[static_cast<std::size_t>(k)] = a.is_number() ? a : spread(dense(a), finite, made.rank);
    }
    made.tensor = at::where(finite, function(arguments[0], arguments[1]).tensor, made.tensor.detach());
    return made;
}

const value& evaluator::argument(const dsl::node& n, int k) {
    return of(problem.arguments[static_cast<std::size_t>(n.first_argument + k)]);
}

value evaluator::constant_value(const dsl::node& n) const {
    const std::span<const double> entries = constant(problem, numbers, n.slot).subspan(2);
    const at::Tensor flat = at::tensor(at::ArrayRef<double>(entries.data(), entries.size()), at::kDouble);
    return value::of(flat.to(options).reshape(known.of(n.shape)), n.shape.rank);
}

std::vector<value> evaluator::arguments_of(const dsl::node& n) {
    std::vector<value> all;
    for (int k = 0; k < n.argument_count; ++k) all.push_back(argument(n, k));
    return all;
}

const dsl::shape_form& evaluator::argument_shape(const dsl::node& n) const {
    return problem.nodes[static_cast<std::size_t>(problem.arguments[static_cast<std::size_t>(n.first_argument)])].shape;
}

value evaluator::compute(const dsl::node& n) {
    using dsl::op;
    const auto first = [&]() -> const value& { return argument(n, 0); };
    const auto second = [&]() -> const value& { return argument(n, 1); };
    switch (n.code) {
    case op::variable: return variables[static_cast<std::size_t>(n.name)];
    case op::parameter: return parameters[static_cast<std::size_t>(n.name)];
    case op::number: return value::of(numbers[static_cast<std::size_t>(n.slot)]);
    case op::constant: return constant_value(n);
    case op::add: return algebra::add(first(), second());
    case op::negate: return algebra::negate(first());
    case op::multiply: return algebra::multiply(first(), second());
    case op::elementwise: return algebra::elementwise(first(), second());
    case op::divide: return algebra::divide(first(), second());
    case op::dot: return algebra::dot(first(), second());
    case op::sum: return algebra::sum(first());
    case op::sum_over: return algebra::sum_over(first(), n.from.constant);
    case op::mean: return algebra::divide(algebra::sum(first()), number(dsl::entries(argument_shape(n))));
    case op::mean_over:
        return algebra::divide(algebra::sum_over(first(), n.from.constant),
                               number(n.from.constant == 0 ? argument_shape(n).rows : argument_shape(n).cols));
    case op::transpose: return algebra::transpose(first());
    case op::index: return algebra::index(first(), static_cast<std::int64_t>(second().number));
    case op::slice: return algebra::slice(first(), size(n.from), size(n.to));
    case op::row: return algebra::index(first(), static_cast<std::int64_t>(second().number));
    case op::rows: return algebra::slice(first(), size(n.from), size(n.to));
    case op::column: return algebra::column(first(), static_cast<std::int64_t>(second().number));
    case op::columns: return algebra::columns(first(), size(n.from), size(n.to));
    case op::diff: return algebra::diff(first());
    case op::cumsum: return algebra::cumsum(first());
    case op::trace: return algebra::sum(structured::diagonal_entries(first()));
    case op::diagonal_of: return structured::diagonal_entries(first());
    case op::hstack:
    case op::vstack: return stacked(arguments_of(n), n.code == op::vstack, options);
    case op::reshape: return reshaped(first(), known.of(n.shape), options);
    case op::diagonal: return {first().tensor, 0, 2, true};
    case op::exp: return algebra::exp(first());
    case op::log: return algebra::log(first());
    case op::sqrt: return algebra::sqrt(first());
    case op::softplus: return algebra::softplus(first());
    case op::sigmoid: return algebra::sigmoid(first());
    case op::tanh: return algebra::tanh(first());
    case op::atom: return atom_value(n.atom, arguments_of(n));
    default: return lowered(n);
    }
}

value evaluator::lowered(const dsl::node& n) {
    using dsl::op;
    const auto first = [&] { return dense(argument(n, 0)); };
    const auto second = [&] { return dense(argument(n, 1)); };
    switch (n.code) {
    case op::diagonal_entries: return structured::diagonal_entries(argument(n, 0));
    case op::ones: return structured::ones(n.shape.rank, size(n.shape.rows), size(n.shape.cols), options);
    case op::flat: return value::of(entries(first()), 1);
    case op::column_matrix: return value::of(first().tensor.unsqueeze(-1), 2);
    case op::row_matrix: return value::of(first().tensor.unsqueeze(-2), 2);
    case op::outer: return value::of(first().tensor.unsqueeze(-1) * second().tensor.unsqueeze(-2), 2);
    case op::scale_rows: return value::of(first().tensor.unsqueeze(-1) * second().tensor, 2);
    case op::scale_cols: return value::of(first().tensor * second().tensor.unsqueeze(-2), 2);
    case op::kron_right: return structured::kron_right(first(), size(n.to));
    case op::kron_left: return structured::kron_left(first(), size(n.to));
    case op::commutation: return structured::commutation(size(n.from), size(n.to), options);
    case op::row_ends: return structured::row_ends(size(n.shape.rows), size(n.to), options);
    case op::difference_band: return structured::difference_band(size(n.shape.rows), options);
    case op::band_to_dense: return structured::band_to_dense(first(), n.slot, size(n.to));
    case op::count: return number(dsl::entries(argument_shape(n)));
    case op::lower_ones: return structured::lower_ones(size(n.shape.rows), options);
    case op::placed: return structured::placed(first(), size(n.from), size(n.shape.rows));
    case op::run_of_rows: {
        const std::int64_t rows = size(n.shape.rows), from = static_cast<std::int64_t>(second().number) * rows;
        return algebra::slice(first(), from, from + rows);
    }
    case op::unit: return structured::unit(static_cast<std::int64_t>(first().number), size(n.shape.rows), options);
    case op::diagonal_picks: return structured::diagonal_picks(size(n.shape.rows), options);
    case op::band_gram: return structured::band_gram(first(), n.slot, second(), size(n.shape.rows));
    default: throw Error("an operation without a value: a defect of optnet");
    }
}

} // namespace optnet
