// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the blocks of a batch to [Q; A; G] in double precision, with Q's symmetric part, rows of A and G of size 1 and,
// where the columns differ much, variables in units of their own; as src/solver/algorithm/scaling.cpp does it.

#include "solver/cuda/batch.hpp"
#include "solver/cuda/matrices.hpp"

namespace optnet::solver::cuda {

/// Columns whose sizes differ by less than this stay as they are.
inline constexpr double balanced = 100;

/// The power of two that brings a positive number into [1, 2); 1 for 0.
OPTNET_DEVICE inline double power_below(double size) {
    if (!(size > 0)) return 1.0;
    const int exponent = -std::ilogb(size);
    return std::ldexp(1.0, exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent);
}

/// Rows of A, of G or of Q.
OPTNET_DEVICE inline int height(const matrices& of, matrix which) {
    return which == matrix::Q ? of.n : which == matrix::A ? of.p : of.m;
}
OPTNET_DEVICE inline double* part_of(const matrices& of, matrix which) {
    return which == matrix::Q ? of.data : which == matrix::A ? of.a() : of.g();
}

/// The dense numbers of a block, added to what is there or, if `fresh`, in its place.
template <class Team, class T>
OPTNET_DEVICE void add_dense(Team& team, const device_block& b, const T* numbers, double* to, int ld, bool fresh) {
    const double scale = b.scale;
    const std::int64_t down = b.of.row_stride, along = b.of.col_stride;
    transfer_tiles(
        team, b.rows, b.cols, [=](int i, int j) { return static_cast<double>(numbers[i * down + j * along]); },
        [=](int i, int j, double v) {
            double& entry = to[j * ld + i];
            entry = fresh ? scale * v : entry + scale * v;
        });
}

/// Adds one block of problem k, or writes it if nothing is there yet; its kind is one of those that `refusal` lets
/// through.
template <class Team>
OPTNET_DEVICE void add_block(Team& team, const device_block& b, std::int64_t k, bool single, const matrices& to,
                             bool fresh) {
    const int ld = to.data_rows();
    double* const corner = part_of(to, b.where) + b.row + b.col * ld;
    const auto from = [&](std::int64_t i) { return number_in(b.of.data, k * b.of.batch_stride + i, single); };
    const auto add = [&](int i, int j, double v) { corner[j * ld + i] += b.scale * v; };
    if (b.kind == block_kind::identity) {
        each(team, b.rows, [&](int i) { add(i, i, 1.0); });
    } else if (b.kind == block_kind::scaled_identity) {
        each(team, b.rows, [&](int i) { add(i, i, from(0)); });
    } else if (b.kind == block_kind::diagonal) {
        each(team, b.rows, [&](int i) { add(i, i, from(i * b.of.row_stride)); });
    } else if (b.kind == block_kind::banded) {
        const int width = b.last - b.first + 1;
        each(team, b.rows * width, [&](int t) {
            const int i = t / width, c = t % width, j = i + b.first + c;
            // The rest of a band is padding and may hold anything.
            if (j < 0 || j >= b.cols) return;
            add(i, j, from(i * b.of.row_stride + c * b.of.col_stride));
        });
    } else {
        const std::int64_t first = k * b.of.batch_stride;
        if (single)
            add_dense(team, b, static_cast<const float*>(b.of.data) + first, corner, ld, fresh);
        else
            add_dense(team, b, static_cast<const double*>(b.of.data) + first, corner, ld, fresh);
    }
}

/// All blocks of problem k. A matrix whose first block is all of it needs no zeros before.
template <class Team>
OPTNET_DEVICE void add_blocks(Team& team, const device_batch& batch, std::int64_t k, const matrices& to) {
    for (const matrix which : {matrix::Q, matrix::A, matrix::G}) {
        const int rows = height(to, which), ld = to.data_rows();
        double* const corner = part_of(to, which);
        const auto clear = [=, &team, &to] {
            transfer(
                team, to.n, rows, [](int, int) { return 0.0; },
                [=](int j, int i, double v) { corner[j * ld + i] = v; });
        };
        bool fresh = true;
        for (int i = 0; i < batch.blocks; ++i) {
            const device_block& b = batch.block[i];
            if (b.where != which) continue;
            const bool whole = b.kind == block_kind::dense && b.rows == rows && b.cols == to.n;
            if (fresh && !whole) clear();
            add_block(team, b, k, batch.single, to, fresh && whole);
            fresh = false;
        }
        if (fresh) clear();
    }
}

/// Q's symmetric part, by worker t of panel_width n: column j below the diagonal and row j right of it. The largest
/// entry, HUGE_VAL if one is not finite.
OPTNET_DEVICE inline double symmetrize(const matrices& of, int t) {
    constexpr int ahead = 4;
    const int n = of.n, ld = of.data_rows(), j = t / panel_width;
    double size = 0, zero = 0;
    for (int first = j + t % panel_width; first < n; first += ahead * panel_width) {
        double lower[ahead], upper[ahead];
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a) {
            const int i = first + a * panel_width < n ? first + a * panel_width : first;
            lower[a] = of.data[j * ld + i];
            upper[a] = of.data[i * ld + j];
        }
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a) {
            const int i = first + a * panel_width;
            if (i >= n) break;
            const double v = i == j ? lower[a] : 0.5 * lower[a] + 0.5 * upper[a];
            of.data[j * ld + i] = of.data[i * ld + j] = v;
            size = larger(size, std::abs(v));
            zero += v * 0.0;
        }
    }
    return zero == 0 ? size : HUGE_VAL;
}

