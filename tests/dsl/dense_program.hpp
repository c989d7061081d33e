// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dense matrices that a block table describes, and the least values of its epigraph variables.

#include "dsl/node_evaluator.hpp"
#include "optnet/dsl/number_value.hpp"

namespace optnet::test {

/// minimize 1/2 z'Qz + q'z + offset subject to A z = b, G z <= h, assembled entry by entry from a table. Throws
/// std::logic_error for a block that leaves its matrix or whose numbers have not the shape that its kind says.
class dense_program {
public:
    dense_program(const dsl::table& of, const data& with) : t(of), given(with), nodes(of, with) {
        for (const dsl::column& c : t.columns) first_column.push_back(count(n, nodes.size(c.count)));
        for (const dsl::row_group& g : t.rows) {
            first_row.push_back(count(g.where == solver::matrix::A ? p : m, rows_of(g)));
        }
        Q = zeros(2, n, n), A = zeros(2, p, n), G = zeros(2, m, n);
        q = zeros(1, n, 1), b = zeros(1, p, 1), h = zeros(1, m, 1);
        for (const dsl::block& each : t.blocks) add(each);
        for (const dsl::vector_part& each : t.vectors) add(each);
        find_ends();
    }

    /// z of the variables as given and epigraph variables as small as their rows allow. An epigraph row belongs to the
    /// last column in it; columns without such a row are free, and best where those behind them cost least. `raised`:
    /// this entry of z stands 0.5 above its least or best value.
    dense_value point(int raised = -1) const {
        dense_value z = zeros(1, n, 1);
        for (std::size_t c = 0; c < t.columns.size(); ++c) {
            const int first = first_column[c], many = nodes.size(t.columns[c].count);
            if (t.columns[c].variable >= 0) {
                const auto& x = given.variables.at(static_cast<std::size_t>(t.columns[c].variable)).data;
                std::copy(x.begin(), x.end(), z.data.begin() + first);
                continue;
            }
            for (int j = first; j < first + many; ++j)
                z(j) = (free(j) ? best(j, z) : least(j, z)) + (j == raised ? 0.5 : 0.0);
        }
        return z;
    }

    /// Both halves of an epigraph pair count.
    int rows_of(const dsl::row_group& g) const {
        return nodes.size(g.count) * (g.kind == solver::row_kind::epigraph ? 2 : 1);
    }

    double objective(const dense_value& z) const {
        double value = offset;
        for (int i = 0; i < n; ++i) {
            value += q(i) * z(i);
            for (int j = 0; j < n; ++j) value += 0.5 * z(i) * Q(i, j) * z(j);
        }
        return t.maximize ? -value : value;
    }

    /// A z - b or G z - h in the rows of a group.
    dense_value residual(int group, const dense_value& z) const {
        const bool equal = t.rows[static_cast<std::size_t>(group)].where == solver::matrix::A;
        const int first = first_row[static_cast<std::size_t>(group)];
        dense_value r = zeros(1, nodes.size(t.rows[static_cast<std::size_t>(group)].count), 1);
        for (int i = 0; i < r.rows; ++i) {
            r(i) = -(equal ? b : h)(first + i);
            for (int j = 0; j < n; ++j) r(i) += (equal ? A : G)(first + i, j) * z(j);
        }
        return r;
    }

    int n = 0, p = 0, m = 0;
    double offset = 0;
    dense_value Q, q, A, b, G, h;
    std::vector<int> first_column, first_row;

private:
    static int count(int& so_far, int more) {
        so_far += more;
        return so_far - more;
    }

    int start(const dsl::place& at, const std::vector<int>& first) const {
        double slot = at.slot < 0 ? 0 : given.numbers.at(static_cast<std::size_t>(at.slot));
        if (at.counts_rows >= 0) slot *= nodes.size(t.nodes[static_cast<std::size_t>(at.counts_rows)].shape.cols);
        const auto group = static_cast<std::size_t>(at.group);
        const int half = at.second_half ? nodes.size(t.rows[group].count) : 0;
        return first.at(group) + half + nodes.size(at.offset) + static_cast<int>(slot);
    }

    double factor(double scale, int node) const { return scale * dsl::number_value(t, node, given.numbers); }

