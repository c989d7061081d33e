// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flat program: what the type of a problem says, as plain data. `flatten` writes it, `lower` reads it.
// Types end here: nothing below this line is a template over the user's expression.

#include "optnet/dsl/lattice.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace optnet::dsl {

/// constant + sum of coefficient * symbol, terms ordered by symbol. Symbols are indices into `program::symbols`.
struct size_form {
    struct term {
        int symbol = -1, coefficient = 0;
        friend constexpr bool operator==(const term&, const term&) = default;
    };
    int constant = 0;
    int count = 0;
    std::array<term, 4> terms{};
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
    constant,  ///< slot into the problem's captured tensors
    // affine in the variables, or of parameters alone; meaning as in the language reference
    add,         ///< two arguments; a scalar broadcasts
    negate,      //
    multiply,    ///< scalar * anything, matrix * vector, matrix * matrix, by the shapes of the arguments
    elementwise, ///< mul(a, b)
    divide,      //
    dot,         //
    sum,         //
    transpose,   //
    index,       ///< z[i]: slot holds i
    slice,       ///< from, to
    diff,        //
    diagonal,    ///< diag(vector), and a diagonal<"d", n> parameter: its argument or data is the vector [n]
    // functions of parameters alone
    exp,
    log,
    sqrt,
    softplus,
    sigmoid,
    tanh,
    // everything with a graph form: node::atom is its place in dsl/atoms/list.hpp
    atom,
};

/// One node; its arguments stand before it. `what` is the node's sign, curvature and definiteness.
struct node {
    op code = op::number;
    int atom = -1;
    shape_form shape;
    attributes what;
    int first_argument = 0, argument_count = 0; ///< into program::arguments
    int name = -1;                              ///< variables and parameters: into program::variables / parameters
    int slot = -1;                              ///< numbers, indices, constants, numeric settings of atoms
    size_form from, to;                         ///< slice
    bool has_variables = false;
};

enum class promise : unsigned char { none, nonneg, psd, diagonal };

/// A variable or a parameter as declared.
struct declaration {
    std::string_view name;
    shape_form shape; ///< a diagonal<"d", n> is n x n; its data is [n]
    promise given = promise::none;
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
    int number_count = 0;   ///< slots that hold doubles (literals, indices, atom settings), in order of traversal
    int constant_count = 0; ///< captured Eigen or torch constants, in order of traversal
};

} // namespace optnet::dsl
