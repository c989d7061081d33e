// SPDX-License-Identifier: Apache-2.0
#pragma once

// What affine operations do to forms: to the maps before their columns, their constants and the weights of their
// quadratics.

#include "optnet/dsl/lowering.hpp"

namespace optnet::dsl {

class form_algebra {
public:
    constexpr explicit form_algebra(layout& into) : l(into), p(into.of) {}

    /// By value: nodes move when more are written.
    constexpr shape_form shape_of(int i) const { return p.nodes[static_cast<std::size_t>(i)].shape; }

    /// A constant as a vector of `count` entries.
    constexpr int entries_of(int i, const size_form& count) { return maps.spread(i, count); }

    lowering l;
    map_algebra& maps = l.maps;

protected:
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
        for (linear_term& t : f.linear)
            t.map = f.scalar ? maps.column_product(v, t.map) : maps.scale_rows(l.cut(v, t), t.map);
        for (constant_term& t : f.constant)
            t.node = shape_of(t.node).rank == 0 ? maps.multiply(t.node, v) : maps.elementwise(v, maps.flat(t.node));
        for (quadratic_term& t : f.quadratic)
            t.weight = t.weight < 0 ? v : f.scalar ? maps.multiply(t.weight, v) : maps.elementwise(v, t.weight);
        f.count = count;
        f.scalar = false;
    }

    /// f becomes M f for a matrix M of parameters.
    constexpr void apply(int matrix, const size_form& count, form& f) {
        for (linear_term& t : f.linear) {
            if (t.start >= 0) {
                if (const int d = maps.diagonal_of(matrix); d >= 0) {
                    t.map = maps.scale_rows(l.cut(d, t), t.map);
                    continue;
                }
                const size_form from = l.start_of(t);
                t.map = maps.apply(maps.columns(matrix, from, plus(from, t.map.rows)), t.map);
                t.start = -1;
            } else {
                t.map = maps.apply(matrix, t.map);
            }
        }
        for (constant_term& t : f.constant) t.node = maps.multiply(matrix, entries_of(t.node, f.count));
        for (quadratic_term& t : f.quadratic) t.weight = maps.multiply(matrix, entries_of(t.weight, f.count));
        f.count = count;
        f.scalar = false;
    }

    /// f becomes f[i], i the value of a number's slot.
    constexpr void entry(int number, form& f) {
        const auto pick = [&](int vector) { return maps.write(op::index, scalar_shape(), {vector, number}); };
        const size_form one = number_size(1);
        l.spread(f);
        for (linear_term& t : f.linear) {
            linear_map& m = t.map;
            if (m.kind == map_kind::column) {
                m.kind = map_kind::scaled;
                m.node = pick(m.node);
            } else if (lowering::is_square(m.kind) && t.slot < 0) {
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

    /// f, the entries of `matrix` row by row, becomes row i, i the value of a number's slot.
    constexpr void row(int matrix, int number, form& f) {
        const size_form count = shape_of(matrix).cols;
        const auto pick = [&](int i) {
            return maps.write(op::run_of_rows, {shape_of(i).rank, count, shape_of(i).cols}, {i, number});
        };
        l.spread(f);
        for (linear_term& t : f.linear) {
            linear_map& m = t.map;
            if (lowering::is_square(m.kind) && t.slot < 0) {
                if (m.kind == map_kind::diagonal) m.node = pick(m.node);
                m.cols = count;
                t.slot = p.nodes[static_cast<std::size_t>(number)].slot;
                t.counts_rows = matrix;
            } else {
                if (m.kind != map_kind::column) m = maps.densified(m);
                m.node = pick(m.node);
            }
            m.rows = count;
        }
        for (constant_term& t : f.constant)
            if (shape_of(t.node).rank > 0) t.node = pick(maps.flat(t.node));
        for (quadratic_term& t : f.quadratic)
            if (t.weight >= 0 && shape_of(t.weight).rank > 0) t.weight = pick(t.weight);
        f.count = count;
    }

    /// f, the rows of a matrix with `rows` of them, becomes the products of `matrix` with each.
    constexpr void of_each_row(int matrix, const size_form& rows, form& f) {
        const shape_form s = shape_of(matrix);
        const size_form count = product(rows, s.rows);
        apply(maps.write(op::kron_left, matrix_shape(count, product(rows, s.cols)), {matrix}, {}, rows), count, f);
    }

    constexpr int diagonal_picks(const size_form& n) {
        return maps.write(op::diagonal_picks, matrix_shape(n, product(n, n)), {});
    }

    /// f becomes f / n.
    constexpr void divide(const size_form& n, form& f) {
        if (n.count > 0 || n.constant == 0)
            return scale(maps.write(op::divide, scalar_shape(), {maps.one(), maps.count(n)}), f.count, f);
        for (linear_term& t : f.linear) t.map.scale /= n.constant;
        for (constant_term& t : f.constant) t.scale /= n.constant;
        for (quadratic_term& t : f.quadratic) t.scale /= n.constant;
    }

    /// f becomes f[0], f[0] + f[1], ...
    constexpr void cumulate(form& f) {
        const auto sums = [&](int i) { return maps.write(op::cumsum, shape_of(i), {i}); };
        l.spread(f);
        for (linear_term& t : f.linear) {
            linear_map& m = t.map;
            if (lowering::is_square(m.kind)) {
                m = maps.apply(maps.write(op::lower_ones, matrix_shape(f.count, f.count), {}), m);
            } else {
                if (m.kind != map_kind::column) m = maps.densified(m);
                m.node = sums(m.node);
            }
        }
        for (constant_term& t : f.constant) t.node = sums(maps.spread(t.node, f.count));
        for (quadratic_term& t : f.quadratic)
            t.weight = sums(t.weight < 0 ? maps.ones(f.count) : maps.spread(t.weight, f.count));
    }

    /// f becomes the same `count` entries, which may be written as another size.
    constexpr void reshape(const size_form& count, form& f) {
        if (f.scalar) l.broadcast(f, count);
        for (linear_term& t : f.linear)
            if (t.start < 0) t.map.rows = count;
        for (constant_term& t : f.constant) t.node = maps.flat(t.node);
        f.count = count;
        f.scalar = false;
    }

    program& p;
};

} // namespace optnet::dsl
