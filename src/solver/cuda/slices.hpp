// SPDX-License-Identifier: Apache-2.0
#pragma once

// The set-up of matrices that a batch shares, by several blocks of threads: what a single block would do while all
// others wait for it. Every block factors Q in its own fast memory, and with it a slice of the rows below; nobody waits
// for what another has done but between kernels. Where Q or S has no Cholesky factor nothing is decided: `set_up` knows
// what else to try.

#include "solver/cuda/factor.hpp"

namespace optnet::solver::cuda {

/// Rows of [A; G; I], or of [V_G V_A'; I], that a block has.
inline constexpr int slice_rows = 16;
inline int slices(int rows) { return (rows + slice_rows - 1) / slice_rows; }
/// Numbers in the memory of a block, for a square of that many columns: the matrix, and behind it the pivots.
OPTNET_DEVICE inline std::int64_t slice_matrix(int cols) { return (std::int64_t{cols} + slice_rows) * cols; }
inline std::int64_t slice_words(int cols) { return slice_matrix(cols) + pivots_words; }

/// Every matrix is one dense block, or has no rows: its numbers can be read in any order.
inline bool reads_in_any_order(const device_batch& batch) {
    for (const matrix which : {matrix::Q, matrix::A, matrix::G}) {
        const int rows = which == matrix::Q ? batch.n : which == matrix::A ? batch.p : batch.m;
        int blocks = 0;
        bool whole = true;
        for (int i = 0; i < batch.blocks; ++i) {
            const device_block& b = batch.block[i];
            if (b.where != which) continue;
            ++blocks;
            whole = whole && b.kind == block_kind::dense && b.rows == rows && b.cols == batch.n;
        }
        if (rows > 0 && (blocks != 1 || !whole)) return false;
    }
    return true;
}

/// Its Cholesky factor with the slice; false if there is none.
template <class Team> OPTNET_DEVICE bool factor_with_slice(Team& team, double* M, int cols, double floor) {
    const int rows = cols + slice_rows;
    const auto initial = [=](int i, int j) { return M[j * rows + i]; };
    return partial_cholesky(team, initial, 0.0, M, rows, cols, rows, floor, M + slice_matrix(cols));
}

/// The slice behind the square of M into its place in `to` [rows_of_all, cols]; the first slice brings the factor
/// along.
template <class Team>
OPTNET_DEVICE void write_slice(Team& team, const double* M, int cols, int number, double* to, int rows_of_all) {
    const int rows = cols + slice_rows, first = number * slice_rows;
    transfer(
        team, cols, rows, [=](int j, int i) { return M[j * rows + i]; },
        [=](int j, int i, double v) {
            const int row = i < cols ? i : i + first;
            if (i < cols ? number == 0 && i >= j : row < rows_of_all) to[j * rows_of_all + row] = v;
        });
}

/// True if slice `number` of [V_A; V_G; V_I] is written. M [slice_words(n)]
template <class Team> OPTNET_DEVICE bool factor_slice(Team& team, const matrices& of, int number, double* M) {
    const int n = of.n, from = of.data_rows(), rows = n + slice_rows;
    const int first = number * slice_rows, below = of.p + of.m;
    transfer(
        team, n, rows,
        [=](int j, int i) {
            const int row = i < n ? i : i + first; // of [Q; A; G; I]
            return row < n + below ? of.data[j * from + row] : row - n - below == j ? 1.0 : 0.0;
        },
        [=](int j, int i, double v) { M[j * rows + i] = v; });
    const double size = of.q_size();
    if (!factor_with_slice(team, M, n, least_pivot * (size > 0 ? size : 1.0))) return false;
    write_slice(team, M, n, number, of.panel, of.panel_rows());
    return true;
}

/// The same for [W; S_I]. M [slice_words(p)]
template <class Team> OPTNET_DEVICE bool eliminate_slice(Team& team, const matrices& of, int number, double* M) {
    const int p = of.p, m = of.m, rows = p + slice_rows, first = number * slice_rows;
    lower_tiles(team, rows, p, [&](const tile& part) {
        // V_G follows V_A.
        tile from = part;
        from.rows = p + m;
        OPTNET_UNROLLED
        for (int r = 0; r < tile::tall; ++r) from.row[r] = part.row[r] < p ? part.row[r] : part.row[r] + first;
        double sum[tile::tall][tile::wide] = {};
        add_products(of.v_a(), of.panel_rows(), 0, of.n, from, sum);
        tile::entries([&](int r, int c) {
            if (!part.has(r, c)) return;
            const int row = from.row[r], j = part.col[c];
            M[j * rows + part.row[r]] = row < p + m ? sum[r][c] : row - p - m == j ? 1.0 : 0.0;
        });
    });
    const double size = most(team, p, [&](int i) { return two{M[i * rows + i], 0.0}; }).a;
    if (!factor_with_slice(team, M, p, least_schur_pivot * (size > 0 ? size : 1.0))) return false;
    write_slice(team, M, p, number, of.schur, of.schur_rows());
    return true;
}

/// Tiles of R across and down, and how many warps share the products of one.
inline int tiles_across(int m) { return (m + panel_width - 1) / panel_width; }
inline int tiles_down(int m) { return (m + tile::block - 1) / tile::block; }
inline constexpr int of_a_tile = 4, tile_words = 2 * of_a_tile * tile::block * panel_width;

/// A tile of R, with |v_i|² in `mark`; nothing where it is above the diagonal. `sums` [tile_words] is fast memory.
template <class Team>
OPTNET_DEVICE void multiply_tile(Team& team, const matrices& of, int down, int across, double* sums) {
    constexpr int entries = tile::tall * tile::wide;
    const int top = down * tile::block, left = across * panel_width, m = of.m;
    if (left >= top + tile::block) return;
    const auto place = [](int quarter, int e, int lane) { return ((quarter * entries) + e) * warp + lane; };
    double* const less = sums + tile_words / 2;
    each(team, of_a_tile * warp, [&](int t) {
        const int quarter = t / warp, lane = t % warp;
        const tile part(lane, top, left, m, m);
        double v[tile::tall][tile::wide] = {}, w[tile::tall][tile::wide] = {};
        const auto cut = [&](int of_all, int q) { return of_all * q / of_a_tile; };
        add_products<8>(of.v_g(), of.panel_rows(), cut(of.n, quarter), cut(of.n, quarter + 1), part, v);
        add_products<8>(of.w(), of.schur_rows(), cut(of.p, quarter), cut(of.p, quarter + 1), part, w);
        tile::entries([&](int r, int c) {
            sums[place(quarter, r * tile::wide + c, lane)] = v[r][c];
            less[place(quarter, r * tile::wide + c, lane)] = w[r][c];
        });
    });
    each(team, entries * warp, [&](int t) {
        const int lane = t % warp, e = t / warp, r = e / tile::wide, c = e % tile::wide;
        const int i = top + lane % tile::across + tile::across * r, j = left + lane / tile::across * tile::wide + c;
        if (i >= m || j > i) return;
        double v = 0, w = 0;
        OPTNET_UNROLLED
        for (int quarter = 0; quarter < of_a_tile; ++quarter) {
            v += sums[place(quarter, e, lane)];
            w += less[place(quarter, e, lane)];
        }
        if (i == j) of.mark[i] = v;
        of.r[j * m + i] = of.r[i * m + j] = v - w;
    });
}

} // namespace optnet::solver::cuda
