// SPDX-License-Identifier: Apache-2.0
#pragma once

// Canonicalization of expressions: affine operations act on the structured maps before the columns (forms.hpp), atoms
// become columns and rows of their own.
//
// Forms are written into arguments: g++ 12 frees twice what holds a vector and is passed or returned by value in a
// constant expression.

#include "optnet/dsl/atoms/list.hpp"
#include "optnet/dsl/forms.hpp"

namespace optnet::dsl {

class canonicalizer : public form_algebra {
public:
    using form_algebra::form_algebra;

    /// f becomes expression i; f is empty before.
    constexpr void canonical(int i, form& f) {
        const node n = p.nodes[static_cast<std::size_t>(i)];
        f.count = entries(n.shape);
        f.scalar = n.shape.rank == 0;
        if (!n.has_variables) {
            constant_term t{i};
            for (; is_negative(t.node); t.node = maps.argument(t.node, 0)) t.scale = -t.scale;
            f.constant.push_back(t);
            return;
        }
        const auto argument = [&](int k) { return maps.argument(i, k); };
        const auto varies = [&](int k) { return p.nodes[static_cast<std::size_t>(argument(k))].has_variables; };
        switch (n.code) {
        case op::variable: f.linear.push_back({n.name, {}, -1, map_algebra::identity(f.count)}); return;
        case op::add: {
            form b;
            canonical(argument(0), f);
            canonical(argument(1), b);
            l.add(f, b);
            return;
        }
        case op::negate:
            canonical(argument(0), f);
            lowering::negate(f);
            return;
        case op::multiply: {
            const int moving = varies(1) ? 1 : 0, data = argument(1 - moving);
            canonical(argument(moving), f);
            multiply(data, moving == 1, shape_of(argument(moving)), n.shape, f);
            return;
        }
        case op::elementwise: {
            const int moving = varies(1) ? 1 : 0;
            canonical(argument(moving), f);
            scale(argument(1 - moving), f.count, f);
            return;
        }
        case op::divide:
            canonical(argument(0), f);
            scale(maps.write(op::divide, shape_of(argument(1)), {maps.one(), argument(1)}), entries(n.shape), f);
            return;
        case op::dot: {
            const int moving = varies(1) ? 1 : 0, data = argument(1 - moving);
            canonical(argument(moving), f);
            if (f.scalar)
                scale(data, f.count, f);
            else
                l.pair(maps.flat(data), f);
            return;
        }
        case op::sum:
            canonical(argument(0), f);
            l.total(f);
            return;
        case op::sum_over: {
            canonical(argument(0), f);
            const shape_form from = shape_of(argument(0));
            apply(maps.summation(n.from.constant, from.rows, from.cols), entries(n.shape), f);
            return;
        }
        case op::mean: {
            canonical(argument(0), f);
            const size_form count = f.count;
            l.total(f);
            divide(count, f);
            return;
        }
        case op::mean_over: {
            canonical(argument(0), f);
            const shape_form from = shape_of(argument(0));
            apply(maps.summation(n.from.constant, from.rows, from.cols), entries(n.shape), f);
            divide(n.from.constant == 0 ? from.rows : from.cols, f);
            return;
        }
        case op::transpose: {
            canonical(argument(0), f);
            const shape_form from = shape_of(argument(0));
            if (from.rank == 2)
                apply(maps.write(op::commutation, matrix_shape(f.count, f.count), {}, from.rows, from.cols), f.count,
                      f);
            return;
        }
        case op::index:
            canonical(argument(0), f);
            entry(argument(1), f);
            return;
        case op::slice:
            canonical(argument(0), f);
            l.part(n.from, n.to, f);
            return;
        case op::row:
            canonical(argument(0), f);
            row(argument(0), argument(1), f);
            return;
        case op::rows: {
            const size_form cols = n.shape.cols;
            canonical(argument(0), f);
            l.part(product(n.from, cols), product(n.to, cols), f);
            return;
        }
        case op::column: {
            canonical(argument(0), f);
            const shape_form from = shape_of(argument(0));
            const int unit = maps.write(op::unit, vector_shape(from.cols), {argument(1)});
            of_each_row(maps.write(op::row_matrix, matrix_shape(number_size(1), from.cols), {unit}), from.rows, f);
            return;
        }
        case op::columns: {
            canonical(argument(0), f);
            const shape_form from = shape_of(argument(0));
            of_each_row(maps.rows(maps.identity_matrix(from.cols), n.from, n.to), from.rows, f);
            return;
        }
        case op::diff:
            canonical(argument(0), f);
            l.differences(entries(n.shape), f);
            return;
        case op::cumsum:
            canonical(argument(0), f);
            cumulate(f);
            return;
        case op::trace:
            canonical(argument(0), f);
            l.pair(maps.flat(maps.identity_matrix(shape_of(argument(0)).rows)), f);
            return;
        case op::diagonal_of:
            canonical(argument(0), f);
            apply(diagonal_picks(n.shape.rows), n.shape.rows, f);
            return;
        case op::diagonal:
            canonical(argument(0), f);
            apply(maps.transpose(diagonal_picks(n.shape.rows)), entries(n.shape), f);
            return;
        case op::hstack:
        case op::vstack: stack(i, n, f); return;
        case op::reshape:
            canonical(argument(0), f);
            reshape(entries(n.shape), f);
            return;
        case op::atom: {
            std::vector<form> arguments(static_cast<std::size_t>(n.argument_count));
            for (int k = 0; k < n.argument_count; ++k) canonical(argument(k), arguments[static_cast<std::size_t>(k)]);
            all_atoms::visit(n.atom, [&](auto atom) { decltype(atom)::lower(l, arguments, n, f); });
            return;
        }
        default: throw "this operation takes parameters alone";
        }
    }

