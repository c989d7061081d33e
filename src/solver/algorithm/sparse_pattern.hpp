// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the sparse form knows of a problem before any number: where the entries of
//
//     K = [ Q + G_R' W G_R + ρI   A'    G_E' √W ]
//         [ A                     −δI           ]
//         [ √W G_E                      −I      ]
//
// stand, an order of elimination with little fill, and the pattern of the factor in K = L D L'. Rows of G with few
// entries (R) are taken into the first block, the others (E) keep a row of their own. A variable of E that Q does not
// touch is eliminated behind its rows: before them it has the pivot ρ and leaves W / ρ. Where that would be most of the
// variables their rows belong to R; or first of all, which comes to the same without the products.
// Every entry that a block covers counts, whatever its number is, so that one analysis serves every batch of the
// structure.

#include "optnet/solver/structure.hpp"

#include <memory>
#include <vector>

namespace optnet::solver {

/// Rows of a matrix: row i has the columns col[start[i]] ... col[start[i + 1] - 1], ascending.
struct sparse_rows {
    std::vector<int> start, col;
    int width = -1; ///< entries of every row, where that is the same
};

/// Lists of numbers that stand elsewhere: line i has those at from[e], which meet the vector's entry at[e], for e in
/// start[i] ... start[i + 1] - 1.
struct sparse_lists {
    std::vector<int> start, at, from;
    int width = -1; ///< as `sparse_rows::width`
};

struct sparse_pattern {
    int n = 0, p = 0, m = 0;
    int size = 0;         ///< of K: n + p + the rows of E
    int leaves = 0;       ///< z that come first, with nothing above them in K
    bool possible = true; ///< false: too many entries to be worth it; the rest is not there
    sparse_rows q, a, g;
    std::vector<int> a_entry, g_entry; ///< the place in `a` or `g` of each number that `operators::each` brings
    std::vector<int> q_entry;          ///< the same for `q`
    std::vector<int> q_place;          ///< the place in K of each entry of `q`, or -1 for the half below the diagonal
    std::vector<int> place;            ///< [n + p + m] of z, ν and rows of E in the order of elimination; -1: in R
    std::vector<int> long_rows;        ///< E
    std::vector<char> positive;        ///< [size] in that order: the sign of the pivot

    std::vector<int> start, row; ///< the upper triangle of K by columns, rows ascending, the diagonal last
    std::vector<int> a_place;    ///< the place in K of each entry of `a`
    std::vector<int> g_place;    ///< the same for entries of `g` in rows of E
    /// For each row of R, the places in K of the products of its entries (first with itself, with the second, ...).
    std::vector<int> product_start, product;
    int product_width = -1;            ///< as `sparse_rows::width`
    sparse_lists a_columns, g_columns; ///< `a` and `g` by columns
    sparse_lists r_columns;            ///< of `g` the rows in R, where E is not empty
    /// What the entries of K get from G: products of R (from their place in `product`), times the row's weight, and
    /// entries of E (from `product.size()` + their place in `g`), times its root.
    sparse_lists sums;

    std::vector<int> l_start, l_row; ///< L without its diagonal by columns, rows ascending
    std::vector<int> row_start;      ///< row k of L: its columns, ascending, and their places in L
    std::vector<int> row_col, row_place;
    std::vector<char> direct; ///< [size] row k of L is column k of K, and each entry the first of its column of L
    /// From this column on L is full below its diagonal, and has enough columns for a dense factorization; else `size`.
    int tail = 0;
    std::vector<int> tail_place; ///< [tail] where in a column of L the rows of the tail begin
    std::vector<int> along;      ///< [tail] the number of a column that goes along, in `panel_end`, or -1
    std::vector<int> panel_end;  ///< of its rows in the tail the last one + 1, descending

    bool in_r(int i) const { return place[static_cast<std::size_t>(n + p + i)] < 0; }
    double factor_operations() const;    ///< multiplications of one assembly and factorization
    double iteration_operations() const; ///< of an iteration of the interior point
};

/// Numbers that the blocks cover, with repetition; what decides if an analysis is worth its time.
double covered_entries(const structure& shape);

/// True if the blocks have the same kinds and places: numbers, sources and the groups of rows do not enter.
bool same_places(const structure& a, const structure& b);

/// What the pattern is for. In lanes an operation takes the same time wherever it is. Alone it takes a sixth of that in
/// a dense factorization, so that the last columns are filled up where that pays.
enum class factored { in_lanes, alone };

/// The analysis of a structure, from a small cache that all threads share.
std::shared_ptr<const sparse_pattern> analyse(const structure& shape, factored how = factored::in_lanes);

/// The same with an order of elimination whose tree is low (shallow_order.hpp), made anew; null where L would have more
/// than `most_entries`.
std::shared_ptr<const sparse_pattern> analyse_shallow(const structure& shape, std::int64_t most_entries);

} // namespace optnet::solver