    void add(const dsl::block& each) {
        using solver::block_kind;
        const int rows = nodes.size(each.rows), cols = nodes.size(each.cols);
        const int row = start(each.row, each.where == solver::matrix::Q ? first_column : first_row);
        const int col = start(each.col, first_column);
        dense_value& into = each.where == solver::matrix::Q ? Q : each.where == solver::matrix::A ? A : G;
        const double scale = factor(each.scale, each.factor);
        const auto put = [&](int i, int j, double v) { into(row + i, col + j) += scale * v; };
        if (row < 0 || col < 0 || row + rows > into.rows || col + cols > into.cols)
            throw std::logic_error("a block leaves its matrix");
        if ((each.kind == block_kind::identity) != (each.source < 0))
            throw std::logic_error("an identity has no source, all others have one");
        const dense_value v = each.source < 0 ? scalar_value(1) : nodes.of(each.source);
        const bool square = rows == cols;
        switch (each.kind) {
        case block_kind::identity:
        case block_kind::scaled_identity:
            if (!square || v.rank != 0) throw std::logic_error("a scaled identity is square, its number a scalar");
            for (int i = 0; i < rows; ++i) put(i, i, v.data[0]);
            return;
        case block_kind::diagonal:
            if (!square || v.rank != 1 || v.rows != rows) throw std::logic_error("a diagonal is a vector");
            for (int i = 0; i < rows; ++i) put(i, i, v(i));
            return;
        case block_kind::banded:
            if (v.rank != 2 || v.rows != rows || v.cols != each.last - each.first + 1)
                throw std::logic_error("bands are [rows, width]");
            for (int i = 0; i < rows; ++i)
                for (int k = 0; k < v.cols; ++k) {
                    const int j = i + each.first + k;
                    if (j >= 0 && j < cols)
                        put(i, j, v(i, k));
                    else if (v(i, k) != 0)
                        throw std::logic_error("a band has numbers outside its block");
                }
            return;
        case block_kind::dense:
            // one row or one column may be a vector
            if (v.entries() != rows * cols || (v.rank == 2 && v.rows != rows) || (v.rank < 2 && rows != 1 && cols != 1))
                throw std::logic_error("a dense block is [rows, cols]");
            for (int i = 0; i < rows; ++i)
                for (int j = 0; j < cols; ++j) put(i, j, v.data[static_cast<std::size_t>(i * cols + j)]);
            return;
        case block_kind::sparse: throw std::logic_error("the language makes no sparse blocks");
        }
    }

    void add(const dsl::vector_part& each) {
        const dense_value v = nodes.of(each.source);
        const double scale = factor(each.scale, each.factor);
        if (each.where == dsl::vector_of::offset) {
            if (v.entries() != 1) throw std::logic_error("an offset is one number");
            offset += scale * v.data[0];
            return;
        }
        dense_value& into = each.where == dsl::vector_of::q ? q : each.where == dsl::vector_of::b ? b : h;
        const int first = start(each.at, each.where == dsl::vector_of::q ? first_column : first_row);
        const int many = nodes.size(each.count);
        if (v.rank > 0 && v.entries() != many) throw std::logic_error("a part of a vector has another length");
        for (int i = 0; i < many; ++i)
            into(first + i) += scale * (v.rank == 0 ? v.data[0] : v.data[static_cast<std::size_t>(i)]);
    }

    /// The rows of epigraphs, each with the last column in it.
    void find_ends() {
        ends.resize(static_cast<std::size_t>(n));
        for (std::size_t g = 0; g < t.rows.size(); ++g) {
            if (t.rows[g].constraint >= 0) continue;
            for (int i = first_row[g]; i < first_row[g] + rows_of(t.rows[g]); ++i) {
                int last = n - 1;
                while (last > 0 && G(i, last) == 0) --last;
                ends[static_cast<std::size_t>(last)].push_back(i);
            }
        }
    }

    bool free(int column) const { return ends[static_cast<std::size_t>(column)].empty(); }

    /// The objective, to be minimized, and the left sides of the constraints: what grows with epigraph variables.
    double cost(const dense_value& z) const {
        double sum = (t.maximize ? -1 : 1) * objective(z);
        for (std::size_t g = 0; g < t.rows.size(); ++g)
            if (t.rows[g].constraint >= 0 && t.rows[g].where == solver::matrix::G)
                sum += total(residual(static_cast<int>(g), z));
        return sum;
    }

    /// The least cost over a free column, by ternary search: convex, and known to the last digits, though the column is
    /// known to half of them only.
    double best(int column, dense_value z) const {
        const auto at = [&](double x) {
            z(column) = x;
            for (int j = column + 1; j < n; ++j)
                if (!free(j)) z(j) = least(j, z);
            return cost(z);
        };
        double low = -60, high = 60;
        for (int step = 0; step < 75; ++step) { // (2 / 3)^75 of 120 is 1e-11
            const double left = low + (high - low) / 3, right = high - (high - low) / 3;
            if (at(left) <= at(right))
                high = right;
            else
                low = left;
        }
        return (low + high) / 2;
    }

    double least(int column, const dense_value& z) const {
        double value = -1e300;
        for (const int i : ends[static_cast<std::size_t>(column)]) {
            if (G(i, column) != -1) throw std::logic_error("an epigraph variable stands with -1 in its rows");
            double rest = -h(i);
            for (int j = 0; j < column; ++j) rest += G(i, j) * z(j);
            value = std::max(value, rest);
        }
        return value;
    }

    std::vector<std::vector<int>> ends;
    const dsl::table& t;
    const data& given;
    node_evaluator nodes;
};

} // namespace optnet::test
