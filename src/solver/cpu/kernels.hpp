// SPDX-License-Identifier: Apache-2.0
#pragma once

// Dense kernels for one problem, chosen once at run time for the processor's instruction set.
//
// Matrices are row-major; `ld*` is the distance of two rows in elements. Sizes may be 0, nothing needs alignment,
// nothing is allocated. Sums have a fixed order for a given instruction set, so results are reproducible. NaN and
// infinity in the input reach the output. With beta = 0 the old C or y is not read. Outputs must not overlap inputs
// unless said.
//
// This header holds declarations only: it is compiled for every instruction set, and an inline function here could be
// the copy that the linker keeps for everybody.

#include <cstdint>

namespace optnet::solver::cpu {

/// How many problems the kernels for lanes take at once, with every instruction set.
template <class T> constexpr int lanes = 64 / static_cast<int>(sizeof(T));

/// One problem of `forward_sets`.
template <class T> struct forward_selection {
    const double* R; ///< its rows are whole vectors of `lanes<double>`, of which nothing counts behind the first m
    const double *d, *floor;
    T* work;            ///< (m + 9) ld numbers
    T* L;               ///< [m, ld], of L D L', the factor of the part of R of the rows
    T* x;               ///< [m] -D^-1 L^-1 d in units of the largest violation
    int* rows;          ///< [m] the rows that were taken in
    std::int64_t count; ///< how many they are
    std::int64_t next;  ///< the one that comes next, or -1
};

template <class T> struct kernels {
    using index = std::int64_t;

    const char* name; ///< "avx512", "avx2" or "portable"

    /// Factors the leading n x n lower triangle of the rows x n panel M as L L' in place and replaces each row x below
    /// by x L^-T: [Q; A; G; q'] becomes [L; A L^-T; G L^-T; (L^-1 q)']. What lies above the diagonal is neither used
    /// nor written. False at the first pivot that is not a finite number above `floor` (>= 0); M is then left half
    /// done. `reciprocal`, if not null, receives 1 / L_jj, [n].
    bool (*partial_cholesky)(T* M, index rows, index n, index ld, T floor, T* reciprocal);

    /// C = alpha V V' + beta C for the lower triangle of the m x m matrix C; V is m x k.
    void (*syrk_lower)(T* C, index ldc, const T* V, index ldv, index m, index k, T alpha, T beta);
    /// C = alpha A B' + beta C; C is m x n, A m x k, B n x k.
    void (*gemm_nt)(T* C, index ldc, const T* A, index lda, const T* B, index ldb, index m, index n, index k, T alpha,
                    T beta);
    /// C = alpha A B + beta C; C is m x n, A m x k, B k x n.
    void (*gemm_nn)(T* C, index ldc, const T* A, index lda, const T* B, index ldb, index m, index n, index k, T alpha,
                    T beta);
    /// C = alpha A' B + beta C; C is m x n, A k x m, B k x n.
    void (*gemm_tn)(T* C, index ldc, const T* A, index lda, const T* B, index ldb, index m, index n, index k, T alpha,
                    T beta);

    /// Each of the m rows x of X becomes L^-1 x (that is, X <- X L^-T); L is n x n lower triangular.
    void (*trsm_lower)(const T* L, index ldl, index n, T* X, index ldx, index m);
    /// Each of the m rows x of X becomes L^-T x (that is, X <- X L^-1).
    void (*trsm_lower_transposed)(const T* L, index ldl, index n, T* X, index ldx, index m);
    /// x <- L^-1 x and x <- L^-T x.
    void (*trsv_lower)(const T* L, index ldl, index n, T* x);
    void (*trsv_lower_transposed)(const T* L, index ldl, index n, T* x);

    /// y = alpha A x + beta y for A m x n, x [n], y [m].
    void (*gemv)(const T* A, index lda, index m, index n, T alpha, const T* x, T beta, T* y);
    /// y = alpha A' x + beta y for A m x n, x [m], y [n].
    void (*gemv_transposed)(const T* A, index lda, index m, index n, T alpha, const T* x, T beta, T* y);
    /// y = alpha S x + beta y for the symmetric S whose lower triangle is stored, n x n.
    void (*symv_lower)(const T* S, index lds, index n, T alpha, const T* x, T beta, T* y);

    // The same by rows of U = L', for one problem: nothing is packed or transposed on the way. `cols` columns reach up
    // to the next multiple of `lanes<T>`, rows have room for that, and what is behind the columns or before the
    // diagonal is anything, and is overwritten with anything.

    /// Factors the leading n x n upper triangle of the n x cols panel M as U' U in place; each column x behind becomes
    /// U^-T x. False as for `partial_cholesky`.
    bool (*upper_cholesky)(T* M, index n, index cols, index ld, T floor);
    /// X <- U^-T X for X n x cols.
    void (*upper_solve)(const T* U, index ldu, index n, T* X, index ldx, index cols);
    /// C = alpha A' B + beta C, C m x n, A k x m, B k x n; entries (i, j) of C with i > j + ahead may be left out.
    void (*upper_product)(T* C, index ldc, const T* A, index lda, index m, const T* B, index ldb, index n, index k,
                          index ahead, T alpha, T beta);
    /// x <- U^-T x and x <- U^-1 x.
    void (*upper_forward)(const T* U, index ldu, index n, T* x);
    void (*upper_backward)(const T* U, index ldu, index n, T* x);
    /// Rows of A become columns: to[places[k] * ld + j] = A[which[j] * lda + k] for k < n, j < count; `which` or
    /// `places` null: all in order.
    void (*turn_rows)(const T* A, index lda, const int* which, index count, index n, T* to, index ld,
                      const int* places);
    /// A = L U for A p x n, p <= n, whose rows are filled up with zeros to whole vectors. In row i of U column
    /// pivots[i] is 1, columns pivots[0..i-1] are 0; A becomes these rows times l_ii, L is stored by columns,
    /// L[k * ldl + i] = l_ik for i >= k. A pivot is the largest entry that is left of its row; those of the first
    /// p columns count eight times. False if one is not above `floor` or not finite.
    bool (*pivoted_rows)(T* A, index lda, index p, index n, T floor, int* pivots, T* L, index ldl);

    T (*dot)(const T* x, const T* y, index n);
    /// to_ij = alpha u_i x_j + alpha v_i y_j for m rows of n; v null: the first alone. Every product is rounded by
    /// itself, so that u x' + x u' is as symmetric as the numbers are.
    void (*outer_rows)(T* to, index ld, const T* u, const T* x, const T* v, const T* y, index m, index n, T alpha);
    /// y += alpha x.
    void (*axpy)(T alpha, const T* x, T* y, index n);
    /// x *= alpha.
    void (*scale)(T alpha, T* x, index n);
    /// The sum of |x_i|.
    T (*sum_abs)(const T* x, index n);
    /// max over i of |x_i|, 0 for n = 0, NaN if an x_i is NaN.
    T (*max_abs)(const T* x, index n);
    /// most_i = the largest |A_ij| of row i, NaN if one is not finite; A is m x n.
    void (*rows_max_abs)(const T* A, index lda, index m, index n, T* most);
    /// most_j = max(most_j, |x_j|), where no x_j is NaN.
    void (*max_into)(const T* x, index n, T* most);
    /// M <- (M + M') / 2 for the n x n matrix M.
    void (*symmetric_part)(T* M, index ld, index n);
    /// The same of A, elsewhere; returns the largest |entry|, NaN if one is not finite.
    T (*symmetric_copy)(const T* A, index lda, index n, T* to, index ld);
    /// Row i of `to` is factors[i] times row i of A, m x n.
    void (*scaled_rows)(const T* A, index lda, index m, index n, const T* factors, T* to, index ld);
    /// The upper triangle of the n x n matrix M from its lower one.
    void (*mirror_lower)(T* M, index ld, index n);

    /// Extends the k x k factor L of R by one row and column of R: `row` [k] (its entries with the rows of L) and its
    /// diagonal entry. Writes row k of L and returns the pivot diagonal - |L^-1 row|^2. The square root of the pivot is
    /// written to L_kk only if it is above 0; otherwise the new row depends on the others (or is not a number) and L_kk
    /// becomes 0.
    T (*cholesky_append)(T* L, index ldl, index k, const T* row, T diagonal);
    /// Takes row and column j out of the k x k factor L by plane rotations (Golub & Van Loan, Matrix
    /// Computations, 6.5.4); L is (k - 1) x (k - 1) afterwards. `work` holds 2 k elements.
    void (*cholesky_delete)(T* L, index ldl, index k, index j, T* work);

    /// y = base + sum over i < k of factors[i] times row which[i] of A, n entries each; y may be base.
    void (*combine_rows)(const T* A, index lda, const int* which, const T* factors, index k, const T* base, index n,
                         T* y);
    /// The row that enters an active set: the first i < n with the largest s_i^2 weight_i among those with s_i < bar_i
    /// and s_i < -rounding (|d_i| + |s_i - d_i|); -1 if there is none.
    index (*most_violated)(const T* s, const T* d, const T* bar, const T* weight, index n, T rounding);

    /// What `verdict_terms` takes of n rows with products x, right-hand sides b and multipliers y, in the units of the
    /// rows: out = the largest |x_i − b_i|, the largest |x_i| and |b_i|, the sum of b_i y_i, and 0 or, where an x_i is
    /// not finite, NaN. With `floor` not null the first is that of x_i − b_i, at least 0, and the first two are those
    /// of the rows whose floor is finite.
    void (*judge_rows)(const T* x, const T* b, const T* unit, const T* y, const T* floor, index n, T* out);
    /// The same of n columns: the largest |qz + q + a + g|, the largest of these four, z'qz, q'z, and 0 or NaN.
    void (*judge_columns)(const T* qz, const T* q, const T* a, const T* g, const T* unit, const T* z, index n, T* out);

    /// The iteration of `first_guess`. Each of the `count` rows of t, a multiple of 8, holds d, and then what `steps`
    /// >= 1 steps leave: t = c = factor (E d + d), and from then on t = E w + c with w = |t| where side is 1 and −t
    /// where it is −1. E [m, m] is symmetric; all rows are `ld` apart, a multiple of 16 that is at least m, behind
    /// whose m entries are zeros in E and t. `work` holds 48 ld elements.
    void (*modulus_steps)(const T* E, index ld, index m, const T* side, index count, T factor, int steps, T* t,
                          T* work);

    /// The next active set of one problem from its multipliers x and slacks s: of the rows inside (`inside` is 1 or 0)
    /// those with x_i >= 0, of the others those with s_i below -floor_i and rounding (|d_i| + |s_i - d_i|). Writes the
    /// rows inside, ascending, and returns how many changed sides, or -1 where an x_i is not finite. `rows` has room
    /// for m.
    index (*next_set)(const T* x, const T* s, const T* d, const T* floor, index m, T rounding, T* inside, int* rows,
                      index* count);
    /// Rows that are likely to be active, one after the other: the one with the largest s_i^2 / R_ii, where s = d + R x
    /// and R are what is left with those before it as equalities, until no s_i is below -floor_i and -rounding |d_i|
    /// or a pivot is not above `dependent` R_ii. R is m x m, m <= 1024; ld >= m is a multiple of `lanes<T>`. The
    /// problems take turns: each is a chain of operations that wait for each other. Nothing of one depends on the
    /// others.
    void (*forward_sets)(forward_selection<T>* problems, index count, index ldr, index m, T rounding, T dependent,
                         index ld);

    /// The k x k factors of R_WW for `lanes<T>` problems at once, one per lane, k a multiple of 4: the rows W of lane l
    /// are which[i * lanes + l], i < counts[l], and from there on the identity goes on (which is 0). Entry (i, j) of
    /// lane l is written to L[(i * ldl + j) * lanes + l] for j <= i, 1 / L_ii to reciprocal[i * lanes + l]. Where a
    /// pivot is not above `least` R_ii the reciprocal is NaN. Nothing of a lane depends on the others or on k.
    void (*lanes_cholesky)(const T* R, index ldr, const int* which, const T* counts, index k, T least, T* L, index ldl,
                           T* reciprocal);
    /// x <- (L L')^-1 x in every lane, x [k, lanes].
    void (*lanes_solve)(const T* L, index ldl, const T* reciprocal, index k, T* x);

    // `lanes<T>` problems with matrices of their own: entry e of the problem in lane l is [e * lanes + l], distances of
    // rows are counted in entries, and nothing of a lane depends on the others.

    /// to[i * lanes + l] = from[l][i] for i < count, and back.
    void (*lanes_gather)(const T* const* from, index count, T* to);
    void (*lanes_scatter)(const T* from, index count, T* const* to);
    /// `partial_cholesky` in every lane. Where pivot j is not above floor[j * lanes + l] the reciprocal is NaN, and so
    /// is what depends on it.
    void (*lanes_panel)(T* M, index rows, index n, index ld, const T* floor, T* reciprocal);
    /// x <- L^-1 x and x <- L^-T x.
    void (*lanes_forward)(const T* L, index ldl, const T* reciprocal, index n, T* x);
    void (*lanes_backward)(const T* L, index ldl, const T* reciprocal, index n, T* x);
    /// C = alpha A B' + beta C; C is m x n, A m x k, entry (j, d) of B lies at j * b_row + d * b_column. With `lower`,
    /// entries above the diagonal may be left out.
    void (*lanes_product)(T* C, index ldc, const T* A, index lda, const T* B, index b_row, index b_column, index m,
                          index n, index k, bool lower, T alpha, T beta);

    /// Multiplies every row of M [rows, n] by the power of two that brings its largest entry into [1, 2), `power`
    /// [rows]. column_j = max(column_j, the square of the new entry) over the rows with `least_entries` nonzero
    /// entries, unless `column` is null. `wrong` [lanes] is increased by 0, or by NaN where an entry is not finite or a
    /// row is out of the usual range.
    void (*lanes_scale_rows)(T* M, index ld, index rows, index n, T least_entries, T* power, T* column, T* wrong);
    /// `lanes_cholesky` where lane l has a matrix of its own, R[l].
    void (*lanes_cholesky_each)(const T* const* R, index ldr, const int* which, const T* counts, index k, T least, T* L,
                                index ldl, T* reciprocal);
    /// The powers of two of that alone; M stays as it is.
    void (*lanes_row_powers)(const T* M, index ld, index rows, index n, T* power, T* wrong);
    /// Each of the rows x of X [rows, n] becomes L^-1 x. Meanwhile the `count` numbers that lane l reads next from
    /// ahead[l] are asked for, unless `ahead` is null.
    void (*lanes_solve_rows)(const T* L, index ldl, const T* reciprocal, index n, T* X, index ldx, index rows,
                             const T* const* ahead, index count);
    /// The lower triangle of M [n, n] becomes that of (M + M') / 2, whose largest |entry| goes to `most` [lanes].
    /// `uneven` [lanes]: 0 where M and M' differ by four units in the last place of that at most, as the product of a
    /// matrix and its transpose does, else 1. `wrong` [lanes] is increased by NaN where an entry is not finite.
    void (*lanes_symmetric_part)(T* M, index ld, index n, T* most, T* uneven, T* wrong);
    /// The rows of n numbers that lie one after the other at from[l] become those of M, with what `lanes_row_powers`
    /// says of them.
    void (*lanes_gather_rows)(const T* const* from, index rows, index n, T* M, index ld, T* power, T* wrong);

    /// At most `most` steps of the primal-dual active set method in every lane (`small_chunk`): R [m, m] whole and
    /// symmetric, d and floor [m] as in `next_set`. `inside` [m] is 1 for the rows of W, else 0, and `moving` [lanes] 1
    /// where a set is wanted; in the end 0 where W is that of the solution, 1 where it still moved, NaN where a step
    /// broke down. Writes the steps of each lane, x [m], which is λ, and L [m, m] with `reciprocal` [m], the factor of
    /// R_WW with the identity for the rows outside W, behind which there has to be room for one row more. A pivot not
    /// above `least` R_ii breaks a step down. `work` [m].
    void (*lanes_active_sets)(const T* R, const T* d, const T* floor, index m, index most, T least, T rounding,
                              T* inside, T* moving, T* steps, T* x, T* L, index ldl, T* reciprocal, T* work);
    /// y = S x in every lane for the symmetric S whose lower triangle is stored, n x n.
    void (*lanes_symmetric_product)(const T* S, index lds, index n, const T* x, T* y);
    /// `judge_rows` in every lane, and behind that the sum of the |y_i| and the largest unit: out [6, lanes].
    void (*lanes_judge_rows)(const T* x, const T* b, const T* unit, const T* y, const T* floor, index n, T* out);
    /// `judge_columns` in every lane with units of 1, and behind that the sum of the |z_j| and the largest of them: out
    /// [7, lanes].
    void (*lanes_judge_columns)(const T* qz, const T* q, const T* a, const T* g, const T* z, index n, T* out);
};

/// The kernels of this processor, T = double or float: the widest instruction set it has, or the one named by the
/// environment variable OPTNET_SIMD=portable|avx2|avx512, read once. A sentence on stderr says if that is not followed.
template <class T> const kernels<T>& dense();

/// The kernels by name, or null where the processor or this build lacks the instruction set.
template <class T> const kernels<T>* dense(const char* name);

} // namespace optnet::solver::cpu