    /// f becomes those of its entries that the map of t acts on.
    constexpr void cut(const linear_term& t, form& f) {
        const size_form to = t.slot < 0 ? plus(t.offset, t.map.cols) : f.count;
        if (t.offset != size_form{} || to != f.count) l.part(t.offset, to, f);
        if (t.slot < 0) return;
        const int number = maps.write(op::number, scalar_shape(), {}, {}, {}, t.slot);
        if (t.counts_rows < 0)
            entry(number, f);
        else
            row(t.counts_rows, number, f);
    }

private:
    /// A sign costs nothing in a term but an operation on tensors in a node.
    constexpr bool is_negative(int i) const { return p.nodes[static_cast<std::size_t>(i)].code == op::negate; }

    /// f becomes data * f (or f * data), f of shape u, the product of shape `made`. Entries of a matrix stand row by
    /// row: vec(D W) = (D kron I) vec W, vec(W D) = (I kron D') vec W.
    constexpr void multiply(int data, bool from_left, const shape_form u, const shape_form& made, form& f) {
        const shape_form d = shape_of(data);
        const size_form count = entries(made);
        if (d.rank == 0 || u.rank == 0) {
            scale(data, count, f);
        } else if (from_left && u.rank == 1) {
            apply(data, count, f);
        } else if (from_left) {
            apply(maps.write(op::kron_right, matrix_shape(count, f.count), {data}, {}, u.cols), count, f);
        } else {
            const int right = d.rank == 1 ? maps.write(op::row_matrix, matrix_shape(number_size(1), d.rows), {data})
                                          : maps.transpose(data);
            apply(maps.write(op::kron_left, matrix_shape(count, f.count), {right}, {}, u.rows), count, f);
        }
        f.scalar = made.rank == 0;
    }

    /// f becomes the arguments of node i one behind the other, or side by side.
    constexpr void stack(int i, const node& n, form& f) {
        const bool side_by_side = n.code == op::hstack && n.shape.rank == 2;
        size_form start;
        for (int k = 0; k < n.argument_count; ++k) {
            form part;
            canonical(maps.argument(i, k), part);
            if (side_by_side) {
                const shape_form s = shape_of(maps.argument(i, k));
                const int places =
                    maps.write(op::placed, matrix_shape(n.shape.cols, s.cols), {maps.identity_matrix(s.cols)}, start);
                of_each_row(places, s.rows, part);
                l.add(f, part);
                start = plus(start, s.cols);
            } else {
                l.stack(part, start, f);
                start = plus(start, part.count);
            }
        }
    }
};

} // namespace optnet::dsl
