// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linear maps with structure: what stands before a variable, as a kind and a node of parameters that holds its numbers.
// Products of maps keep the structure where there is one; everything else becomes dense.

#include "optnet/dsl/layout.hpp"
#include "optnet/dsl/size_algebra.hpp"

#include <initializer_list>

namespace optnet::dsl {

enum class map_kind : unsigned char {
    identity, ///< no node
    scaled,   ///< a scalar times the identity
    diagonal, ///< node: the diagonal, a vector
    banded,   ///< node: [rows, last - first + 1]
    row,      ///< rows = 1; node: a vector of `cols`
    column,   ///< cols = 1; node: a vector of `rows`
    dense,    ///< node: [rows, cols]
};

/// scale * value(factor) * M; `factor` is a node made of numbers, -1: one.
struct linear_map {
    map_kind kind = map_kind::identity;
    size_form rows, cols;
    int node = -1;
    int first = 0, last = 0; ///< banded
    double scale = 1;
    int factor = -1;
};

/// Writes nodes behind those of the user's program.
class node_writer {
public:
    constexpr explicit node_writer(program& into) : p(into) {}

    constexpr const node& at(int i) const { return p.nodes[static_cast<std::size_t>(i)]; }
    constexpr int argument(int i, int k) const {
        return p.arguments[static_cast<std::size_t>(at(i).first_argument + k)];
    }

    constexpr int write(op code, const shape_form& shape, std::initializer_list<int> arguments,
                        const size_form& from = {}, const size_form& to = {}, int slot = -1, int other = 0) {
        node n;
        n.code = code;
        n.shape = shape;
        n.first_argument = static_cast<int>(p.arguments.size());
        n.argument_count = static_cast<int>(arguments.size());
        n.from = from;
        n.to = to;
        n.slot = slot;
        n.other = other;
        for (const int a : arguments) {
            p.arguments.push_back(a);
            n.has_parameters = n.has_parameters || at(a).has_parameters;
        }
        p.nodes.push_back(n);
        return static_cast<int>(p.nodes.size()) - 1;
    }

    constexpr bool only_numbers(int i) const { return made_of_numbers(p, i); }

    constexpr int ones(const size_form& n) { return write(op::ones, vector_shape(n), {}); }
    constexpr int one() { return write(op::ones, scalar_shape(), {}); }
    /// Of `count` entries row by row, which are the last ones of rows of `cols`.
    constexpr int row_ends(const size_form& count, const size_form& cols) {
        return write(op::row_ends, vector_shape(count), {}, {}, cols);
    }
    /// The number n as a scalar.
    constexpr int count(const size_form& n) { return write(op::count, scalar_shape(), {ones(n)}); }
    constexpr int multiply(int a, int b) {
        const shape_form &s = at(a).shape, &t = at(b).shape;
        const shape_form made = s.rank == 0   ? t
                                : t.rank == 0 ? s
                                : t.rank == 1 ? vector_shape(s.rows)
                                              : matrix_shape(s.rows, t.cols);
        return write(op::multiply, made, {a, b});
    }
    constexpr int elementwise(int a, int b) { return write(op::elementwise, at(a).shape, {a, b}); }
    constexpr int transpose(int a) {
        return write(op::transpose, matrix_shape(at(a).shape.cols, at(a).shape.rows), {a});
    }
    constexpr int dot(int a, int b) { return write(op::dot, scalar_shape(), {a, b}); }
    /// A vector of the entries: a matrix row by row, a vector as it is.
    constexpr int flat(int a) {
        return at(a).shape.rank == 2 ? write(op::flat, vector_shape(entries(at(a).shape)), {a}) : a;
    }
    /// A vector of `n` entries from a scalar, which they all are, or from a vector or matrix of as many.
    constexpr int spread(int a, const size_form& n) { return at(a).shape.rank == 0 ? multiply(a, ones(n)) : flat(a); }
    /// Rows from, ..., to - 1 and columns from, ..., to - 1 of a matrix.
    constexpr int rows(int a, const size_form& from, const size_form& to) {
        return write(op::rows, matrix_shape(minus(to, from), at(a).shape.cols), {a}, from, to);
    }
    constexpr int columns(int a, const size_form& from, const size_form& to) {
        return write(op::columns, matrix_shape(at(a).shape.rows, minus(to, from)), {a}, from, to);
    }
    /// The [n, n] matrix of ones on the diagonal.
    constexpr int identity_matrix(const size_form& n) { return write(op::diagonal, matrix_shape(n, n), {ones(n)}); }
    constexpr int negate(int a) { return write(op::negate, at(a).shape, {a}); }
    constexpr int add(int a, int b) {
        return write(op::add, at(a).shape.rank == 0 ? at(b).shape : at(a).shape, {a, b});
    }

    /// The matrix that sums a dimension of an [m, n] matrix, of its entries row by row: 1' kron I, or I kron 1'.
    constexpr int summation(int dimension, const size_form& m, const size_form& n) {
        const bool down = dimension == 0;
        const int all = ones(down ? m : n);
        const int row = write(op::row_matrix, matrix_shape(number_size(1), down ? m : n), {all});
        return write(down ? op::kron_right : op::kron_left, matrix_shape(down ? n : m, product(m, n)), {row}, {},
                     down ? n : m);
    }

