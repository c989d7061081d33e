// SPDX-License-Identifier: Apache-2.0
#pragma once

// Products of matrices and partial Cholesky factorizations by one team, in tiles that lie in registers: what limits
// both is how many numbers a processor of a GPU reads, not how many it multiplies.

#include "solver/cuda/matrices.hpp"

namespace optnet::solver::cuda {

/// A worker's part of a product: 2 x 4 entries, 8 products for 6 numbers read. 32 neighbours have 32 rows and 8
/// columns, so that the numbers of a row block are read side by side and those of a column by 16 workers at once.
struct tile {
    static constexpr int tall = 2, wide = 4, across = 16, block = tall * across;
    static_assert(wide * warp / across == panel_width);
    int row[tall], col[wide], rows, cols;

    /// The part of worker `lane` of 32 in the rows from `top` and the columns from `left` on of a matrix [rows, cols].
    OPTNET_DEVICE tile(int lane, int top, int left, int rows_of_all, int cols_of_all)
        : rows(rows_of_all), cols(cols_of_all) {
        OPTNET_UNROLLED
        for (int r = 0; r < tall; ++r) row[r] = top + lane % across + across * r;
        OPTNET_UNROLLED
        for (int c = 0; c < wide; ++c) col[c] = left + lane / across * wide + c;
    }
    /// f(r, c) for all of its entries.
    template <class F> OPTNET_DEVICE static void entries(const F& f) {
        OPTNET_UNROLLED
        for (int t = 0; t < tall * wide; ++t) f(t / wide, t % wide);
    }
    /// It is one of the matrix.
    OPTNET_DEVICE bool has(int r, int c) const { return row[r] < rows && col[c] < cols; }
};

/// sum += X_ik X_jk over k in [from, to) for the rows i and columns j of a tile; X is column-major. The numbers of so
/// many `turns` are on their way together: four fit into the registers of wide blocks, eight hide that a GPU's memory
/// is far.
template <int turns = 4>
OPTNET_DEVICE inline void add_products(const double* X, int ld, int from, int to, const tile& of,
                                       double (&sum)[tile::tall][tile::wide]) {
    int i[tile::tall], j[tile::wide]; // beyond the end: some other row, for nothing
    OPTNET_UNROLLED
    for (int r = 0; r < tile::tall; ++r) i[r] = of.row[r] < of.rows ? of.row[r] : of.rows - 1;
    OPTNET_UNROLLED
    for (int c = 0; c < tile::wide; ++c) j[c] = of.col[c] < of.cols ? of.col[c] : of.cols - 1;
    OPTNET_TURNS
    for (int k = from; k < to; ++k) {
        const double* const column = X + k * ld;
        double x[tile::tall], y[tile::wide];
        OPTNET_UNROLLED
        for (int r = 0; r < tile::tall; ++r) x[r] = column[i[r]];
        OPTNET_UNROLLED
        for (int c = 0; c < tile::wide; ++c) y[c] = column[j[c]];
        tile::entries([&](int r, int c) { sum[r][c] += x[r] * y[c]; });
    }
}

/// f(tile) for the tiles of a matrix [rows, cols] that are not all above its diagonal, then a barrier.
template <class Team, class F> OPTNET_DEVICE void lower_tiles(Team& team, int rows, int cols, const F& f) {
    const int groups = (cols + panel_width - 1) / panel_width, blocks = (rows + tile::block - 1) / tile::block;
    each(team, blocks * groups * warp, [&](int t) {
        const int which = t / warp, top = which / groups * tile::block, left = which % groups * panel_width;
        if (left < top + tile::block) f(tile(t % warp, top, left, rows, cols));
    });
}

/// f(tile) for the tiles of one panel, and beside() by one worker whose neighbours have nothing to do meanwhile; then a
/// barrier.
template <class Team, class Beside, class F>
OPTNET_DEVICE void panel_tiles(Team& team, int rows, int width, const Beside& beside, const F& f) {
    each(team, (rows + tile::block - 1) / tile::block * warp + warp, [&](int t) {
        if (t == 0) beside();
        if (t >= warp) f(tile(t % warp, t / warp * tile::block - tile::block, 0, rows, width));
    });
}

OPTNET_DEVICE inline double reciprocal_root(double v) {
#if defined(__CUDA_ARCH__)
    return rsqrt(v);
#else
    return 1 / std::sqrt(v);
#endif
}

/// The Cholesky factor of the square [width, width] in `pivots`, row by row, with the reciprocals of its diagonal there
/// and zeros beyond `width`. False if a pivot is not above `floor`.
OPTNET_DEVICE inline bool factor_square(double* pivots, int width, double floor) {
    double d[panel_width][panel_width];
    OPTNET_UNROLLED
    for (int i = 0; i < panel_width; ++i) {
        OPTNET_UNROLLED
        for (int j = 0; j <= i; ++j) d[i][j] = i < width ? pivots[i * panel_width + j] : 0.0;
    }
    bool positive = true;
    OPTNET_UNROLLED
    for (int j = 0; j < panel_width; ++j) {
        if (j >= width) break;
        positive = positive && d[j][j] > floor && d[j][j] < HUGE_VAL;
        d[j][j] = reciprocal_root(d[j][j]);
        OPTNET_UNROLLED
        for (int i = j + 1; i < panel_width; ++i) d[i][j] *= d[j][j];
        OPTNET_UNROLLED
        for (int i = j + 1; i < panel_width; ++i) {
            OPTNET_UNROLLED
            for (int c = j + 1; c <= i; ++c) d[i][c] -= d[i][j] * d[c][j];
        }
    }
    OPTNET_UNROLLED
    for (int i = 0; i < panel_width; ++i) {
        OPTNET_UNROLLED
        for (int j = 0; j <= i; ++j) pivots[i * panel_width + j] = d[i][j];
    }
    return positive;
}

/// Some columns of a partial factorization, and the rows from the first of them on that have entries there.
struct panel_shape {
    int first, width, active;
    OPTNET_DEVICE panel_shape(int begin, int rows, int cols, int identity)
        : first(begin), width(cols - begin < panel_width ? cols - begin : panel_width),
          active((identity + begin + width < rows ? identity + begin + width : rows) - begin) {}
};

/// Entry (r, c) of a tile becomes `before` of its row and column, less the products with the columns [from, to).
template <class Before, class Store>
OPTNET_DEVICE void subtract_products(const tile& of, const double* X, int ld, int from, int to, const Before& before,
                                     const Store& store) {
    double v[tile::tall][tile::wide], sum[tile::tall][tile::wide] = {};
    tile::entries([&](int r, int c) { v[r][c] = of.has(r, c) ? before(of.row[r], of.col[c]) : 0.0; });
    add_products(X, ld, from, to, of, sum);
    tile::entries([&](int r, int c) {
        if (of.has(r, c)) store(of.row[r], of.col[c], v[r][c] - sum[r][c]);
    });
}

/// M [rows, cols], column-major with leading dimension `rows`, becomes what elimination makes of `given(row, col)`,
/// with `shift` added to the diagonal: in the lower triangle of the upper square its Cholesky factor L, and from every
/// row v below it v L⁻ᵀ. Rows from `identity` on are those of an identity matrix: row identity + i is 0 left of column
/// i, before and after. False if a pivot is not above `floor`. `pivots` [pivots_words] is best near. `given` only
/// reads: what it computed would keep the next number from being on its way.
///
/// In panels of columns, three phases each. While one worker factors the square on the diagonal of a panel, a chain of
/// roots, the others take from the next panel what all columns before this one say of it.
template <class Team, class Initial>
OPTNET_DEVICE bool partial_cholesky(Team& team, const Initial& given, double shift, double* M, int rows, int cols,
                                    int identity, double floor, double* pivots) {
    const Initial initial = given; // its pointers in registers
    double* const verdict = pivots + panel_width * panel_width;
    // The columns [from, to) are taken from a panel that holds `before`; `ready`: it can be factored then.
    const auto take = [&](const panel_shape& of, const tile& part, int from, int to, const auto& before, double more,
                          bool ready) {
        // Where the rows of an identity begin; a multiple of what is read together.
        const int begin = (of.first + part.row[0] / tile::block * tile::block - identity) / 4 * 4;
        subtract_products(
            part, M + of.first, rows, begin > from ? begin : from, to,
            [&](int i, int j) { return before(of.first + i, of.first + j); },
            [&](int i, int j, double v) {
                if (i == j) v += more;
                M[(of.first + j) * rows + of.first + i] = v;
                if (ready && i < of.width) pivots[i * panel_width + j] = v;
            });
    };
    const auto so_far = [&](int i, int j) { return M[j * rows + i]; };
    const panel_shape start(0, rows, cols, identity);
    const auto nothing = [] {};
    panel_tiles(team, start.active, start.width, nothing,
                [&](const tile& part) { take(start, part, 0, 0, initial, shift, true); });
    for (int first = 0; first < cols; first += panel_width) {
        const panel_shape now(first, rows, cols, identity);
        const bool last = first + panel_width >= cols;
        const panel_shape next(last ? first : first + panel_width, rows, cols, identity);
        const int more = last ? 0 : next.active;
        panel_tiles(
            team, more, next.width, [&] { *verdict = factor_square(pivots, now.width, floor) ? 1.0 : 0.0; },
            [&](const tile& part) { take(next, part, 0, first, initial, shift, false); });
        if (*verdict == 0.0) return false;
        each(team, rows - first, [&](int t) {
            double* const row = M + first * rows + first + t;
            double v[panel_width];
            OPTNET_UNROLLED
            for (int c = 0; c < panel_width; ++c) v[c] = t < now.active && c < now.width ? row[c * rows] : 0.0;
            if (t < now.active) {
                OPTNET_UNROLLED
                for (int e = 0; e < panel_width; ++e) {
                    v[e] *= pivots[e * panel_width + e];
                    OPTNET_UNROLLED
                    for (int c = e + 1; c < panel_width; ++c) v[c] -= v[e] * pivots[c * panel_width + e];
                }
            }
            OPTNET_UNROLLED
            for (int c = 0; c < panel_width; ++c)
                if (c < now.width && (t >= now.width || c <= t)) row[c * rows] = v[c];
        });
        if (!last)
            panel_tiles(team, more, next.width, nothing,
                        [&](const tile& part) { take(next, part, first, first + panel_width, so_far, 0.0, true); });
    }
    return true;
}

/// The same of what M holds.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool partial_cholesky(Team& team, double* M, int rows, int cols, int identity,
                                                       double floor, double* pivots) {
    return partial_cholesky(
        team, [=](int i, int j) { return M[j * rows + i]; }, 0.0, M, rows, cols, identity, floor, pivots);
}

} // namespace optnet::solver::cuda