/// What brings row i of [A; G] to size 1, for the first time or again; `mark` says which rows of G have several
/// entries. HUGE_VAL if an entry is not finite.
OPTNET_DEVICE inline double measure_row(const matrices& of, int i, bool again) {
    const int ld = of.data_rows();
    const double* const row = of.a() + i;
    constexpr int ahead = 16;
    double size = 0, zero = 0;
    int entries = 0;
    for (int first = 0; first < of.n; first += ahead) {
        double v[ahead];
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a) v[a] = row[(first + a < of.n ? first + a : first) * ld];
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a) {
            size = larger(size, std::abs(v[a]));
            entries += first + a < of.n && v[a] != 0 ? 1 : 0;
            zero += v[a] * 0.0;
        }
    }
    const double scale = power_below(size);
    double& whole = i < of.p ? of.a_scale[i] : of.g_scale[i - of.p];
    whole = again ? whole * scale : scale;
    if (i >= of.p) of.mark[i - of.p] = entries > 1 ? 1.0 : 0.0;
    return zero == 0 ? scale : HUGE_VAL;
}

/// Multiplies the rows of [A; G] by `scale`, by worker t of panel_width n, in column j. The largest entry there of rows
/// that say something of the size of a variable: those of A, and those of G with several entries.
OPTNET_DEVICE inline double scale_rows(const matrices& of, const double* scale, int t) {
    constexpr int ahead = 4;
    const int rows = of.p + of.m, j = t / panel_width;
    double* const column = of.a() + j * of.data_rows();
    double size = 0;
    for (int first = t % panel_width; first < rows; first += ahead * panel_width) {
        double v[ahead], by[ahead];
        bool counts[ahead];
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a) {
            const int i = first + a * panel_width < rows ? first + a * panel_width : first;
            v[a] = column[i];
            by[a] = scale[i];
            counts[a] = i < of.p || of.mark[i - of.p] != 0;
        }
        OPTNET_UNROLLED
        for (int a = 0; a < ahead; ++a) {
            const int i = first + a * panel_width;
            if (i >= rows) break;
            v[a] *= by[a];
            if (by[a] != 1) column[i] = v[a];
            if (counts[a]) size = larger(size, std::abs(v[a]));
        }
    }
    return size;
}

/// Units for the variables where the sizes of the columns ask for them, in Q and in the columns of [A; G]; true if so.
/// `parts` holds the sizes of the latter.
template <class Team> OPTNET_DEVICE bool scale_columns(Team& team, const matrices& of, double q_most) {
    const int n = of.n, ld = of.data_rows();
    const two sizes = most(team, n, [&](int j) {
        const double q = of.data[j * ld + j];
        double size = q_most > 0 && q > 0 ? std::sqrt(q / q_most) : 0.0;
        OPTNET_UNROLLED
        for (int c = 0; c < panel_width; ++c) size = larger(size, of.parts[j * panel_width + c]);
        of.z_scale[j] = size;
        return two{size, size > 0 ? -size : -HUGE_VAL};
    });
    const bool needed = sizes.a > 0 && sizes.a > balanced * -sizes.b;
    each(team, n, [&](int j) { of.z_scale[j] = needed ? power_below(of.z_scale[j]) : 1.0; });
    if (!needed) return false;
    transfer(
        team, n, ld,
        [&](int j, int i) { return of.data[j * ld + i] * ((i < n ? of.z_scale[i] : 1.0) * of.z_scale[j]); },
        [&](int j, int i, double v) { of.data[j * ld + i] = v; });
    return true;
}

/// Scales what has been read, and leaves the largest entry of Q in `shifts`, the rest of them 0; false if an entry is
/// not finite.
template <class Team> OPTNET_DEVICE bool scale(Team& team, const matrices& to) {
    const int n = to.n, ld = to.data_rows(), rows = to.p + to.m, of_columns = panel_width * n;
    double *const scale = to.parts + of_columns, *const judged = scale + rows;
    each(team, of_columns + rows, [&](int t) {
        if (t < of_columns) {
            to.parts[t] = symmetrize(to, t);
        } else {
            const double found = measure_row(to, t - of_columns, false);
            scale[t - of_columns] = found;
            judged[t - of_columns] = found < HUGE_VAL ? 0.0 : HUGE_VAL;
        }
    });
    // The largest entry of Q, HUGE_VAL if anything is not finite, and the largest of its diagonal.
    const two q = most(team, of_columns + rows, [&](int t) {
        if (t >= of_columns) return two{judged[t - of_columns], -HUGE_VAL};
        return two{to.parts[t], to.data[t / panel_width * (ld + 1)]};
    });
    if (!(q.a < HUGE_VAL)) return false;
    each(team, of_columns + 4, [&](int t) {
        if (t < of_columns)
            to.parts[t] = scale_rows(to, scale, t);
        else
            to.shifts[t - of_columns] = t - of_columns < 3 ? 0.0 : larger(0.0, q.a);
    });
    if (!scale_columns(team, to, q.b)) return true;
    each(team, rows, [&](int i) { scale[i] = measure_row(to, i, true); });
    each(team, of_columns, [&](int t) { to.parts[t] = scale_rows(to, scale, t); });
    const double size = most(team, n, [&](int j) {
                            double column = 0;
                            [[maybe_unused]] constexpr int turns = 4;
                            OPTNET_TURNS
                            for (int i = 0; i < n; ++i) column = larger(column, std::abs(to.data[i * ld + j]));
                            return two{column, 0.0};
                        }).a;
    each(team, 1, [&](int) { to.shifts[3] = larger(0.0, size); });
    return true;
}

/// Loads and scales the matrices of problem k; false if an entry is not finite.
template <class Team>
OPTNET_DEVICE bool load(Team& team, const device_batch& batch, std::int64_t k, const matrices& to) {
    add_blocks(team, batch, k, to);
    return scale(team, to);
}

} // namespace optnet::solver::cuda
