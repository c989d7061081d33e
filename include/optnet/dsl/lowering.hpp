// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an atom's graph form is written with: affine forms of the columns, new epigraph columns, new rows.

#include "optnet/dsl/maps.hpp"

namespace optnet::dsl {

/// map * (entries of `column` from `offset`, or from offset + the number in `slot`, see `place`); or the same of the
/// squares of a form's entries, which are no column but are taken apart and together like one. They end in the
/// objective alone.
struct linear_term {
    int column = -1;
    size_form offset;
    int slot = -1;
    linear_map map;
    int squares = -1; ///< into lowering::squared, where there is no column
    int counts_rows = -1;
    int start = -1; ///< into lowering::starts: of a part of a stack, the first of its entries; -1: the map has them all
};

/// scale * value(factor) * value(node); a scalar node stands for all entries.
struct constant_term {
    int node = -1;
    double scale = 1;
    int factor = -1;
};

/// scale * value(factor) * value(weight) * u'Pu; weight (one per entry of the expression) -1: one; matrix P -1:
/// identity.
struct quadratic_term {
    int argument = -1; ///< u: into lowering::squared
    int matrix = -1;
    int weight = -1;
    double scale = 1;
    int factor = -1;
};

/// An expression after its atoms became columns and rows: the sum of these terms, `count` entries.
struct form {
    size_form count;
    bool scalar = true;
    std::vector<linear_term> linear;
    std::vector<constant_term> constant;
    std::vector<quadratic_term> quadratic;
};

class lowering {
public:
    constexpr explicit lowering(layout& into) : out(into), maps(into.of) {}

    /// f = u'Pu; P -1: identity.
    constexpr void quadratic(const form& u, int matrix, form& f) {
        squared.push_back(u);
        f.quadratic.push_back({static_cast<int>(squared.size()) - 1, matrix});
    }

    /// f = the squares of u, entry by entry.
    constexpr void squares(const form& u, form& f) {
        squared.push_back(u);
        f.linear.push_back({-1, {}, -1, map_algebra::identity(u.count), static_cast<int>(squared.size()) - 1});
    }

    /// New columns: t is one for each of its entries.
    constexpr void epigraph(form& t) {
        out.columns.push_back({-1, t.count});
        t.linear.push_back({static_cast<int>(out.columns.size()) - 1, {}, -1, map_algebra::identity(t.count)});
    }

    /// f times a number.
    static constexpr void scale(double number, form& f) {
        for (linear_term& t : f.linear) t.map.scale *= number;
        for (constant_term& t : f.constant) t.scale *= number;
    }

    /// f times a node made of numbers.
    constexpr void weigh(int number, form& f) {
        for (linear_term& t : f.linear) t.map.factor = maps.both(t.map.factor, number);
        for (constant_term& t : f.constant) t.factor = maps.both(t.factor, number);
    }

    static constexpr void negate(form& f) {
        for (linear_term& t : f.linear) t.map.scale = -t.map.scale;
        for (constant_term& t : f.constant) t.scale = -t.scale;
        for (quadratic_term& t : f.quadratic) t.scale = -t.scale;
    }

    /// a += b, or a -= b; a scalar is broadcast.
    constexpr void add(form& a, const form& given, bool subtract = false) {
        form b = given;
        if (subtract) negate(b);
        if (a.scalar && !b.scalar) broadcast(a, b.count);
        if (b.scalar && !a.scalar) broadcast(b, a.count);
        for (const linear_term& t : b.linear) a.linear.push_back(t);
        for (const constant_term& t : b.constant) a.constant.push_back(t);
        for (const quadratic_term& t : b.quadratic) a.quadratic.push_back(t);
    }

    /// f becomes the sum of its entries.
    constexpr void total(form& f) {
        if (!f.scalar) pair(maps.ones(f.count), f);
    }

    /// f becomes c'f, for a vector c of parameters.
    constexpr void pair(int c, form& f) {
        for (linear_term& t : f.linear) {
            t.map = maps.row_product(cut(c, t), t.map);
            t.start = -1;
        }
        for (constant_term& t : f.constant)
            t.node = maps.at(t.node).shape.rank == 0 ? maps.multiply(maps.write(op::sum, scalar_shape(), {c}), t.node)
                                                     : maps.dot(c, maps.flat(t.node));
        for (quadratic_term& t : f.quadratic)
            t.weight = t.weight < 0 || maps.at(t.weight).shape.rank == 0 ? t.weight : maps.dot(c, t.weight);
        f.count = number_size(1);
        f.scalar = true;
    }

    /// Where the entries of a term begin.
    constexpr size_form start_of(const linear_term& t) const {
        return t.start < 0 ? size_form{} : starts[static_cast<std::size_t>(t.start)];
    }