    /// The diagonal of a matrix that is diagonal by its making; -1 for others.
    constexpr int diagonal_of(int matrix) {
        const node n = at(matrix);
        if (n.code == op::diagonal) return argument(matrix, 0);
        if (n.code == op::parameter && p.parameters[static_cast<std::size_t>(n.name)].given == promise::diagonal)
            return write(op::diagonal_entries, vector_shape(n.shape.rows), {matrix});
        if (n.code == op::transpose) return diagonal_of(argument(matrix, 0));
        if (n.code == op::negate) {
            const int d = diagonal_of(argument(matrix, 0));
            return d < 0 ? -1 : negate(d);
        }
        if (n.code == op::multiply) {
            const int a = argument(matrix, 0), b = argument(matrix, 1);
            const bool first = at(a).shape.rank == 0;
            if (!first && at(b).shape.rank != 0) return -1;
            const int d = diagonal_of(first ? b : a);
            return d < 0 ? -1 : multiply(first ? a : b, d);
        }
        return -1;
    }

    /// The scalar that all entries of a vector are, where it is made of ones; -1 for others.
    constexpr int scalar_of(int vector) {
        const node n = at(vector);
        if (n.shape.rank == 0) return vector;
        if (n.code == op::ones) return one();
        if (n.code != op::multiply && n.code != op::elementwise) return -1;
        const int a = argument(vector, 0), b = argument(vector, 1);
        if (at(a).shape.rank == 2 || at(b).shape.rank == 2) return -1;
        const int first = scalar_of(a), second = first < 0 ? -1 : scalar_of(b);
        if (second < 0) return -1;
        if (at(first).code == op::ones) return second;
        return at(second).code == op::ones ? first : multiply(first, second);
    }

private:
    program& p;
};

/// Products of maps. Scale and factor of both operands go on to the result.
class map_algebra : public node_writer {
public:
    using node_writer::node_writer;

    static constexpr linear_map identity(const size_form& n) { return {map_kind::identity, n, n}; }

    /// A scalar before a map: made of numbers, it is a factor; else it goes into the node.
    constexpr linear_map scale(int scalar, linear_map m) {
        if (only_numbers(scalar)) {
            m.factor = both(m.factor, scalar);
        } else if (m.kind == map_kind::identity) {
            m.kind = map_kind::scaled;
            m.node = scalar;
        } else {
            m.node = multiply(scalar, m.node);
        }
        return m;
    }

    /// Product of two factors, each -1 for one.
    constexpr int both(int a, int b) { return a < 0 ? b : b < 0 ? a : multiply(a, b); }

    /// The same map, dense.
    constexpr linear_map densified(linear_map m) {
        switch (m.kind) {
        case map_kind::identity: m.node = write(op::diagonal, matrix_shape(m.rows, m.cols), {ones(m.rows)}); break;
        case map_kind::scaled:
            m.node = multiply(m.node, write(op::diagonal, matrix_shape(m.rows, m.cols), {ones(m.rows)}));
            break;
        case map_kind::diagonal: m.node = write(op::diagonal, matrix_shape(m.rows, m.cols), {m.node}); break;
        case map_kind::banded:
            m.node = write(op::band_to_dense, matrix_shape(m.rows, m.cols), {m.node}, {}, m.cols, m.first);
            break;
        case map_kind::row: m.node = write(op::row_matrix, matrix_shape(m.rows, m.cols), {m.node}); break;
        case map_kind::column: m.node = write(op::column_matrix, matrix_shape(m.rows, m.cols), {m.node}); break;
        case map_kind::dense: break;
        }
        m.kind = map_kind::dense;
        return m;
    }

    /// diag(v) M.
    constexpr linear_map scale_rows(int v, linear_map m) {
        switch (m.kind) {
        case map_kind::identity:
            m.kind = map_kind::diagonal;
            m.node = v;
            break;
        case map_kind::scaled:
            m.kind = map_kind::diagonal;
            m.node = multiply(m.node, v);
            break;
        case map_kind::diagonal:
        case map_kind::column: m.node = elementwise(v, m.node); break;
        case map_kind::row:
            return dense_product(write(op::column_matrix, matrix_shape(m.rows, number_size(1)), {v}), m);
        case map_kind::banded:
        case map_kind::dense: m.node = write(op::scale_rows, at(m.node).shape, {v, m.node}); break;
        }
        return m;
    }

    /// D M for a matrix D of parameters.
    constexpr linear_map apply(int matrix, const linear_map& m) {
        const int d = diagonal_of(matrix);
        return d >= 0 ? scale_rows(d, m) : dense_product(matrix, m);
    }

