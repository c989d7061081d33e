// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flat program: what the type of a problem says, as plain data. `flatten` writes it, `lower` reads it.
// Types end here: nothing below this line is a template over the user's expression.

#include "optnet/dsl/lattice.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace optnet::dsl {

/// constant + sum of coefficient * symbol [* second], terms ordered by their symbols and none of them zero. Symbols are
/// indices into `program::symbols`; products of two arise where a matrix is counted entry by entry (`second` = -1:
/// none).
struct size_form {
    struct term {
        int symbol = -1, second = -1, coefficient = 0;
        friend constexpr bool operator==(const term&, const term&) = default;
    };
    int constant = 0;
    int count = 0;
    std::array<term, 6> terms{};
    friend constexpr bool operator==(const size_form&, const size_form&) = default;
};

/// rank 0: a scalar, rows = cols = 1. rank 1: a vector of `rows`, cols = 1. rank 2: a matrix.
struct shape_form {
    int rank = 0;
    size_form rows{1, 0, {}}, cols{1, 0, {}};
    friend constexpr bool operator==(const shape_form&, const shape_form&) = default;
};

enum class op : unsigned char {
    // leaves
    variable,  ///< name
    parameter, ///< name
    number,    ///< slot: its value is numbers(problem)[slot]
    constant,  ///< slot: the how-manieth it is; its values stand behind the numbers, see numbers(problem)
    // affine in the variables, or of parameters alone; meaning as in the language reference
    add,         ///< two arguments; a scalar broadcasts
    negate,      //
    multiply,    ///< scalar * anything, matrix * vector, matrix * matrix, by the shapes of the arguments
    elementwise, ///< mul(a, b)
    divide,      //
    dot,         //
    sum,         //
    sum_over,    ///< of a matrix over the dimension `from`, 0 or 1
    mean,        //
    mean_over,   ///< of a matrix over the dimension `from`, 0 or 1
    transpose,   //
    index,       ///< z[i]: two arguments, the vector and the number i; of a matrix its row i
    slice,       ///< from, to; of a matrix its rows
    row,         ///< rows(W, i): two arguments, the matrix and the number i
    rows,        ///< rows<from, to>(W)
    column,      ///< cols(W, j): two arguments, the matrix and the number j
    columns,     ///< cols<from, to>(W)
    diff,        ///< of a matrix along its rows
    cumsum,      ///< inclusive; of a matrix along its rows
    trace,       //
    diagonal,    ///< diag(vector); a diagonal<"d", n> parameter stands for its matrix too, its data are the vector [n]
    diagonal_of, ///< diag(matrix), the diagonal of a square matrix
    hstack,      ///< several vectors and scalars one behind the other, or matrices column by column
    vstack,      ///< several vectors and scalars as rows, matrices row by row
    reshape,     ///< the entries row by row in the node's shape
    // functions of parameters alone
    exp,
    log,
    sqrt,
    softplus,
    sigmoid,
    tanh,
    atom, ///< everything with a graph form: node::atom is its name in dsl/atoms/list.hpp
    // written by `lower` alone, of parameters alone
    diagonal_entries, ///< the argument is a diagonal<"d", n> parameter: its diagonal, a vector
    ones,             ///< of the node's shape
    flat,             ///< the entries of a matrix row by row, as a vector
    column_matrix,    ///< a vector [n] as the matrix [n, 1]
    row_matrix,       ///< a vector [n] as the matrix [1, n]
    outer,            ///< a b', [rows of a, rows of b]
    scale_rows,       ///< arguments v, M: diag(v) M
    scale_cols,       ///< arguments M, v: M diag(v)
    kron_right,       ///< M kron I, I of `to`
    kron_left,        ///< I kron M, I of `to`
    commutation, ///< the matrix that turns the entries of a [from, to] matrix row by row into those of its transpose
    row_ends,    ///< [rows]: 1 at the last entry of every run of `to` entries, else 0
    difference_band, ///< [rows, 2]: -1, 1, the bands 0 and 1 of diff
    band_to_dense,   ///< a matrix of bands [rows, width] as [rows, to]; slot holds the first band
    band_gram,      ///< arguments bands B, C, [rows, width] each: the bands of B'C; slot: first of B, other: first of C
    count,          ///< the number of entries of the argument
    lower_ones,     ///< the square matrix with 1 on and below the diagonal
    placed,         ///< rows of zeros with those of the argument from row `from` on; of a vector entries
    run_of_rows,    ///< arguments a, k: as many rows as the node has, from k times as many on; of a vector entries
    unit,           ///< argument j: the vector with 1 at j, else 0
    diagonal_picks, ///< [n, n n]: picks the diagonal of a matrix out of its entries row by row
};

/// One node; its arguments stand before it. Without variables and parameters it is made of numbers. `what` is the
/// node's sign, curvature and definiteness.
struct node {
    op code = op::number;
    std::string_view atom;
    shape_form shape;
    attributes what;
    int first_argument = 0, argument_count = 0; ///< into program::arguments
    int name = -1;                              ///< variables and parameters: into program::variables / parameters
    int slot = -1;                              ///< numbers: into the numbers of the problem; bands: see `op`
    int other = 0;                              ///< bands: see `op`
    size_form from, to; ///< slice, rows, columns, sum_over, mean_over and some of the last group
    bool has_variables = false, has_parameters = false;
};

enum class promise : unsigned char { none, nonneg, psd, diagonal };

/// A variable or a parameter as declared.
struct declaration {
    std::string_view name;
    shape_form shape; ///< a diagonal<"d", n> is n x n; its data is [n]
    promise given = promise::none;
    friend constexpr bool operator==(const declaration&, const declaration&) = default;
};

enum class relation : unsigned char { less_equal, equal };

/// left <= right or left == right. `l >= r` is stored as r <= l with `flipped`; lo <= z <= hi is two constraints of one
/// `group`, lower half first. Multipliers of a group come out in the shape and sign of the constraint as written.
struct constraint {
    int left = -1, right = -1; ///< nodes
    relation kind = relation::less_equal;
    bool flipped = false;
    int group = 0;         ///< running number of the constraint as written
    std::string_view name; ///< of named<"...">, else empty
};

struct program {
    std::vector<std::string_view> symbols;
    std::vector<declaration> variables;  ///< in order of first appearance, objective first
    std::vector<declaration> parameters; ///< likewise
    std::vector<node> nodes;
    std::vector<int> arguments;
    int objective = -1;
    bool maximize = false;
    std::vector<constraint> constraints;
    int number_count = 0; ///< slots that hold doubles (literals, indices, atom settings), in order of traversal
    int constant_count = 0, open_count = 0; ///< constants, and extents that their types do not say
};

/// Whether a node of a program or a table is a number that no size and no parameter decides: a number of the user's, or
/// scalars of such numbers. The sum of ones is none.
template <class Source> constexpr bool made_of_numbers(const Source& p, int i) {
    const node& n = p.nodes[static_cast<std::size_t>(i)];
    if (n.shape.rank > 0 || n.has_parameters || n.has_variables) return false;
    for (int k = 0; k < n.argument_count; ++k)
        if (!made_of_numbers(p, p.arguments[static_cast<std::size_t>(n.first_argument + k)])) return false;
    return true;
}

} // namespace optnet::dsl
