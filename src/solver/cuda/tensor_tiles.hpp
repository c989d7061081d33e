// SPDX-License-Identifier: Apache-2.0
#pragma once

// A matrix times a vector of each of eight problems, by the instruction of a GPU's warp that multiplies an 8 x 4 with a
// 4 x 8 matrix: every number of the matrix is read once for eight problems. The columns of that product do not meet: a
// problem's numbers do not depend on its neighbours, and a NaN stays where it is.

#include "solver/cuda/dot_products.hpp"

namespace optnet::solver::cuda {

/// Sides of the product of one instruction, and its terms. The vectors of a group of so many problems lie side by side:
/// entry i of problem c at [i * group_size + c].
inline constexpr int tile_rows = 8, group_size = 8, tile_terms = 4;

/// A thread of a block holds what one lane has. On the host one worker holds it for all lanes.
template <class Team> inline constexpr int lanes_of = has_warps<Team>() ? 1 : warp;

/// sum += A B. Of A [8, 4] a lane has entry (lane / 4, lane % 4), of B [4, 8] entry (lane % 4, lane / 4), and of the
/// sum (lane / 4, 2 (lane % 4)) and its right neighbour.
OPTNET_DEVICE inline void multiply_tile([[maybe_unused]] double (&sum)[2][1], [[maybe_unused]] const double (&a)[1],
                                        [[maybe_unused]] const double (&b)[1]) {
#if defined(__CUDA_ARCH__)
    asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
                 : "+d"(sum[0][0]), "+d"(sum[1][0])
                 : "d"(a[0]), "d"(b[0]));
#endif
}
OPTNET_DEVICE inline void multiply_tile(double (&sum)[2][warp], const double (&a)[warp], const double (&b)[warp]) {
    for (int lane = 0; lane < warp; ++lane)
        for (int e = 0; e < 2; ++e)
            for (int k = 0; k < tile_terms; ++k)
                sum[e][lane] += a[lane / tile_terms * tile_terms + k] * b[(lane % tile_terms * 2 + e) * tile_terms + k];
}

/// A number in the GPU's memory that nobody writes while the kernel runs.
template <class T> OPTNET_DEVICE T read_only(const T* from) {
#if defined(__CUDA_ARCH__)
    return __ldg(from);
#else
    return *from;
#endif
}

/// A matrix whose entry (i, k) lies at data[i * down + k * along].
struct strided_matrix {
    const double* data;
    int down, along;
};

/// What lanes hold of a tile of sums.
template <int held> struct sums_of_lanes { double of[2][held]; };

/// Rows [top, top + 8) of M times the vectors x of a group, over the terms [first, last). Beyond `rows` the last row
/// again, for nothing. For all lanes of a warp together, from `lane` on; out of line, since a kernel has many products
/// and its instructions want to be near.
template <int held>
OPTNET_DEVICE OPTNET_OUT_OF_LINE sums_of_lanes<held>
tile_products(const strided_matrix M, int top, int rows, const double* vectors, int first, int last, int lane) {
    // So many instructions have their numbers on the way together; every other one adds to a sum of its own.
    constexpr int ahead = 8, batch = ahead * tile_terms;
    const double* const x = in_fast_memory(vectors);
    double sum[2][2][held] = {}, a[ahead][held];
    const double* line[held];
    OPTNET_UNROLLED
    for (int h = 0; h < held; ++h) {
        const int row = top + (lane + h) / tile_terms;
        line[h] = M.data + (row < rows ? row : rows - 1) * M.down;
    }
    // The terms of tile t from `begin` on; beyond the last one that one again, times 0.
    const auto read = [&](int begin, int t, bool inside, double(&to)[held]) {
        OPTNET_UNROLLED
        for (int h = 0; h < held; ++h) {
            const int k = begin + t * tile_terms + (lane + h) % tile_terms;
            to[h] = read_only(line[h] + (inside || k < last ? k : last - 1) * M.along);
        }
    };
    const auto multiply = [&](int begin, int t, bool inside, const double(&of)[held]) {
        double b[held];
        OPTNET_UNROLLED
        for (int h = 0; h < held; ++h) {
            const int k = begin + t * tile_terms + (lane + h) % tile_terms;
            b[h] = inside || k < last ? x[k * group_size + (lane + h) / tile_terms] : 0.0;
        }
        multiply_tile(sum[t % 2], of, b);
    };
    int k = first;
    OPTNET_ROLLED
    for (; k + batch <= last; k += batch) {
        OPTNET_UNROLLED
        for (int t = 0; t < ahead; ++t) read(k, t, true, a[t]);
        OPTNET_UNROLLED
        for (int t = 0; t < ahead; ++t) multiply(k, t, true, a[t]);
    }
    OPTNET_UNROLLED
    for (int t = 0; t < ahead; ++t) {
        if (k + t * tile_terms >= last) break;
        read(k, t, false, a[t]);
    }
    OPTNET_UNROLLED
    for (int t = 0; t < ahead; ++t) {
        if (k + t * tile_terms >= last) break;
        multiply(k, t, false, a[t]);
    }
    sums_of_lanes<held> total;
    OPTNET_UNROLLED
    for (int h = 0; h < held; ++h) {
        total.of[0][h] = sum[0][0][h] + sum[1][0][h];
        total.of[1][h] = sum[0][1][h] + sum[1][1][h];
    }
    return total;
}

