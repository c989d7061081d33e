// SPDX-License-Identifier: Apache-2.0
#pragma once

// Canonicalization of expressions: affine operations act on the structured maps before the columns, atoms become
// columns and rows of their own.
//
// Forms are written into arguments: g++ 12 frees twice what holds a vector and is passed or returned by value in a
// constant expression.

#include "optnet/dsl/atoms/list.hpp"

namespace optnet::dsl {

class canonicalizer {
public:
    constexpr explicit canonicalizer(layout& into) : l(into), p(into.of) {}

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
        case op::diff:
            canonical(argument(0), f);
            l.differences(entries(n.shape), f);
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

    /// By value: nodes move when more are written.
    constexpr shape_form shape_of(int i) const { return p.nodes[static_cast<std::size_t>(i)].shape; }

    /// A constant as a vector of `count` entries.
    constexpr int entries_of(int i, const size_form& count) {
        return shape_of(i).rank == 0 ? maps.multiply(i, maps.ones(count)) : maps.flat(i);
    }

    /// f becomes those of its entries that the map of t acts on.
    constexpr void cut(const linear_term& t, form& f) {
        const size_form to = t.slot < 0 ? plus(t.offset, t.map.cols) : f.count;
        if (t.offset != size_form{} || to != f.count) l.part(t.offset, to, f);
        if (t.slot >= 0) entry(maps.write(op::number, scalar_shape(), {}, {}, {}, t.slot), f);
    }

    lowering l;
    map_algebra& maps = l.maps;

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

    /// f becomes s f for a scalar s; mul(v, f) for entries v; v f for entries v and a scalar f.
    constexpr void scale(int data, const size_form& count, form& f) {
        if (shape_of(data).rank == 0) {
            for (linear_term& t : f.linear) t.map = maps.scale(data, t.map);
            for (constant_term& t : f.constant)
                if (maps.only_numbers(data))
                    t.factor = maps.both(t.factor, data);
                else
                    t.node = maps.multiply(data, t.node);
            for (quadratic_term& t : f.quadratic)
                if (maps.only_numbers(data))
                    t.factor = maps.both(t.factor, data);
                else
                    t.weight = t.weight < 0 ? data : maps.multiply(data, t.weight);
            return;
        }
        const int v = maps.flat(data);
        for (linear_term& t : f.linear) t.map = f.scalar ? maps.column_product(v, t.map) : maps.scale_rows(v, t.map);
        for (constant_term& t : f.constant)
            t.node = shape_of(t.node).rank == 0 ? maps.multiply(t.node, v) : maps.elementwise(v, maps.flat(t.node));
        for (quadratic_term& t : f.quadratic)
            t.weight = t.weight < 0 ? v : f.scalar ? maps.multiply(t.weight, v) : maps.elementwise(v, t.weight);
        f.count = count;
        f.scalar = false;
    }

    /// f becomes M f for a matrix M of parameters.
    constexpr void apply(int matrix, const size_form& count, form& f) {
        for (linear_term& t : f.linear) t.map = maps.apply(matrix, t.map);
        for (constant_term& t : f.constant) t.node = maps.multiply(matrix, entries_of(t.node, f.count));
        for (quadratic_term& t : f.quadratic) t.weight = maps.multiply(matrix, entries_of(t.weight, f.count));
        f.count = count;
        f.scalar = false;
    }

    /// f becomes f[i], i the value of a number's slot.
    constexpr void entry(int number, form& f) {
        const auto pick = [&](int vector) { return maps.write(op::index, scalar_shape(), {vector, number}); };
        const size_form one = number_size(1);
        for (linear_term& t : f.linear) {
            linear_map& m = t.map;
            if (m.kind == map_kind::column) {
                m.kind = map_kind::scaled;
                m.node = pick(m.node);
            } else if (m.kind == map_kind::identity || m.kind == map_kind::scaled || m.kind == map_kind::diagonal) {
                if (m.kind == map_kind::diagonal) {
                    m.kind = map_kind::scaled;
                    m.node = pick(m.node);
                }
                m.cols = one;
                t.slot = p.nodes[static_cast<std::size_t>(number)].slot;
            } else {
                m = maps.densified(m);
                m.kind = map_kind::row;
                m.node = maps.write(op::index, vector_shape(m.cols), {m.node, number});
            }
            m.rows = one;
        }
        for (constant_term& t : f.constant)
            if (shape_of(t.node).rank > 0) t.node = pick(maps.flat(t.node));
        for (quadratic_term& t : f.quadratic)
            if (t.weight >= 0 && shape_of(t.weight).rank > 0) t.weight = pick(t.weight);
        f.count = one;
        f.scalar = true;
    }

    program& p;
};

} // namespace optnet::dsl
