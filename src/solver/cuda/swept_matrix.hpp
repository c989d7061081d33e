// SPDX-License-Identifier: Apache-2.0
#pragma once

// A symmetric matrix, swept on a set W of its rows (Beaton 1964; Goodnight 1979):
//
//     Z = [R d; d' ·]        Z_WW = −R_WW⁻¹    Z_NW = R_NW R_WW⁻¹    Z_NN = R_NN − R_NW R_WW⁻¹ R_WN
//     its last row           −x_W with R_WW x_W = −d_W, and s_N = d_N + R_NW x_W
//
// Rows S enter or leave W with one sweep, one row or a few of them together, some this way and some that:
//
//     Z_NN −= Z_NS Z_SS⁻¹ Z_SN,    Z_NS → Z_NS Z_SS⁻¹ D,    Z_SS → −D Z_SS⁻¹ D        D = 1 for a row that enters, −1
//                                                                                     for one that leaves
//
// The columns S are copied, with Z_SS⁻¹ and without it; then all of Z takes the first, as if S were rows like others.
// What it makes of them waits for `settle`, which the phase after it begins with.

#include "solver/cuda/team.hpp"

#include <type_traits>

namespace optnet::solver::cuda {

/// Where the rows of a swept matrix lie: the lower triangle in square chunks, whole ones, row after row. A row of odd
/// length sends a column to all banks of shared memory.
struct chunked_triangle {
    static constexpr int width = warp;
    OPTNET_DEVICE static int block(int i) { return static_cast<int>(static_cast<unsigned>(i) / width); }
    /// Row i, which is in block b.
    OPTNET_DEVICE static int row(int b, int i) {
        return width * (width * (b * (b + 1) / 2) + b) + (i - b * width) * (width * (b + 1) + 1);
    }
    OPTNET_DEVICE static int row(int i) { return row(block(i), i); }
    OPTNET_DEVICE static int size(int m) { return row(m) + (block(m) + 1) * width; }
};
/// Up to so many rows of R the swept matrix is taken: 137 KB then lie in the shared memory of a block, which every GPU
/// has that the kernels are compiled for.
inline constexpr int most_swept = 160;
OPTNET_DEVICE inline bool by_sweeps(int m) { return m <= most_swept; }

/// Rows that are swept together at most.
inline constexpr int together = 4;

/// Rows S: the same for all workers of a team.
template <int most> struct swept_rows {
    int row[most];     ///< −1 where there is none
    double sign[most]; ///< −1 if it leaves W

    OPTNET_DEVICE swept_rows() {
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) {
            row[q] = -1;
            sign[q] = 1;
        }
    }
    OPTNET_DEVICE bool has(int i) const {
        bool found = false;
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) found = found || row[q] == i;
        return found;
    }
    OPTNET_DEVICE int count() const {
        int rows = 0;
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) rows += row[q] >= 0 ? 1 : 0;
        return rows;
    }
    /// How many of them enter, less those that leave.
    OPTNET_DEVICE int more() const {
        int rows = 0;
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) rows += row[q] < 0 ? 0 : sign[q] > 0 ? 1 : -1;
        return rows;
    }
};

/// Z of m rows and one more.
struct swept_matrix {
    double* Z;
    double* columns; ///< [m + 1, together] Z_iS
    double* scaled;  ///< [together, m + 1] Z_iS Z_SS⁻¹, by rows of S: neighbours read neighbours
    double* inverse; ///< [together, together] Z_SS⁻¹, 0 for rows that there are not
    int m;

    OPTNET_DEVICE static int words(int m) { return chunked_triangle::size(m) + (2 * (m + 1) + together) * together; }
    OPTNET_DEVICE swept_matrix(double* from, int rows)
        : Z(from), columns(from + chunked_triangle::size(rows)), scaled(columns + (rows + 1) * together),
          inverse(scaled + (rows + 1) * together), m(rows) {}

    OPTNET_DEVICE double* last() const { return Z + chunked_triangle::row(m); }
    OPTNET_DEVICE double entry(int i, int j) const {
        return Z[i > j ? chunked_triangle::row(i) + j : chunked_triangle::row(j) + i];
    }