/// The part of a packed triangle that a product takes: itself, its transpose, or the symmetric matrix that it is half
/// of.
enum class packed { lower, upper, symmetric };

/// Zeros that a vector has behind its end where a packed matrix is multiplied with it.
inline constexpr int packed_padding = tile_rows;

/// Rows [top, top + 8) of a packed triangle [size, size], or of what it is half of, times one vector: all eight columns
/// of the product are the same.
template <int held> class packed_rows {
public:
    OPTNET_DEVICE packed_rows(const double* packed_matrix, int first_row, int length, const double* vector, int worker)
        : matrix(packed_matrix), x(in_fast_memory(vector)), top(first_row), size(length), lane(worker) {}

    /// Left of the tile on the diagonal.
    OPTNET_DEVICE void add_left() {
        add(0, top, [](int row, int k) { return triangle(row) + k; });
    }
    /// Right of it. Beyond the end the last entry again, for nothing.
    OPTNET_DEVICE void add_right() {
        add(top + tile_rows, size, [last = size - 1](int row, int k) { return triangle(k < last ? k : last) + row; });
    }
    /// The tile on the diagonal, asked for before the others and taken after them.
    OPTNET_DEVICE void read_diagonal() {
        OPTNET_UNROLLED
        for (int t = 0; t < across; ++t) {
            OPTNET_UNROLLED
            for (int h = 0; h < held; ++h) {
                const int row = row_of(h), column = column_of(t, h);
                diagonal[t][h] = read_only(matrix + (column <= row ? triangle(row) + column : triangle(column) + row));
            }
        }
    }
    OPTNET_DEVICE void add_diagonal(packed part) {
        OPTNET_UNROLLED
        for (int t = 0; t < across; ++t) {
            double b[held];
            OPTNET_UNROLLED
            for (int h = 0; h < held; ++h) {
                const int row = row_of(h), column = column_of(t, h);
                const bool kept = column < row ? part != packed::upper : column == row || part != packed::lower;
                diagonal[t][h] = kept ? diagonal[t][h] : 0.0;
                b[h] = x[top + t * tile_terms + term_of(h)];
            }
            multiply_tile(sum.of, diagonal[t], b);
        }
    }

    sums_of_lanes<held> sum = {};

private:
    OPTNET_DEVICE int row_of(int h) const {
        const int row = top + (lane + h) / tile_terms;
        return row < size ? row : size - 1;
    }
    OPTNET_DEVICE int term_of(int h) const { return (lane + h) % tile_terms; }
    OPTNET_DEVICE int column_of(int t, int h) const {
        const int column = top + t * tile_terms + term_of(h);
        return column < size ? column : size - 1;
    }

    /// The terms [first, last), and some beyond, with which x is 0; place(row, k) of those in the matrix.
    template <class Place> OPTNET_DEVICE void add(int first, int last, const Place& place) {
        // So many numbers of the matrix are on their way together, at most; so many are asked for without a look.
        constexpr int ahead = 8, at_once = 2;
        OPTNET_ROLLED
        for (int begin = first; begin < last; begin += ahead * tile_terms) {
            double a[ahead][held], b[held];
            const auto ends = [&](int t) { return t % at_once == 0 && begin + t * tile_terms >= last; };
            OPTNET_UNROLLED
            for (int t = 0; t < ahead; ++t) {
                if (ends(t)) break;
                OPTNET_UNROLLED
                for (int h = 0; h < held; ++h)
                    a[t][h] = read_only(matrix + place(row_of(h), begin + t * tile_terms + term_of(h)));
            }
            OPTNET_UNROLLED
            for (int t = 0; t < ahead; ++t) {
                if (ends(t)) break;
                OPTNET_UNROLLED
                for (int h = 0; h < held; ++h) b[h] = x[begin + t * tile_terms + term_of(h)];
                multiply_tile(sum.of, a[t], b);
            }
        }
    }

    static constexpr int across = tile_rows / tile_terms;
    const double *matrix, *x;
    int top, size, lane;
    double diagonal[across][held];
};
/// vector [size], and `packed_padding` zeros.
template <int held>
OPTNET_DEVICE OPTNET_OUT_OF_LINE sums_of_lanes<held> packed_products(const double* matrix, packed part, int top,
                                                                     int size, const double* vector, int lane) {
    packed_rows<held> rows(matrix, top, size, vector, lane);
    rows.read_diagonal();
    if (part != packed::upper) rows.add_left();
    if (part != packed::lower) rows.add_right();
    rows.add_diagonal(part);
    return rows.sum;
}

