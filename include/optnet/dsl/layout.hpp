// SPDX-License-Identifier: Apache-2.0
#pragma once

// The block table: what `lower` makes of a program. Plain data: which columns and rows there are, which blocks of Q, A
// and G they have, and where each block's numbers come from. Numbers themselves come later, from the problem object and
// the call.
//
//     minimize 1/2 z'Qz + q'z + offset   subject to   A z = b,  G z <= h
//
// z stacks the columns: the variables in order of their first appearance, then epigraph variables. A matrix variable
// counts its entries row by row. A and G stack their row groups: constraints in the order written, then epigraph rows.

#include "optnet/dsl/program.hpp"
#include "optnet/solver/structure.hpp"

#include <span>

namespace optnet::dsl {

/// A run of entries of z.
struct column {
    int variable = -1; ///< into program::variables; -1: an epigraph variable
    size_form count;
};

/// A run of rows of A or G.
struct row_group {
    solver::matrix where = solver::matrix::G;
    solver::row_kind kind = solver::row_kind::general;
    size_form count;          ///< of an epigraph pair: of one half, the other follows
    int constraint = -1;      ///< into program::constraints; -1: rows of an epigraph
    int epigraph_column = -1; ///< epigraph pair only: the column t
    bool epigraph_shared = false;
};

/// Where a block or a vector begins: `offset`, plus the number in `slot` (the i of z[i]) if it is not -1, entries after
/// the beginning of group `group` (of rows; of columns for Q, q and every block's columns). `second_half`: in the
/// second half of an epigraph pair. `counts_rows`: if not -1, a node of a matrix whose rows the number in `slot` counts
/// (the i of rows(W, i)).
struct place {
    int group = -1;
    size_form offset{};
    int slot = -1;
    bool second_half = false;
    int counts_rows = -1;
};

/// scale * value(factor) * what `source` holds, in a rectangle of Q, A or G. `factor` is a node made of numbers (-1:
/// one); `source` a node of parameters whose value has the shape that `kind` says (-1: an identity). The source of a
/// dense block of one row or one column may be a vector.
struct block {
    solver::matrix where = solver::matrix::Q;
    solver::block_kind kind = solver::block_kind::dense;
    place row, col;
    size_form rows, cols;
    int first = 0, last = 0; ///< banded only
    int source = -1;
    double scale = 1;
    int factor = -1;
};

enum class vector_of : unsigned char { q, b, h, offset };

/// scale * value(factor) * value(source), added to `count` entries of q, b, h, or to the offset. The source is a
/// scalar, which fills all of them, a vector, or a matrix taken row by row.
struct vector_part {
    vector_of where = vector_of::q;
    place at;
    size_form count;
    int source = -1;
    double scale = 1;
    int factor = -1;
};

/// A lowered program; its nodes go on where those of the user's program end.
struct layout {
    program of;
    std::vector<column> columns;
    std::vector<row_group> rows;
    std::vector<block> blocks;
    std::vector<vector_part> vectors;
};

/// The same without memory of its own: what is left of a problem at run time. Lives as long as the program.
struct table {
    std::span<const std::string_view> symbols;
    std::span<const declaration> variables, parameters;
    std::span<const node> nodes;
    std::span<const int> arguments;
    std::span<const constraint> constraints;
    std::span<const column> columns;
    std::span<const row_group> rows;
    std::span<const block> blocks;
    std::span<const vector_part> vectors;
    int objective = -1;
    bool maximize = false;
    int number_count = 0;
};

constexpr table view(const layout& l) {
    return {l.of.symbols, l.of.variables, l.of.parameters, l.of.nodes,     l.of.arguments, l.of.constraints, l.columns,
            l.rows,       l.blocks,       l.vectors,       l.of.objective, l.of.maximize,  l.of.number_count};
}

} // namespace optnet::dsl