    OPTNET_DEVICE double& scaled_entry(int i, int q) const { return scaled[q * (m + 1) + i]; }

    /// Sweeps the rows S, but for those whose pivot is not above `least` where 1 / scale[row] is 1: they are taken out
    /// of S. Before that rule(j, x) for every row j with its entry −x of the last row, by one worker each, which may
    /// change what belongs to j.
    template <class Team, int most, class Rule>
    OPTNET_DEVICE void sweep(Team& team, swept_rows<most>& of, double least, const double* scale,
                             const Rule& rule) const;
    /// Row i of the columns of the last sweep.
    template <int most> OPTNET_DEVICE void settle(const swept_rows<most>& of, int i) const;

private:
    template <int most>
    OPTNET_DEVICE void invert(swept_rows<most>& of, double least, const double* scale,
                              double (&inverse_of)[most][most]) const;
};

/// Z −= columns · scaled'. A worker has one column of every chunk, `lane`, of the rows group, group + groups ... of
/// every block: what belongs to its columns stays with it.
template <int most> class sweep_of_rows {
public:
    OPTNET_DEVICE sweep_of_rows(double* of, int rows) : Z(of), all(swept_matrix(of, rows).columns), m(rows) {}

    OPTNET_DEVICE void run(int lane, int group, int groups) {
        const swept_matrix of(Z, m);
        OPTNET_UNROLLED
        for (int c = 0; c < most_chunks; ++c) {
            const int j = c * width + lane < m ? c * width + lane : m; // what stands beyond is never read
            OPTNET_UNROLLED
            for (int q = 0; q < most; ++q) across[c][q] = of.scaled_entry(j, q);
        }
        block<0>(lane, group, groups);
    }

private:
    static constexpr int width = chunked_triangle::width, most_chunks = (most_swept + width - 1) / width;
    /// All numbers of so many rows are read before the first is written: the compiler cannot know that they are others.
    static constexpr int ahead = 4;

    template <int b> OPTNET_DEVICE void block(int lane, int group, int groups) {
        constexpr int first = b * width;
        const int end = m + 1 < first + width ? m + 1 : first + width;
        int i = first + group;
        for (; i + (ahead - 1) * groups < end; i += ahead * groups) rows<b, ahead>(lane, i, groups);
        OPTNET_ROLLED
        for (; i < end; i += groups) rows<b, 1>(lane, i, groups);
        if constexpr (b < most_chunks)
            if (m + 1 > end) block<b + 1>(lane, group, groups);
    }
    /// So many rows from row i of block b on.
    template <int b, int count> OPTNET_DEVICE void rows(int lane, int i, int groups) {
        constexpr int chunks = b < most_chunks ? b + 1 : most_chunks;
        double* const to = Z + chunked_triangle::row(b, i) + lane;
        const int down = groups * (width * (b + 1) + 1);
        double v[count][chunks];
        OPTNET_UNROLLED
        for (int a = 0; a < count; ++a) {
            OPTNET_UNROLLED
            for (int c = 0; c < chunks; ++c) v[a][c] = to[a * down + c * width];
        }
        OPTNET_UNROLLED
        for (int a = 0; a < count; ++a) {
            OPTNET_UNROLLED
            for (int q = 0; q < most; ++q) {
                const double factor = all[(i + a * groups) * together + q];
                OPTNET_UNROLLED
                for (int c = 0; c < chunks; ++c) v[a][c] -= factor * across[c][q];
            }
        }
        OPTNET_UNROLLED
        for (int a = 0; a < count; ++a) {
            OPTNET_UNROLLED
            for (int c = 0; c < chunks; ++c) to[a * down + c * width] = v[a][c];
        }
    }

    double* Z;
    const double* all;
    int m;
    double across[most_chunks][most];
};
/// The workers of a team share the lanes of a row, if they are so many, and the rows. `fixed` is their number where the
/// compiler knows it, else 0. All arguments are numbers: they stay in registers.
template <int most, int fixed>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void sweep_the_rows(int rank, int workers, double* Z, int m) {
    const int width = chunked_triangle::width, size = fixed > 0 ? fixed : workers, side = size < width ? size : width;
    sweep_of_rows<most> rows(in_fast_memory(Z), m);
    for (int lane = rank % side; lane < width; lane += side) rows.run(lane, rank / side, size / side);
}
template <class Team> OPTNET_DEVICE constexpr int fixed_size() {
    if constexpr (std::is_member_object_pointer_v<decltype(&Team::size)>)
        return 0;
    else
        return Team::size;
}

