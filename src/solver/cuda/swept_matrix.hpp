// SPDX-License-Identifier: Apache-2.0
#pragma once

// A symmetric matrix, swept on a set W of its rows (Beaton 1964; Goodnight 1979):
//
//     Z = [R d; d' ·]        Z_WW = −R_WW⁻¹    Z_NW = R_NW R_WW⁻¹    Z_NN = R_NN − R_NW R_WW⁻¹ R_WN
//     its last row           −x_W with R_WW x_W = −d_W, and s_N = d_N + R_NW x_W
//
// Rows S enter or leave W with one sweep, one row or a few of them together:
//
//     Z_NN −= Z_NS Z_SS⁻¹ Z_SN,    Z_NS → ± Z_NS Z_SS⁻¹,    Z_SS → −Z_SS⁻¹        + if they enter, − if they leave
//
// One phase does the first; the others wait for `settle`, which the phase after it begins with. Four rows together take
// half as long as two by themselves: what a sweep waits for are numbers on their way, not products.

#include "solver/cuda/team.hpp"

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
/// Up to so many rows of R the swept matrix is taken: 126 KB then lie in the shared memory of a block, which every GPU
/// has that the kernels are compiled for.
inline constexpr int most_swept = 160;
OPTNET_DEVICE inline bool by_sweeps(int m) { return m <= most_swept; }

/// Rows S that are swept together, and what `settle` needs of them.
template <int most> struct swept_rows {
    int count = 0;              ///< of them; the rest holds where there are any
    int row[most];              ///< behind the count the first again
    double sign = 1;            ///< −1 if they leave W
    double inverse[most][most]; ///< Z_SS⁻¹, with zeros behind the count
    double of_last[most];       ///< the last row's part of Z_NS Z_SS⁻¹

    OPTNET_DEVICE bool has(int i) const {
        bool found = false;
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) found = found || row[q] == i;
        return found;
    }
};

/// Z_ij −= Z_iS Z_SS⁻¹ Z_Sj, but for the rows and columns S and the last row. A worker has one column of every chunk,
/// `lane`, of the rows group, group + groups ... of every block: the numbers of the rows that are swept stay with it.
template <int most> class sweep_of_rows {
public:
    OPTNET_DEVICE sweep_of_rows(double* at, int rows, const swept_rows<most>& these)
        : Z(in_fast_memory(at)), m(rows), swept(these) {
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) {
            own[q] = chunked_triangle::block(swept.row[q]);
            pivot_row[q] = Z + chunked_triangle::row(own[q], swept.row[q]);
        }
    }

    OPTNET_DEVICE void run(int lane, int group, int groups) {
        OPTNET_UNROLLED
        for (int c = 0; c < most_chunks; ++c) {
            const int j = c * width + lane;
            double v[most];
            OPTNET_UNROLLED
            for (int q = 0; q < most; ++q) {
                across[c][q] = 0;
                v[q] = 0;
                if (c * width < m) // the same for all workers
                    v[q] = c <= own[q] ? pivot_row[q][j] : j < m ? Z[chunked_triangle::row(c, j) + swept.row[q]] : 0.0;
            }
            OPTNET_UNROLLED
            for (int q = 0; q < most; ++q) {
                OPTNET_UNROLLED
                for (int r = 0; r < most; ++r) across[c][q] += swept.inverse[q][r] * v[r];
            }
            stays[c] = swept.has(j);
        }
        block<0>(lane, group, groups);
    }

private:
    static constexpr int width = chunked_triangle::width, most_chunks = (most_swept + width - 1) / width;
    /// All numbers of so many rows are read before the first is written: the compiler cannot know that they are others.
    static constexpr int ahead = most == 1 ? 4 : 2;

    template <int b> OPTNET_DEVICE void block(int lane, int group, int groups) {
        constexpr int first = b * width, length = width * (b + 1) + 1;
        const int end = m < first + width ? m : first + width;
        double* to = Z + chunked_triangle::row(b, first + group) + lane;
        // The columns S of rows that have them, and their own rows, which have those of others.
        const double* along[most];
        int further[most];
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) {
            along[q] = b <= own[q] ? pivot_row[q] + first + group : to - lane + swept.row[q];
            further[q] = b <= own[q] ? groups : groups * length;
        }
        for (int i = first + group; i < end; i += ahead * groups) {
            // Where there are fewer, the last is done again, from the same numbers.
            const int more = (end - 1 - i) / groups;
            double v[ahead][b + 1];
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a) {
                const int down = a < more ? a : more;
                OPTNET_UNROLLED
                for (int c = 0; c <= b; ++c) v[a][c] = to[down * groups * length + c * width];
                OPTNET_UNROLLED
                for (int q = 0; q < most; ++q) {
                    const double factor = along[q][down * further[q]];
                    OPTNET_UNROLLED
                    for (int c = 0; c <= b; ++c) v[a][c] -= factor * across[c][q];
                }
            }
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a) {
                const int down = a < more ? a : more;
                if (swept.has(i + down * groups)) continue; // the same for all workers of a row
                OPTNET_UNROLLED
                for (int c = 0; c <= b; ++c)
                    if (!stays[c]) to[down * groups * length + c * width] = v[a][c];
            }
            to += ahead * groups * length;
            OPTNET_UNROLLED
            for (int q = 0; q < most; ++q) along[q] += ahead * further[q];
        }
        if constexpr (b + 1 < most_chunks)
            if (m > end) block<b + 1>(lane, group, groups);
    }

    double* Z;
    int m;
    const swept_rows<most>& swept;
    int own[most];
    const double* pivot_row[most];
    double across[most_chunks][most];
    bool stays[most_chunks];
};
/// The workers of a team share the lanes of a row, if they are so many, and the rows.
template <int most, class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void sweep_the_rows(const Team& team, double* Z, int m, swept_rows<most> swept) {
    const int width = chunked_triangle::width, side = team.size < width ? team.size : width;
    sweep_of_rows<most> rows(Z, m, swept);
    for (int lane = team.rank % side; lane < width; lane += side) rows.run(lane, team.rank / side, team.size / side);
}

