// SPDX-License-Identifier: Apache-2.0
#pragma once

// The static schedule of a sparse structure as kernels read it: lists of integers, one after the other in one array,
// each named by the place of its first. Made once per structure on the host (sparse_schedule.hpp), read by every
// problem.
//
// K = U D⁻¹ U', U lower triangular with D on its diagonal; what stands below is K's pattern with its fill. In that form
// an entry and a pivot are one and the same sum,
//
//     U_ij = K_ij − Σ_k U_ik U_jk / D_k,     D_j the one with i = j,
//
// and the columns of one level of the elimination tree need nothing of each other: a level is one phase of a team.

#include "solver/cuda/device.hpp"

namespace optnet::solver::cuda {

/// A sum of at least this many terms is done by the whole team, not by one worker.
inline constexpr int wide_line = 128;

/// Rows or columns of a matrix: line i has the numbers first + from[e] (first + e where there is no list), which meet
/// the vector's entries at[e], for e in start[i] ... start[i + 1] - 1.
struct sparse_lines {
    int count = 0, start = 0, at = 0, from = -1, first = 0;
    int wide = 0, wide_count = 0; ///< the lines that are wide
};

/// What is done level by level: in level l the items order[start[l]] ... order[start[l + 1] - 1], of which those from
/// wide[l] on are wide.
struct sparse_phases {
    int order = 0, start = 0, wide = 0;
};

struct sparse_shape {
    const int* words = nullptr;
    int n = 0, p = 0, m = 0, size = 0; ///< as `sparse_pattern`
    int levels = 0;
    int entries = 0;   ///< of U below the diagonal
    int numbers_q = 0; ///< of Q, those of A and of G stand behind them
    int numbers_a = 0;
    int numbers = 0;         ///< in all
    bool diagonal_q = false; ///< every block of Q lies on its diagonal
    int place = 0;           ///< [n + p + m]; -1: a row in R
    int positive = 0;        ///< [size]
    int diagonal = 0;        ///< [n] the number on Q's diagonal, -1 where there is none

    /// [numbers + 1], of parts: number i is the sum of factor[k] times the entry (row, col) of a source.
    int part_start = 0;
    int part = 0;    ///< source (-1: 1), row, col, and the place of the factor
    int factors = 0; ///< doubles

    sparse_lines q, a, g, a_columns, g_columns, r_columns;

    // Items of the factorization: the entries of U, then the pivots.
    sparse_phases factor;
    int item_base = 0;       ///< the number that K has there without G; -1: 0, -2: −1
    int item_sum_start = 0;  ///< of sums
    int sum = 0;             ///< row, its number and the other one: the weight times their product; -1: without it
    int item_term_start = 0; ///< of terms
    int term = 0;            ///< U_ik, U_jk, k

    sparse_phases forth, back; ///< columns
    int row_start = 0;         ///< [size + 1] rows of U
    int row_col = 0, row_entry = 0;
    int column_start = 0; ///< [size + 1] columns of U, whose entries stand in this order
    int column_row = 0;

    OPTNET_DEVICE int at(int list, std::int64_t i) const { return words[list + i]; }
    OPTNET_DEVICE bool in_r(int i) const { return at(place, n + p + i) < 0; }
    OPTNET_DEVICE double factor_of(int i) const { return reinterpret_cast<const double*>(words + factors)[i]; }
};

} // namespace optnet::solver::cuda
