// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kernels for sparse problems of one pattern, `lanes<double>` of them at once, one problem per lane: entry e of the
// problem in lane l is a[e * lanes + l] in every array of theirs. Nothing of a lane depends on the others. The numbers
// of the matrices are shared by all lanes, or such an array, too. Declarations only, as in kernels.hpp, and the same
// rules.

#include "solver/cpu/kernels.hpp"

namespace optnet::solver::cpu {

/// Rows or columns of a sparse matrix: line i has value[e] at at[e] for e in start[i] ... start[i + 1] - 1; where lanes
/// have numbers of their own, value[from[e] * lanes + l].
struct sparse_lines {
    std::int64_t count, width; ///< width: entries of every line, -1 where that differs
    const int *start, *at;
    const double* value;
    const int* from = nullptr;
};

/// Q, A and G, and the quasi-definite K = L D L' of `sparse_pattern` with its shifts ρ and δ. Rows of G stand in R
/// (place -1), multiplied into the first block of K by their weight w, or in E, where a weight is its root.
struct lane_system {
    std::int64_t n, p, m, size;
    bool own;                          ///< lanes have numbers of their own: `base` and units are [.., lanes], too
    const int* place;                  ///< [n + p + m] of z, ν and rows of E in the order of elimination
    sparse_lines q, a, g;              ///< by rows
    sparse_lines a_columns, g_columns; ///< A and G by columns
    sparse_lines r_columns;            ///< the rows R of G by columns
    std::int64_t leaves;               ///< the first columns of K have only the diagonal, and are z
    const char* positive;              ///< [size] the sign of the pivot
    const char* direct;     ///< [size] 1: the column has no fill, and each of its rows of L is the first of its column
    const int *start, *row; ///< the upper triangle of K by columns, the diagonal last
    sparse_lines sums;      ///< what an entry of K adds to its `base`: values times weights
    const double* base;     ///< [entries of K]
    const int *l_start, *l_row;                 ///< L by columns
    const int *row_start, *row_col, *row_place; ///< L by rows, and where an entry stands by columns
    std::int64_t tail;     ///< from this column on L is full, and worth a dense factorization; else `size`
    const int* tail_place; ///< [tail] where in a column of L the rows of the tail begin
    const int* along;      ///< [tail] the number of a column that takes part in that, or -1
    std::int64_t panel_count;
    const int* panel_end;    ///< [panel_count] where its rows in the tail end, descending
    std::int64_t long_count; ///< E
    const int* long_rows;
    const double *rho, *delta;      ///< [lanes]
    const double *full, *full_root; ///< [lanes] the weight of an active row, and the root of it for rows of E
    double least_pivot;             ///< a pivot below this share of its terms is rounding
    double new_pivot;               ///< and becomes this share of them
};

/// Points or right-hand sides, [n], [p] and [m] by lanes.
struct lane_point {
    double *z, *nu, *lambda;
};
struct lane_products {
    double *qz, *atnu, *gtl, *az, *gz;
};

/// The largest entries and the sums that a verdict is made of, for one lane.
struct lane_verdict {
    double primal, primal_size, dual, dual_size; ///< largest |Az - b| and (Gz - h)+, their terms; the same of dual
    double zqz, qtz, btnu, htl;
    double check; ///< 0 if everything is finite
};

/// An iterate of the interior point over the rows of G: s and λ > 0 with one over them; λ = 0, s = 1 where a row is
/// absent (floor +inf). [m] by lanes.
struct lane_slacks {
    double *slack, *lambda, *slack_inverse, *lambda_inverse;
};

/// The interior point in lanes: r is the residual of `sparse_kernels::residual`, r.λ = h - Gz; d what
/// `sparse_kernels::solve` makes of it, with gdz = G dz, so that ds = r.λ - s - gdz.
struct interior_kernels {
    /// From the slacks h - Gz of a least squares point: s = max(h - Gz, room) and λ = unit [lanes] max(Gz - h, room),
    /// room the `share` of the largest of them, and not below `least`.
    void (*start)(const lane_system& s, const double* h, const double* floor, const double* gz, const double* unit,
                  double share, double least, const lane_slacks& rows);
    /// The inverses; w = λ / s, of rows in E, too; total [lanes] = s'λ.
    void (*weigh)(const lane_system& s, const double* floor, const lane_slacks& rows, double* w, double* total);
    /// steepest [lanes]: the largest of -ds / s and -dλ / λ; linear: s'dλ + λ'ds; square: ds'dλ.
    void (*measure)(const lane_system& s, const double* floor, const lane_slacks& rows, const double* r,
                    const lane_point& d, const double* gdz, double* steepest, double* linear, double* square);
    /// right = r.λ + (ds dλ - target [lanes]) / λ.
    void (*combine)(const lane_system& s, const double* floor, const lane_slacks& rows, const double* r,
                    const lane_point& d, const double* gdz, const double* target, double* right);
    /// z and ν of x, s and λ go on by step [lanes] d where that is not 0.
    void (*advance)(const lane_system& s, const double* floor, const lane_slacks& rows, const double* r,
                    const lane_point& d, const double* gdz, const double* step, const lane_point& x);
    /// Where go [lanes] is not 0: the weights of the rows whose s the affine step d brings nearer to 0 than their λ, as
    /// shares of what they are.
    void (*guess)(const lane_system& s, const double* floor, const lane_slacks& rows, const double* r,
                  const lane_point& d, const double* gdz, const double* go, double* w);
};

struct sparse_kernels {
    using index = std::int64_t;

