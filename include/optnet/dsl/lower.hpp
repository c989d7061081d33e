// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the flat program to the block table. Ordinary functions of plain data, run by the compiler for `table_of` and
// callable at run time with the same result.

#include "optnet/dsl/canonical.hpp"
#include "optnet/dsl/problem.hpp"
#include "optnet/dsl/storage.hpp"

namespace optnet::dsl {

/// Writes the canonical objective and constraints into the block table.
class table_writer {
public:
    constexpr explicit table_writer(layout& into) : out(into), c(into) {}

    constexpr void run() {
        for (std::size_t v = 0; v < out.of.variables.size(); ++v)
            out.columns.push_back({static_cast<int>(v), entries(out.of.variables[v].shape)});
        // Rows of constraints stand before rows of epigraphs, so their groups are made first and get their kind later.
        const std::size_t count = out.of.constraints.size();
        for (std::size_t i = 0; i < count; ++i) {
            const constraint& made = out.of.constraints[i];
            const shape_form left = c.shape_of(made.left), right = c.shape_of(made.right);
            out.rows.push_back({made.kind == relation::equal ? solver::matrix::A : solver::matrix::G,
                                solver::row_kind::general, entries(left.rank == 0 ? right : left), static_cast<int>(i),
                                -1, false});
        }
        form objective;
        c.canonical(out.of.objective, objective);
        if (out.of.maximize) lowering::negate(objective);
        write_objective(objective);
        for (std::size_t i = 0; i < count; ++i) write_constraint(i);
    }

private:
    constexpr void write_objective(const form& f) {
        for (const linear_term& t : f.linear)
            if (t.squares < 0)
                write_q(t, row_of(t.map), t.map.scale, t.map.factor);
            else
                write_squares(t);
        for (const constant_term& t : f.constant) write_offset(t.node, t.scale, t.factor);
        for (const quadratic_term& t : f.quadratic) write_quadratic(t);
    }

    /// The one row of a map, as a vector or a scalar.
    constexpr int row_of(const linear_map& m) {
        if (m.kind == map_kind::identity) return c.maps.one();
        return m.kind == map_kind::dense || m.kind == map_kind::banded ? c.maps.flat(c.maps.densified(m).node) : m.node;
    }

    /// c'(u o u) is u' diag(c) u.
    constexpr void write_squares(const linear_term& t) {
        form u = c.l.squared[static_cast<std::size_t>(t.squares)];
        c.cut(t, u);
        int weights = row_of(t.map);
        if (u.scalar && c.shape_of(weights).rank > 0) weights = c.maps.write(op::sum, scalar_shape(), {weights});
        const int all = c.maps.scalar_of(weights);
        quadratic_term q;
        c.l.squared.push_back(u);
        q.argument = static_cast<int>(c.l.squared.size()) - 1;
        q.scale = t.map.scale;
        q.factor = t.map.factor;
        if (all < 0)
            q.matrix = c.maps.write(op::diagonal, matrix_shape(u.count, u.count), {weights});
        else if (c.maps.at(all).code != op::ones && c.maps.only_numbers(all))
            q.factor = c.maps.both(q.factor, all);
        else if (c.maps.at(all).code != op::ones)
            q.weight = all;
        write_quadratic(q);
    }

    constexpr void write_q(const linear_term& t, int node, double scale, int factor) {
        out.vectors.push_back({vector_of::q, lowering::place_of(t), t.map.cols, node, scale, factor});
    }
    constexpr void write_offset(int node, double scale, int factor) {
        out.vectors.push_back({vector_of::offset, {}, number_size(1), node, scale, factor});
    }

    /// w u'Pu with u = sum M z + d: blocks 2w M'PM of Q, 2w M'Pd of q, w d'Pd of the offset. Off the diagonal and in q
    /// it needs the symmetric part of P, which nobody has to bind symmetric: (P + P') / 2.
    constexpr void write_quadratic(const quadratic_term& t) {
        form u = c.l.squared[static_cast<std::size_t>(t.argument)];
        map_algebra& maps = c.maps;
        const bool by_entries = t.matrix < 0 || maps.diagonal_of(t.matrix) >= 0;
        if (by_entries && !apart(u)) c.l.spread(u);
        quadratic_term symmetric = t;
        if (!by_entries && u.linear.size() + u.constant.size() > 1) {
            symmetric.matrix = maps.add(t.matrix, maps.transpose(t.matrix));
            symmetric.scale = t.scale / 2;
        }
        for (std::size_t j = 0; j < u.linear.size(); ++j)
            for (std::size_t k = j; k < u.linear.size(); ++k) {
                if (by_entries && c.l.start_of(u.linear[j]) != c.l.start_of(u.linear[k]))
                    continue; // no entry in common
                write_gram(j == k ? t : symmetric, u.linear[j], u.linear[k], j == k);
            }
        const auto weighted = [&](int node) { return t.weight < 0 ? node : maps.multiply(t.weight, node); };
        for (const constant_term& d : u.constant) {
            const int vector = u.scalar ? d.node : c.entries_of(d.node, u.count);
            const int under = t.matrix < 0 ? vector : maps.multiply(symmetric.matrix, vector);
            const double scale = symmetric.scale * d.scale;
            const int factor = maps.both(t.factor, d.factor);
            for (const linear_term& each : u.linear) {
                if (by_entries && c.l.misses(vector, each)) continue;
                write_q(each, weighted(maps.adjoint(each.map, c.l.cut(under, each))), 2 * scale * each.map.scale,
                        maps.both(factor, each.map.factor));
            }
            for (const constant_term& e : u.constant) {
                const int other = u.scalar ? e.node : c.entries_of(e.node, u.count);
                write_offset(weighted(u.scalar ? maps.multiply(other, under) : maps.dot(other, under)), scale * e.scale,
                             maps.both(factor, e.factor));
            }
        }
    }

