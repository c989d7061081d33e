// SPDX-License-Identifier: Apache-2.0
#pragma once

// The value of a node of a block table, given sizes, parameters and variables, in dense arithmetic.

#include "dsl/dense_value.hpp"
#include "optnet/dsl/atoms/list.hpp"
#include "optnet/dsl/layout.hpp"

namespace optnet::test {

/// What the table leaves open until the call.
struct data {
    std::vector<int> sizes;              ///< by symbol
    std::vector<dense_value> parameters; ///< a diagonal<"d", n> as its matrix
    std::vector<dense_value> variables;  ///< needed only where the user's own expressions are evaluated
    std::vector<double> numbers;
};

class node_evaluator {
public:
    node_evaluator(const dsl::table& of, const data& with) : t(of), given(with) {}

    int size(const dsl::size_form& s) const {
        int value = s.constant;
        for (int i = 0; i < s.count; ++i) {
            const auto& term = s.terms[static_cast<std::size_t>(i)];
            value += term.coefficient * given.sizes.at(static_cast<std::size_t>(term.symbol)) *
                     (term.second < 0 ? 1 : given.sizes.at(static_cast<std::size_t>(term.second)));
        }
        return value;
    }

    dense_value of(int i) const {
        const dsl::node& n = t.nodes[static_cast<std::size_t>(i)];
        const dense_value v = n.code < dsl::op::diagonal_entries ? written(n) : lowered(n);
        if (v.rank != n.shape.rank || v.rows != size(n.shape.rows) || v.cols != size(n.shape.cols))
            throw std::logic_error("a node's value has another shape than the node");
        return v;
    }

private:
    dense_value argument(const dsl::node& n, int k) const {
        if (k >= n.argument_count) throw std::logic_error("a node has fewer arguments than its operation");
        return of(t.arguments[static_cast<std::size_t>(n.first_argument + k)]);
    }

    /// What a user writes.
    dense_value written(const dsl::node& n) const {
        using dsl::op;
        const auto a = [&] { return argument(n, 0); };
        const auto b = [&] { return argument(n, 1); };
        switch (n.code) {
        case op::variable: return given.variables.at(static_cast<std::size_t>(n.name));
        case op::parameter: return given.parameters.at(static_cast<std::size_t>(n.name));
        case op::number: return scalar_value(given.numbers.at(static_cast<std::size_t>(n.slot)));
        case op::add: return each(a(), b(), [](double x, double y) { return x + y; });
        case op::negate: return each(a(), [](double x) { return -x; });
        case op::multiply: return product(a(), b());
        case op::elementwise: return each(a(), b(), [](double x, double y) { return x * y; });
        case op::divide: return each(a(), b(), [](double x, double y) { return x / y; });
        case op::dot: return dense_algebra::dot(a(), b());
        case op::sum: return scalar_value(total(a()));
        case op::sum_over: return over(a(), size(n.from), [](double x, double y) { return x + y; });
        case op::mean: return scalar_value(total(a()) / a().entries());
        case op::mean_over: {
            const double count = size(n.from) == 0 ? a().rows : a().cols;
            return each(over(a(), size(n.from), [](double x, double y) { return x + y; }),
                        [&](double x) { return x / count; });
        }
        case op::transpose: return transposed(a());
        case op::index: return element(a(), static_cast<int>(b().data[0]));
        case op::slice: return rows_of(a(), size(n.from), size(n.to));
        case op::row: return element(a(), static_cast<int>(b().data[0]));
        case op::rows: return rows_of(a(), size(n.from), size(n.to));
        case op::column: return element(transposed(a()), static_cast<int>(b().data[0]));
        case op::columns: return columns_of(a(), size(n.from), size(n.to));
        case op::diff: return differences(a());
        case op::cumsum: return sums_so_far(a());
        case op::trace: return scalar_value(total(diagonal_of(a())));
        case op::diagonal: return diagonal_matrix(a());
        case op::diagonal_of: return diagonal_of(a());
        case op::hstack:
        case op::vstack: return stacked(n);
        case op::reshape: return {n.shape.rank, size(n.shape.rows), size(n.shape.cols), a().data};
        case op::exp: return each(a(), [](double x) { return std::exp(x); });
        case op::log: return each(a(), [](double x) { return std::log(x); });
        case op::sqrt: return each(a(), [](double x) { return std::sqrt(x); });
        case op::softplus: return each(a(), [](double x) { return std::log(1 + std::exp(x)); });
        case op::sigmoid: return each(a(), [](double x) { return 1 / (1 + std::exp(-x)); });
        case op::tanh: return each(a(), [](double x) { return std::tanh(x); });
        case op::atom: return atom(n);
        default: throw std::logic_error("no operation of the language");
        }
    }

    dense_value atom(const dsl::node& n) const {
        std::vector<dense_value> x;
        x.reserve(static_cast<std::size_t>(n.argument_count));
        for (int k = 0; k < n.argument_count; ++k) x.push_back(argument(n, k));
        dense_value v;
        if (!dsl::all_atoms::visit(n.atom, [&](auto which) { v = which.value(dense_algebra{}, x); }))
            throw std::logic_error("no atom of the language");
        return v;
    }