    /// c'M for a vector c.
    constexpr linear_map row_product(int c, linear_map m) {
        switch (m.kind) {
        case map_kind::identity: m.node = c; break;
        case map_kind::scaled: m.node = multiply(m.node, c); break;
        case map_kind::diagonal: m.node = elementwise(c, m.node); break;
        case map_kind::column:
            return {map_kind::scaled, number_size(1), number_size(1), dot(c, m.node), 0, 0, m.scale, m.factor};
        case map_kind::row: m.node = multiply(write(op::sum, scalar_shape(), {c}), m.node); break;
        case map_kind::banded:
        case map_kind::dense: m.node = multiply(transpose(densified(m).node), c); break;
        }
        m.kind = map_kind::row;
        m.rows = number_size(1);
        return m;
    }

    /// c u for a vector c and a map u of one row.
    constexpr linear_map column_product(int c, linear_map m) {
        const size_form n = at(c).shape.rows;
        if (is_one(m.cols) && (m.kind == map_kind::identity || m.kind == map_kind::scaled)) {
            m.node = m.kind == map_kind::identity ? c : multiply(m.node, c);
            m.kind = map_kind::column;
        } else if (m.kind == map_kind::row) {
            m.node = write(op::outer, matrix_shape(n, m.cols), {c, m.node});
            m.kind = map_kind::dense;
        } else {
            m.node = multiply(write(op::column_matrix, matrix_shape(n, number_size(1)), {c}), densified(m).node);
            m.kind = map_kind::dense;
        }
        m.rows = n;
        return m;
    }

    /// M'v for a vector v (a scalar where M has one row); the map's scale and factor are left out.
    constexpr int adjoint(const linear_map& m, int v) {
        switch (m.kind) {
        case map_kind::identity: return v;
        case map_kind::scaled: return multiply(m.node, v);
        case map_kind::diagonal: return elementwise(m.node, v);
        case map_kind::row: return multiply(v, m.node);
        case map_kind::column: return dot(m.node, v);
        case map_kind::banded:
        case map_kind::dense: return multiply(transpose(densified(m).node), v);
        }
        return v;
    }

    /// A'B, where A and B have the same rows. For A banded and B identity or diagonal the transpose is returned
    /// (`transposed`): it is as good in a quadratic form, and has a kind.
    struct gram_map {
        linear_map map;
        bool transposed = false;
    };
    constexpr gram_map gram(const linear_map& a, const linear_map& b) {
        const auto square = [](const linear_map& m) {
            return m.kind == map_kind::identity || m.kind == map_kind::scaled || m.kind == map_kind::diagonal;
        };
        linear_map m = b;
        m.scale = a.scale * b.scale;
        m.factor = both(a.factor, b.factor);
        const auto with_scale_of_both = [&](linear_map made) {
            made.scale = m.scale;
            made.factor = m.factor;
            return made;
        };
        if (a.kind == map_kind::identity) return {m, false};
        if (b.kind == map_kind::identity && square(a)) return {with_scale_of_both(a), false};
        if (a.kind == map_kind::scaled) return {with_scale_of_both(plain_scale(a.node, m)), false};
        if (a.kind == map_kind::diagonal) return {with_scale_of_both(scale_rows(a.node, m)), false};
        if (square(b)) {
            const gram_map other = gram(b, a);
            return {other.map, true};
        }
        if (a.kind == map_kind::banded && b.kind == map_kind::banded) {
            m.rows = a.cols;
            m.first = b.first - a.last;
            m.last = b.last - a.first;
            m.node = write(op::band_gram, matrix_shape(a.cols, number_size(m.last - m.first + 1)), {a.node, b.node}, {},
                           {}, a.first, b.first);
            return {m, false};
        }
        if (a.kind == map_kind::row && b.kind == map_kind::row) {
            m.node = write(op::outer, matrix_shape(a.cols, b.cols), {a.node, b.node});
        } else if (a.kind == map_kind::column && b.kind == map_kind::column) {
            m.node = dot(a.node, b.node);
            m.kind = map_kind::scaled;
            m.rows = m.cols = number_size(1);
            return {m, false};
        } else {
            m.node = multiply(transpose(densified(a).node), densified(b).node);
        }
        m.kind = map_kind::dense;
        m.rows = a.cols;
        return {m, false};
    }

private:
    constexpr linear_map plain_scale(int scalar, linear_map m) {
        m.node = m.kind == map_kind::identity ? scalar : multiply(scalar, m.node);
        if (m.kind == map_kind::identity) m.kind = map_kind::scaled;
        return m;
    }

    constexpr linear_map dense_product(int matrix, linear_map m) {
        const size_form rows = at(matrix).shape.rows;
        switch (m.kind) {
        case map_kind::identity: m.node = matrix; break;
        case map_kind::scaled: m.node = multiply(m.node, matrix); break;
        case map_kind::diagonal: m.node = write(op::scale_cols, at(matrix).shape, {matrix, m.node}); break;
        case map_kind::column:
            m.node = multiply(matrix, m.node);
            m.rows = rows;
            return m;
        case map_kind::banded:
        case map_kind::row:
        case map_kind::dense: m.node = multiply(matrix, densified(m).node); break;
        }
        m.kind = map_kind::dense;
        m.rows = rows;
        return m;
    }
};

} // namespace optnet::dsl