    /// Of a vector with an entry for each of the form those of the term.
    constexpr int cut(int vector, const linear_term& t) {
        if (t.start < 0) return vector;
        if (maps.at(vector).code == op::ones) return maps.ones(t.map.rows);
        const size_form from = start_of(t);
        const node n = maps.at(vector);
        if (n.code == op::placed && n.from == from && maps.at(maps.argument(vector, 0)).shape.rows == t.map.rows)
            return maps.argument(vector, 0);
        return maps.write(op::slice, vector_shape(t.map.rows), {vector}, from, plus(from, t.map.rows));
    }

    /// Whether a vector is seen to be 0 in all entries of the term: it is placed before or behind them.
    constexpr bool misses(int vector, const linear_term& t) const {
        const node& n = maps.at(vector);
        if (t.start < 0 || n.code != op::placed) return false;
        const size_form rows = maps.at(maps.argument(vector, 0)).shape.rows;
        return ends_before(plus(n.from, rows), start_of(t)) || ends_before(plus(start_of(t), t.map.rows), n.from);
    }

    /// Terms with a map for every entry of the form, for what cannot take them by parts.
    constexpr void spread(form& f) {
        for (linear_term& t : f.linear) {
            if (t.start < 0) continue;
            if (t.map.kind != map_kind::column) t.map = maps.densified(t.map);
            t.map.node = placed(t.map.node, start_of(t), f.count);
            t.map.rows = f.count;
            t.start = -1;
        }
    }

    /// The entries of `part` become those of f from `start` on; the others do not change.
    constexpr void stack(const form& part, const size_form& start, form& f) {
        for (linear_term t : part.linear) {
            starts.push_back(plus(start, start_of(t)));
            t.start = static_cast<int>(starts.size()) - 1;
            f.linear.push_back(t);
        }
        for (constant_term t : part.constant) {
            t.node = placed(maps.spread(t.node, part.count), start, f.count);
            f.constant.push_back(t);
        }
        for (quadratic_term t : part.quadratic) {
            t.weight = placed(t.weight < 0 ? maps.ones(part.count) : maps.spread(t.weight, part.count), start, f.count);
            f.quadratic.push_back(t);
        }
    }

    constexpr void broadcast(form& f, const size_form& count) {
        const int ones = maps.ones(count);
        for (linear_term& t : f.linear) t.map = maps.column_product(ones, t.map);
        for (quadratic_term& t : f.quadratic) t.weight = t.weight < 0 ? ones : maps.multiply(t.weight, ones);
        f.count = count;
        f.scalar = false;
    }

    static constexpr bool is_square(map_kind k) {
        return k == map_kind::identity || k == map_kind::scaled || k == map_kind::diagonal;
    }

    /// f becomes f[from], ..., f[to - 1].
    constexpr void part(const size_form& from, const size_form& to, form& f) {
        const size_form count = minus(to, from);
        const auto cut = [&](int i, const shape_form& shape) { return maps.write(op::slice, shape, {i}, from, to); };
        spread(f);
        for (linear_term& t : f.linear) {
            linear_map& m = t.map;
            const bool square = is_square(m.kind);
            if (m.kind == map_kind::diagonal || m.kind == map_kind::column) m.node = cut(m.node, vector_shape(count));
            if (square) {
                t.offset = plus(t.offset, from);
                m.cols = count;
            } else if (m.kind == map_kind::banded && m.first >= 0) {
                m.node = cut(m.node, matrix_shape(count, number_size(m.last - m.first + 1)));
                t.offset = plus(t.offset, from);
                m.cols = plus(count, number_size(m.last));
            } else if (m.kind != map_kind::column) {
                m = maps.densified(m);
                m.node = cut(m.node, matrix_shape(count, m.cols));
            }
            m.rows = count;
        }
        for (constant_term& t : f.constant)
            if (maps.at(t.node).shape.rank > 0) t.node = cut(maps.flat(t.node), vector_shape(count));
        for (quadratic_term& t : f.quadratic)
            if (t.weight >= 0 && maps.at(t.weight).shape.rank > 0) t.weight = cut(t.weight, vector_shape(count));
        f.count = count;
    }

    /// f becomes f[1] - f[0], ...; `count` of them.
    constexpr void differences(const size_form& count, form& f) {
        spread(f);
        for (linear_term& t : f.linear) {
            linear_map& m = t.map;
            if (m.kind == map_kind::identity || m.kind == map_kind::scaled) {
                const int band = maps.write(op::difference_band, matrix_shape(count, number_size(2)), {});
                m.node = m.kind == map_kind::identity ? band : maps.multiply(m.node, band);
                m.kind = map_kind::banded;
                m.first = 0;
                m.last = 1;
            } else if (m.kind == map_kind::column) {
                m.node = maps.write(op::diff, vector_shape(count), {m.node});
            } else {
                m = maps.densified(m);
                m.node = maps.write(op::diff, matrix_shape(count, m.cols), {m.node});
            }
            m.rows = count;
        }
        std::vector<constant_term> kept;
        for (constant_term t : f.constant) {
            if (maps.at(t.node).shape.rank == 0) continue; // the same for all entries
            t.node = maps.write(op::diff, vector_shape(count), {t.node});
            kept.push_back(t);
        }
        f.constant = kept;
        f.count = count;
    }