    /// What `lower` writes.
    dense_value lowered(const dsl::node& n) const {
        using dsl::op;
        const int rows = size(n.shape.rows), cols = size(n.shape.cols);
        dense_value out = zeros(n.shape.rank, rows, cols);
        const auto fill = [&](auto f) {
            for (int i = 0; i < rows; ++i)
                for (int j = 0; j < cols; ++j) out(i, j) = f(i, j);
            return out;
        };
        if (n.code == op::ones) return fill([](int, int) { return 1.0; });
        if (n.code == op::row_ends) return fill([&](int i, int) { return (i + 1) % size(n.to) == 0 ? 1.0 : 0.0; });
        if (n.code == op::difference_band) return fill([](int, int k) { return k == 0 ? -1.0 : 1.0; });
        if (n.code == op::lower_ones) return fill([](int i, int j) { return j <= i ? 1.0 : 0.0; });
        if (n.code == op::diagonal_picks) return fill([&](int i, int j) { return j == i * rows + i ? 1.0 : 0.0; });
        if (n.code == op::commutation) { // of vec W, W [from, to]: entry (j, i) of T(W) is entry (i, j) of W
            const int from = size(n.from), to = size(n.to);
            for (int i = 0; i < from; ++i)
                for (int j = 0; j < to; ++j) out(j * from + i, i * to + j) = 1;
            return out;
        }
        const dense_value a = argument(n, 0);
        switch (n.code) {
        case op::diagonal_entries: return fill([&](int i, int) { return a(i, i); });
        case op::count: return scalar_value(a.entries());
        case op::unit: return fill([&](int i, int) { return i == static_cast<int>(a.data[0]) ? 1.0 : 0.0; });
        case op::placed: {
            const int from = size(n.from);
            return fill([&](int i, int j) { return i >= from && i < from + a.rows ? a(i - from, j) : 0.0; });
        }
        case op::flat:
        case op::column_matrix:
        case op::row_matrix: out.data = a.data; return out;
        case op::kron_right: { // (M kron I)(i s + k, j s + k) = M(i, j)
            const int s = size(n.to);
            return fill([&](int i, int j) { return i % s == j % s ? a(i / s, j / s) : 0.0; });
        }
        case op::kron_left:
            return fill([&](int i, int j) { return i / a.rows == j / a.cols ? a(i % a.rows, j % a.cols) : 0.0; });
        case op::band_to_dense:
            for (int i = 0; i < rows; ++i)
                for (int k = 0; k < a.cols; ++k)
                    if (const int j = i + n.slot + k; j >= 0 && j < cols) out(i, j) += a(i, k);
            return out;
        default: break;
        }
        const dense_value b = argument(n, 1);
        switch (n.code) {
        case op::run_of_rows: return fill([&](int i, int j) { return a(static_cast<int>(b.data[0]) * rows + i, j); });
        case op::outer: return fill([&](int i, int j) { return a(i) * b(j); });
        case op::scale_rows: return fill([&](int i, int j) { return a(i) * b(i, j); });
        case op::scale_cols: return fill([&](int i, int j) { return a(i, j) * b(j); });
        case op::band_gram: { // entry (i, j) of B'C stands in band j - i - (first of C - last of B)
            const int first = n.other - (n.slot + a.cols - 1);
            for (int r = 0; r < a.rows; ++r)
                for (int k = 0; k < a.cols; ++k)
                    for (int l = 0; l < b.cols; ++l) {
                        const int i = r + n.slot + k, j = r + n.other + l;
                        if (i >= 0 && i < rows)
                            out(i, j - i - first) += a(r, k) * b(r, l);
                        else if (a(r, k) != 0)
                            throw std::logic_error("a band has numbers outside its map");
                    }
            return out;
        }
        default: throw std::logic_error("no operation of the lowering");
        }
    }

    dense_value stacked(const dsl::node& n) const {
        dense_value all = argument(n, 0);
        if (all.rank < 2)
            all = n.code == dsl::op::vstack ? dense_value{2, 1, all.entries(), all.data} : vector_value(all.data);
        for (int k = 1; k < n.argument_count; ++k)
            all = n.code == dsl::op::vstack ? below(all, argument(n, k)) : beside(all, argument(n, k));
        return all;
    }

    static dense_value diagonal_of(const dense_value& m) {
        dense_value out = zeros(1, m.rows, 1);
        for (int i = 0; i < m.rows; ++i) out(i) = m(i, i);
        return out;
    }

    static dense_value diagonal_matrix(const dense_value& d) {
        dense_value out = zeros(2, d.rows, d.rows);
        for (int i = 0; i < d.rows; ++i) out(i, i) = d(i);
        return out;
    }

    const dsl::table& t;
    const data& given;
};

} // namespace optnet::test