/// Eight rows of a sum of products.
template <int held> class tile_of_sums {
public:
    OPTNET_DEVICE tile_of_sums(int worker, int first_row, int all_rows)
        : lane(worker), top(first_row), rows(all_rows) {}

    /// Adds M x over the terms [0, length).
    OPTNET_DEVICE void add(const strided_matrix& M, int length, const double* x) { add(M, 0, length, x); }
    /// The same with a lower triangle, [0, i] for row i, and with an upper one, [i, length). Beyond the diagonal M has
    /// zeros.
    OPTNET_DEVICE void add_lower(const strided_matrix& M, int length, const double* x) {
        add(M, 0, top + tile_rows < length ? top + tile_rows : length, x);
    }
    OPTNET_DEVICE void add_upper(const strided_matrix& M, int length, const double* x) { add(M, top, length, x); }

    /// then(i, c, sum) for its rows and all problems of the group.
    template <class Then> OPTNET_DEVICE void tell(const Then& then) const {
        OPTNET_UNROLLED
        for (int h = 0; h < held; ++h) {
            const int row = top + (lane + h) / tile_terms, c = (lane + h) % tile_terms * 2;
            if (row >= rows) continue;
            then(row, c, sum.of[0][h]);
            then(row, c + 1, sum.of[1][h]);
        }
    }

private:
    OPTNET_DEVICE void add(const strided_matrix& M, int first, int last, const double* x) {
        const sums_of_lanes<held> more = tile_products<held>(M, top, rows, x, first, last, lane);
        OPTNET_UNROLLED
        for (int h = 0; h < held; ++h) {
            sum.of[0][h] += more.of[0][h];
            sum.of[1][h] += more.of[1][h];
        }
    }

    sums_of_lanes<held> sum = {};
    int lane, top, rows;
};

/// Which rows of a product have the most terms, if they differ.
enum class longest { first, last };

/// then(i, c, sum) for every row i in [0, rows) and problem c of a group, each by some worker, then a barrier as a
/// rule. terms(sum) says what it is the sum of: sum.add(M, length, x) adds M x, x a vector of each problem. The longest
/// rows come first, and who had the longest of one turn has the shortest of the next.
template <at_end end = at_end::wait, longest which = longest::first, class Team, class Terms, class Then>
OPTNET_DEVICE void group_products(Team& team, int rows, const Terms& terms, const Then& then) {
    constexpr int held = lanes_of<Team>, threads = warp / held;
    const int tiles = (rows + tile_rows - 1) / tile_rows, wide = team.size / threads, mine_first = team.rank / threads;
    int back = 0; // in every other turn the order is reversed
    OPTNET_ROLLED
    for (int begin = 0; begin < tiles; begin += wide, back = wide - 1 - back) {
        const int t = begin + (back == 0 ? mine_first : back - mine_first);
        if (t >= tiles) continue;
        const int top = (which == longest::last ? tiles - 1 - t : t) * tile_rows;
        tile_of_sums<held> mine(team.rank % threads, top, rows);
        terms(mine);
        mine.tell(then);
    }
    if constexpr (end == at_end::wait) team.sync();
}

} // namespace optnet::solver::cuda