    /// f <= 0, entry by entry, in rows of their own.
    constexpr void at_most_zero(const form& f) {
        const int group = static_cast<int>(out.rows.size());
        out.rows.push_back({solver::matrix::G, kind_of_rows(solver::matrix::G, f), f.count, -1, -1, false});
        rows(f, solver::matrix::G, group, vector_of::h, false, 1);
    }

    /// x <= t, in rows of their own.
    constexpr void at_most(const form& x, const form& t) {
        form difference = x;
        add(difference, t, true);
        at_most_zero(difference);
    }

    /// New columns t with |u| <= t, as a pair of rows for each entry.
    constexpr void magnitude(const form& u, form& t) {
        t.count = u.count;
        t.scalar = u.scalar;
        epigraph(t);
        const int group = static_cast<int>(out.rows.size());
        out.rows.push_back({solver::matrix::G, solver::row_kind::epigraph, u.count, -1, t.linear[0].column, false});
        for (const bool second : {false, true}) {
            rows(u, solver::matrix::G, group, vector_of::h, second, second ? -1 : 1);
            rows(t, solver::matrix::G, group, vector_of::h, second, -1);
        }
    }

    /// One new column t with |u| <= t for every entry of u.
    constexpr void largest_magnitude(const form& u, form& t) {
        epigraph(t);
        const int group = static_cast<int>(out.rows.size());
        out.rows.push_back({solver::matrix::G, solver::row_kind::epigraph, u.count, -1, t.linear[0].column, true});
        form beside = t;
        if (!u.scalar) broadcast(beside, u.count);
        for (const bool second : {false, true}) {
            rows(u, solver::matrix::G, group, vector_of::h, second, second ? -1 : 1);
            rows(beside, solver::matrix::G, group, vector_of::h, second, -1);
        }
    }

    /// Rows of G with one entry each are bounds.
    constexpr solver::row_kind kind_of_rows(solver::matrix where, const form& f) const {
        const auto one_entry = [](map_kind k) {
            return k == map_kind::identity || k == map_kind::scaled || k == map_kind::diagonal;
        };
        bool bound = where == solver::matrix::G && !f.linear.empty();
        for (std::size_t i = 0; i < f.linear.size() && bound; ++i) {
            const linear_term& t = f.linear[i];
            bound = one_entry(t.map.kind);
            // Parts of a stack have rows of their own if each begins where the one before it ends.
            if (i > 0)
                bound = bound && f.linear[i - 1].start >= 0 && t.start >= 0 &&
                        start_of(t) == plus(start_of(f.linear[i - 1]), f.linear[i - 1].map.rows);
        }
        return bound ? solver::row_kind::bound : solver::row_kind::general;
    }

    /// Writes sign * f <= 0 (or == 0) into the rows of `group`: its linear part to the left, its constant to the right.
    constexpr void rows(const form& f, solver::matrix where, int group, vector_of right, bool second, double sign) {
        for (const linear_term& t : f.linear) {
            block b = block_of(where, t.map);
            b.row = {group, start_of(t), -1, second};
            b.col = place_of(t);
            b.scale *= sign;
            out.blocks.push_back(b);
        }
        for (const constant_term& t : f.constant) {
            const node n = maps.at(t.node);
            if (n.code == op::placed) {
                const int part = maps.argument(t.node, 0);
                out.vectors.push_back(
                    {right, {group, n.from, -1, second}, maps.at(part).shape.rows, part, -sign * t.scale, t.factor});
            } else {
                out.vectors.push_back({right, {group, {}, -1, second}, f.count, t.node, -sign * t.scale, t.factor});
            }
        }
    }

    static constexpr dsl::place place_of(const linear_term& t) {
        return {t.column, t.offset, t.slot, false, t.counts_rows};
    }

    static constexpr block block_of(solver::matrix where, const linear_map& m) {
        block b;
        b.where = where;
        b.rows = m.rows;
        b.cols = m.cols;
        b.first = m.first;
        b.last = m.last;
        b.source = m.node;
        b.scale = m.scale;
        b.factor = m.factor;
        switch (m.kind) {
        case map_kind::identity: b.kind = solver::block_kind::identity; break;
        case map_kind::scaled: b.kind = solver::block_kind::scaled_identity; break;
        case map_kind::diagonal: b.kind = solver::block_kind::diagonal; break;
        case map_kind::banded: b.kind = solver::block_kind::banded; break;
        case map_kind::row:
        case map_kind::column:
        case map_kind::dense: b.kind = solver::block_kind::dense; break;
        }
        return b;
    }

private:
    /// Entries (of a matrix: rows) from `start` on, among `count` of which the others are 0.
    constexpr int placed(int node, const size_form& start, const size_form& count) {
        const shape_form shape = maps.at(node).shape;
        return maps.write(op::placed, {shape.rank, count, shape.cols}, {node}, start);
    }

public:
    layout& out;
    map_algebra maps;
    std::vector<size_form> starts;
    std::vector<form> squared; ///< arguments of quadratic terms and squares
};

} // namespace optnet::dsl