/// Z of m rows and one more.
struct swept_matrix {
    double* Z;
    int m;

    OPTNET_DEVICE double* last() const { return Z + chunked_triangle::row(m); }
    OPTNET_DEVICE double entry(int i, int j) const {
        return Z[i > j ? chunked_triangle::row(i) + j : chunked_triangle::row(j) + i];
    }
    /// Both places of an entry, where it has two.
    OPTNET_DEVICE void put(int i, int j, double value) const {
        const int of_i = chunked_triangle::block(i), of_j = chunked_triangle::block(j);
        if (of_i >= of_j) Z[chunked_triangle::row(of_i, i) + j] = value;
        if (of_i <= of_j) Z[chunked_triangle::row(of_j, j) + i] = value;
    }

    /// The inverse of Z_SS for those of the rows before the first whose pivot is not above least(row): the others are
    /// left out, perhaps all of them.
    template <int most, class Least> OPTNET_DEVICE void invert(swept_rows<most>& of, const Least& least) const;
    /// rule(j, x) for every row j with its entry −x of the last row before the sweep: by one worker each, which may
    /// change what belongs to j.
    template <class Team, int most, class Rule>
    OPTNET_DEVICE void sweep(Team& team, swept_rows<most>& of, const Rule& rule) const;
    /// Row i of the columns of the last sweep.
    template <int most> OPTNET_DEVICE void settle(const swept_rows<most>& of, int i) const;
};

template <int most, class Least>
OPTNET_DEVICE void swept_matrix::invert(swept_rows<most>& of, const Least& least) const {
    const int asked = of.count;
    double v[most][most];
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        OPTNET_UNROLLED
        for (int r = 0; r <= q; ++r) v[q][r] = v[r][q] = entry(of.row[q], of.row[r]);
    }
    // Sweeps of these few numbers alone leave −Z_SS⁻¹.
    of.count = 0;
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        const double pivot = of.sign * v[q][q];
        if (of.count != q || q >= asked || pivot <= least(of.row[q])) continue;
        of.count = q + 1;
        const double reciprocal = of.sign / pivot;
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
        if (q >= of.count) of.row[q] = of.row[0];
        OPTNET_UNROLLED
        for (int r = 0; r < most; ++r) of.inverse[q][r] = q < of.count && r < of.count ? -v[q][r] : 0.0;
    }
}

template <class Team, int most, class Rule>
OPTNET_DEVICE void swept_matrix::sweep(Team& team, swept_rows<most>& of, const Rule& rule) const {
    double* const x = last();
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        of.of_last[q] = 0;
        OPTNET_UNROLLED
        for (int r = 0; r < most; ++r) of.of_last[q] += of.inverse[q][r] * x[of.row[r]];
    }
    sweep_the_rows<most>(team, Z, m, of);
    // The last workers have the fewest rows.
    each(team, m, [&](int place) {
        const int j = m - 1 - place;
        double value = x[j];
        rule(j, -value);
        if (of.has(j)) return;
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) value -= of.of_last[q] * entry(j, of.row[q]);
        x[j] = value;
    });
}

template <int most> OPTNET_DEVICE void swept_matrix::settle(const swept_rows<most>& of, int i) const {
    if (of.count == 0) return;
    if (!of.has(i)) {
        double v[most];
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) v[q] = entry(i, of.row[q]);
        OPTNET_UNROLLED
        for (int q = 0; q < most; ++q) {
            double value = 0;
            OPTNET_UNROLLED
            for (int r = 0; r < most; ++r) value += of.inverse[q][r] * v[r];
            if (q < of.count) put(i, of.row[q], of.sign * value);
        }
        return;
    }
    OPTNET_UNROLLED
    for (int q = 0; q < most; ++q) {
        if (q >= of.count || of.row[q] != i) continue;
        last()[i] = of.sign * of.of_last[q];
        OPTNET_UNROLLED
        for (int r = 0; r <= q; ++r) put(i, of.row[r], -of.inverse[q][r]);
    }
}

} // namespace optnet::solver::cuda