    /// L and 1 / D for the weights w [m]. `work` [size] is 0 before and after, and of a problem alone has
    /// `tail_numbers` more. Pivots that are not finite leave NaN; those of the wrong sign are replaced as in
    /// `sparse_ldl`, replaced [lanes] of them where that is not null.
    void (*factor)(const lane_system& s, const double* w, double* L, double* inverse, double* work, double* replaced);
    /// The same of a problem alone, in either table, from the entries of K; the shifts ρ and δ are those of `s`.
    void (*factor_entries)(const lane_system& s, const double* k, double* L, double* inverse, double* work,
                           double* replaced);
    /// x, [size] in the order of elimination, becomes the solution of L D L' y = x; of a problem alone, too.
    void (*substitute)(const lane_system& s, const double* L, const double* inverse, double* x);
    /// One solve with the shifts in it, as `sparse_kkt::solve`: x = the solution for `right`, λ = w (Gz - right.λ), and
    /// gz = G z. x may be right. `work` holds [size].
    void (*solve)(const lane_system& s, const double* w, const double* L, const double* inverse,
                  const lane_point& right, const lane_point& x, double* gz, double* work);
    void (*products)(const lane_system& s, const lane_point& x, const lane_products& of);
    /// r = right - K x from the products of x, 0 for λ of rows without weight; size [lanes]: the largest of its
    /// entries, NaN where one is.
    void (*residual)(const lane_system& s, const double* w, const lane_point& right, const lane_products& of,
                     const lane_point& r, double* size);
    /// x += d in the lanes where go is not 0; λ is not left below `least`.
    void (*advance)(const lane_system& s, const double* go, const lane_point& d, double least, const lane_point& x);
    /// The weights of the rows that are violated by more than this share of the largest slack h - Gz, whatever its
    /// sign. Rows with floor +inf are absent.
    void (*guess)(const lane_system& s, const double* h, const double* floor, const double* gz, double share,
                  double* w);
    /// Where go [lanes] is not 0, rows whose λ or slack is negative change sides: a slack within floor + zero (|h| +
    /// |z|) is 0. wrong [lanes]: so many.
    void (*turn)(const lane_system& s, const double* go, const double* h, const double* floor, const lane_point& x,
                 const double* gz, double zero, double* w, double* wrong);
    /// `right` holds -q, b and h; units [p], [m] and [n] are what residuals are multiplied by ([.., lanes] if `own`).
    void (*judge)(const lane_system& s, const lane_point& right, const double* floor, const lane_point& x,
                  const lane_products& of, const double* a_unit, const double* g_unit, const double* z_unit,
                  lane_verdict* verdicts);
    /// doubtful [lanes]: not 0 where the state of a row is in doubt, as in `decide_active_rows`; compliance [m] is
    /// negative (-1 - its least value) where a variable has none; [m, lanes] if `own`.
    void (*doubt)(const lane_system& s, const lane_point& right, const double* floor, const double* w,
                  const lane_point& x, const lane_products& of, double relative, const double* compliance,
                  double* doubtful);
    interior_kernels interior;
};

/// What the dense factorization of the tail works with: the columns that take part, filled up, what they are multiplied
/// by, the pivots and the sizes of their terms.
inline std::int64_t tail_columns(const lane_system& s) { return s.size - s.tail; }
inline std::int64_t tail_stride(const lane_system& s) { return (tail_columns(s) + 7) / 8 * 8 + 16; }
inline std::int64_t tail_numbers(const lane_system& s) {
    const std::int64_t columns = tail_columns(s) + 4, all = columns + s.panel_count;
    return s.tail == s.size ? 0 : all * (tail_stride(s) + 5) + columns;
}

/// The kernels of the instruction set that `dense` has: for `lanes<double>` problems, or for one that is alone, where
/// [lanes] is [1].
const sparse_kernels& sparse(bool in_lanes);

} // namespace optnet::solver::cpu
