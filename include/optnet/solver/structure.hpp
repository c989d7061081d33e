// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is known of a problem before any number: sizes, and for every block of Q, A and G its place and kind.
// Plain data, shared by the CPU and CUDA backends and by the language's lowering.

#include <cstdint>
#include <memory>
#include <vector>

namespace optnet::solver {

enum class matrix : std::uint8_t { Q, A, G };

/// How a block's numbers are stored; `data` is the view that `block::source` names, always times `block::scale`.
enum class block_kind : std::uint8_t {
    identity,        ///< scale on the diagonal; square, no data
    scaled_identity, ///< one number, square                                data []
    diagonal,        ///< square                                            data [rows]
    banded,          ///< entry (i, i + first + k) is data[i][k],           data [rows, last - first + 1]
    dense,           ///< data [rows, cols]
    sparse,          ///< entries at the places of `block::entries`,         data [entries]
};

/// The places of entries, row by row: row i has the columns col[row_start[i]] ... col[row_start[i + 1] - 1], ascending.
struct entry_list {
    std::vector<int> row_start; ///< [rows + 1]
    std::vector<int> col;

    friend bool operator==(const entry_list&, const entry_list&) = default;
};

/// A rectangle of Q, A or G. What no block covers is zero; blocks that overlap add up. Blocks of Q need not be
/// symmetric one by one: the solver uses the symmetric part of their sum.
struct block {
    matrix where = matrix::Q;
    block_kind kind = block_kind::dense;
    int row = 0, col = 0;    ///< upper left corner in the stacked matrix
    int rows = 0, cols = 0;  ///< size
    int first = 0, last = 0; ///< banded only: the first and last diagonal, as column - row
    int source = -1;         ///< index into `problem::data`; -1 for identity
    double scale = 1.0;
    std::shared_ptr<const entry_list> entries = {}; ///< sparse only
};

enum class row_kind : std::uint8_t {
    bound,    ///< each row has one entry, from an identity or diagonal block
    general,  ///< anything
    epigraph, ///< rows M x - t <= c followed by as many rows -M x - t <= -c: |M x - c| <= t
};

/// A run of inequality rows of one kind. The groups cover 0..m in order.
struct row_group {
    row_kind kind = row_kind::general;
    int first = 0, count = 0;     ///< rows of G (an epigraph pair counts both halves)
    int epigraph_column = -1;     ///< epigraph only: the first column of t
    bool epigraph_shared = false; ///< epigraph only: one t for all rows (a maximum norm)
};

/// minimize 1/2 z'Qz + q'z subject to A z = b, G z <= h, with z in R^n, p equalities and m inequalities.
struct structure {
    int n = 0, p = 0, m = 0;
    std::vector<block> blocks;
    std::vector<row_group> groups;
    /// One block per matrix with sources 0, 1, 2, and nothing is known of a dense one: `solve` may look for zeros in
    /// its numbers.
    bool plain = false;
};

/// The structure of `plain` matrices: one dense block each (absent where the size is 0), sources 0, 1, 2 for Q, A, G.
/// `has_q_matrix` false means Q = 0 (a linear program) and no block for it; sources keep their numbers.
structure dense_structure(int n, int p, int m, bool has_q_matrix = true);

/// Throws std::invalid_argument with a sentence that names the block or group, what it is and what is allowed: blocks
/// inside their matrix, square where their kind is, entries that lie in order inside a sparse one, and groups (if there
/// are any) that cover 0..m in order.
void check(const structure& shape);

} // namespace optnet::solver
