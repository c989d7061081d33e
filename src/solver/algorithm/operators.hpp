// SPDX-License-Identifier: Apache-2.0
#pragma once

// Q, A and G of one problem (or of a whole batch that shares them) as packed blocks in double precision.
//
// Rows of A and G are multiplied by powers of two that bring their largest entry near 1; without that a row scaling of
// 1e±3 costs the interior point two and a half times its iterations. Where the sizes of the columns differ by more than
// a hundred, the variables get units of their own too. Powers of two lose no digit, so points, residuals and
// multipliers of the user's problem are got back exactly.

#include "optnet/solver/views.hpp"
#include "solver/algorithm/entries.hpp"

#include <vector>

namespace optnet::solver {

/// The power of two that brings a positive number into [1, 2); 1 for anything else.
double power_below(double most);

/// Sizes and powers of two of `operators`, wherever they lie.
struct units {
    int n, p, m;
    const double *a_scale, *g_scale, *z_scale; ///< [p], [m], [n]
    const double *a_unit, *g_unit, *z_unit;    ///< one over them
};

class operators {
public:
    int n = 0, p = 0, m = 0;
    bool finite = true;                         ///< no NaN or infinity in any block
    std::vector<double> a_scale;                ///< [p] row i of the packed A is a_scale[i] times the user's
    std::vector<double> g_scale;                ///< [m]
    std::vector<double> z_scale;                ///< [n] the user's z is z_scale times that of the packed Q, A and G
    std::vector<double> a_unit, g_unit, z_unit; ///< one over the scales
    double q_max = 0;                           ///< largest absolute entry of Q

    units measures() const {
        return {n, p, m, a_scale.data(), g_scale.data(), z_scale.data(), a_unit.data(), g_unit.data(), z_unit.data()};
    }

    /// Sizes and measures of other data, without blocks.
    void measure_as(const operators& other);

    operators() = default;

    template <class T> operators(const problem<T>& batch, std::int64_t element) { load(batch, element); }
    /// Packs the blocks of one element of the batch; memory of an earlier one is used again.
    template <class T> void load(const problem<T>& batch, std::int64_t element);

    /// y += M x for the scaled A and G, and for the symmetric part of Q.
    void multiply_add(matrix where, const double* x, double* y) const;
    /// y += M' x.
    void multiply_transposed_add(matrix where, const double* x, double* y) const;
    /// Y += X M' and Y += X M for `count` vectors at once, the rows of X and Y, which lie one after the other. No bit
    /// of a row depends on the others or on its place if `count` is a multiple of 8.
    void multiply_add_rows(matrix where, const double* X, double* Y, std::int64_t count) const;
    void multiply_transposed_add_rows(matrix where, const double* X, double* Y, std::int64_t count) const;
    /// The same with Y = 0 before, whatever it holds.
    void multiply_rows(matrix where, const double* X, double* Y, std::int64_t count) const;
    void multiply_transposed_rows(matrix where, const double* X, double* Y, std::int64_t count) const;
    /// f(i, j, value) for stored entries that add up to M, for Q to its symmetric part.
    template <class F> void each(matrix where, const F& f) const {
        for (const packed& b : blocks(where))
            each_entry(b, [&](int i, int j, double v) {
                const bool half = where == matrix::Q && !b.symmetric;
                f(b.row + i, b.col + j, half ? 0.5 * v : v);
                if (half) f(b.col + j, b.row + i, 0.5 * v);
            });
    }
    /// M[i * ld + j] = entry (i, j); as `add_dense`.
    void write_dense(matrix where, double* M, std::int64_t ld) const;
    /// M[i * ld + j] += entry (i, j); `M` is row-major with at least as many rows as the matrix.
    void add_dense(matrix where, double* M, std::int64_t ld) const;
    /// The transpose of A: to[j * ld + i] = entry (i, j).
    void write_turned_a(double* to, std::int64_t ld) const;
    /// Rows of G as columns: to[places[j] * ld + k] = entry (which[k], j); `places` null: all in order.
    void write_g_columns(const int* which, std::int64_t count, double* to, std::int64_t ld,
                         const int* places = nullptr) const;
    /// A matrix row-major without gaps, where it lies if it lies so, else in `scratch`.
    const double* dense_rows(matrix where, std::vector<double>& scratch) const;
    /// The dot product of row i of G with x.
    double g_row_dot(int i, const double* x) const;
    /// x += factor times row i of G.
    void g_row_add(int i, double factor, double* x) const;
    /// x = row i of G, [n].
    void write_g_row(int i, double* x) const;
    /// True if every block of Q lies on its diagonal; `diagonal` then holds it.
    bool q_is_diagonal() const { return diagonal_q; }
    const std::vector<double>& q_diagonal() const { return diagonal; }
    /// True if row i of G has one entry at most; then it is `g_entry(i)` in column `g_column(i)`, -1 for an empty row.
    bool g_is_bound(int i) const { return bound[static_cast<std::size_t>(i)]; }
    int g_column(int i) const { return column[static_cast<std::size_t>(i)]; }
    double g_entry(int i) const { return entry[static_cast<std::size_t>(i)]; }
    /// The same A and G with Q = I: the problem of finding a feasible point.
    operators with_identity_q() const;
    std::size_t held() const; ///< bytes

private:
    struct packed {
        block_kind kind;
        int row, col, rows, cols, first, last;
        double scale;
        bool symmetric;           ///< a block of Q that is its own transpose
        double most;              ///< the largest |entry| of a block of Q, negative if not known
        std::vector<double> data; ///< row-major; empty for identity
        std::shared_ptr<const entry_list> entries{};
    };
    /// The one dense block that a matrix is, or null.
    const packed* whole(matrix where) const;
    const std::vector<packed>& blocks(matrix where) const { return sets[static_cast<std::size_t>(where)]; }
    template <class T> void read(const problem<T>& batch, const block& b, std::int64_t element, packed& out);
    bool read_symmetric(const matrix_view<double>& view, const double* from, packed& out);
    bool read_scaled(const matrix_view<double>& view, const double* from, packed& out, std::vector<double>& scale);
    void read_diagonal();
    static void apply(const packed& b, matrix where, bool transposed, const double* x, double* y);
    void scale();
    void scale_rows(std::vector<packed>& set, std::vector<double>& scale);
    void read_maxima(const packed& b, double* own);
    bool measure_columns();
    void scale_columns();
    static void own_diagonal(packed& b);
    void find_bounds();
    static double entry_dot(const packed& b, int i, const double* x);

    std::vector<packed> sets[3];
    std::vector<double> diagonal, row_most, block_most, column_most, entry;
    std::vector<int> column;
    std::vector<char> bound;
    bool diagonal_q = true;
    bool alone[3] = {};  ///< a matrix is one block
    bool scaled[3] = {}; ///< its rows were scaled as they were read
};

} // namespace optnet::solver