/// Z_SS⁻¹; rows whose pivot is not large enough are taken out of S, and have zeros there. Every worker does this, which
/// takes no longer than to wait for one.
template <int most>
OPTNET_DEVICE void swept_matrix::invert(swept_rows<most>& of, double least, const double* scale,
                                        double (&v)[most][most]) const {
    double factor[most];
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        factor[q] = of.row[q] >= 0 ? of.sign[q] * scale[of.row[q]] : 0.0;
        OPTNET_UNROLLED
        for (int r = 0; r <= q; ++r)
            v[q][r] = v[r][q] = of.row[q] >= 0 && of.row[r] >= 0 ? entry(of.row[q], of.row[r]) : 0.0;
    }
    // Sweeps of these few numbers alone leave −Z_SS⁻¹. A reciprocal of 0 makes zeros of the row.
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        const bool is_in = of.row[q] >= 0 && factor[q] * v[q][q] > (of.sign[q] < 0 && least > 0 ? 0.0 : least);
        const double reciprocal = is_in ? quick_reciprocal(v[q][q]) : 0.0;
        of.row[q] = is_in ? of.row[q] : -1;
        OPTNET_UNROLLED
        for (int i = 0; i < most; ++i) {
            OPTNET_UNROLLED
            for (int j = 0; j <= i; ++j)
                if (i != q && j != q) v[i][j] = v[j][i] = v[i][j] - v[i][q] * reciprocal * v[q][j];
        }
        OPTNET_UNROLLED
        for (int i = 0; i < most; ++i)
            if (i != q) v[i][q] = v[q][i] = v[i][q] * reciprocal;
        v[q][q] = -reciprocal;
    }
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        OPTNET_UNROLLED
        for (int r = 0; r < most; ++r) v[q][r] = of.row[q] >= 0 && of.row[r] >= 0 ? -v[q][r] : 0.0;
    }
}

template <class Team, int most, class Rule>
OPTNET_DEVICE void swept_matrix::sweep(Team& team, swept_rows<most>& of, double least, const double* scale,
                                       const Rule& rule) const {
    double of_s[most][most];
    invert(of, least, scale, of_s);
    if (of.count() == 0) return;
    each(team, m + 1, [&](int i) {
        double column[most];
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) column[q] = of.row[q] >= 0 ? entry(i, of.row[q]) : 0.0;
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) {
            columns[i * together + q] = column[q];
            double sum = 0;
            OPTNET_UNROLLED
            for (int r = 0; r < most; ++r) sum += of_s[q][r] * column[r];
            scaled_entry(i, q) = sum;
        }
        if (i < m) return rule(i, -last()[i]);
        OPTNET_UNROLLED
        for (int t = 0; t < most * most; ++t) inverse[t / most * together + t % most] = of_s[t / most][t % most];
    });
    sweep_the_rows<most, fixed_size<Team>()>(team.rank, team.size, Z, m);
    team.sync();
}

template <int most> OPTNET_DEVICE void swept_matrix::settle(const swept_rows<most>& of, int i) const {
    const int block = chunked_triangle::block(i), start = chunked_triangle::row(block, i);
    if (!of.has(i)) {
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q)
            if (of.row[q] >= 0)
                Z[i > of.row[q] ? start + of.row[q] : chunked_triangle::row(of.row[q]) + i] =
                    of.sign[q] * scaled_entry(i, q);
        return;
    }
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        if (of.row[q] != i) continue;
        last()[i] = of.sign[q] * scaled_entry(m, q);
        OPTNET_UNROLLED
        for (int r = 0; r < most; ++r)
            if (of.row[r] >= 0 && of.row[r] <= i)
                Z[start + of.row[r]] = -of.sign[q] * of.sign[r] * inverse[q * together + r];
    }
}

} // namespace optnet::solver::cuda