    /// Whether any two terms act on the same entries, all of them or the same part of a stack, or have none in common
    /// because their parts lie one behind the other.
    constexpr bool apart(const form& u) const {
        for (std::size_t j = 0; j < u.linear.size(); ++j)
            for (std::size_t k = 0; k < j; ++k) {
                const linear_term &first = u.linear[k], &second = u.linear[j];
                if (first.start < 0 && second.start < 0) continue;
                const size_form a = c.l.start_of(first), b = c.l.start_of(second);
                const bool same = a == b && first.map.rows == second.map.rows;
                if (!same && !ends_before(plus(a, first.map.rows), b) && !ends_before(plus(b, second.map.rows), a))
                    return false;
            }
        return true;
    }

    /// Of a matrix between two terms what stands between their parts.
    constexpr int piece(int matrix, const linear_term& left, const linear_term& right) {
        if (left.start < 0 && right.start < 0) return matrix;
        map_algebra& maps = c.maps;
        if (const int d = maps.diagonal_of(matrix); d >= 0)
            return maps.write(op::diagonal, matrix_shape(right.map.rows, right.map.rows), {c.l.cut(d, right)});
        const auto end = [&](const linear_term& t) { return plus(c.l.start_of(t), t.map.rows); };
        if (left.start >= 0) matrix = maps.rows(matrix, c.l.start_of(left), end(left));
        return right.start < 0 ? matrix : maps.columns(matrix, c.l.start_of(right), end(right));
    }

    /// The solver takes the symmetric part of Q, so a block off the diagonal stands for two.
    constexpr void write_gram(const quadratic_term& t, const linear_term& left, const linear_term& right, bool same) {
        map_algebra& maps = c.maps;
        auto [map, transposed] =
            maps.gram(left.map, t.matrix < 0 ? right.map : maps.apply(piece(t.matrix, left, right), right.map));
        if (t.weight >= 0) map = maps.scale(t.weight, map);
        map.factor = maps.both(map.factor, t.factor);
        map.scale *= (same ? 2 : 4) * t.scale;
        block b = lowering::block_of(solver::matrix::Q, map);
        const linear_term &row = transposed ? right : left, &col = transposed ? left : right;
        b.row = lowering::place_of(row);
        b.col = lowering::place_of(col);
        out.blocks.push_back(b);
    }

    constexpr void write_constraint(std::size_t i) {
        const constraint made = out.of.constraints[i];
        form difference, right;
        c.canonical(made.left, difference);
        c.canonical(made.right, right);
        c.l.add(difference, right, true);
        const solver::matrix where = out.rows[i].where;
        out.rows[i].kind = c.l.kind_of_rows(where, difference);
        c.l.rows(difference, where, static_cast<int>(i), where == solver::matrix::A ? vector_of::b : vector_of::h,
                 false, 1);
    }

    layout& out;
    canonicalizer c;
};

/// The block table of a program.
constexpr layout lower(const program& p) {
    layout out;
    out.of.nodes.reserve(4 * p.nodes.size());
    out.of.arguments.reserve(4 * p.nodes.size());
    out.of = p;
    table_writer(out).run();
    return out;
}

/// The table of a problem's type, made by the compiler, one per type.
template <class Problem>
inline constexpr auto table_storage = freeze<[] { return lower(flatten_problem<Problem>()); }>();

template <class Problem> inline constexpr table table_of = table_storage<Problem>.view();

/// The block table of a problem's type, after the last checks.
template <class Problem> constexpr const table& lower() {
    check_names<Problem>();
    constexpr int unknown = offences_of<Problem>.size;
    if constexpr (unknown >= 0)
        this_size_stands_alone_in_no_parameter<name_of([](program&, printer<program>& into) {
            into.append(flatten_problem<Problem>().symbols[static_cast<std::size_t>(unknown)]);
        })>();
    return table_of<Problem>;
}

} // namespace optnet::dsl
