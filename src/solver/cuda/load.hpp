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

/// Adds one block of problem k; its kind is one of those that `refusal` lets through.
template <class Team>
OPTNET_DEVICE void add_block(Team& team, const device_block& b, std::int64_t k, bool single, const matrices& to) {
    const int ld = to.data_rows();
    double* const corner = (b.where == matrix::Q   ? to.data
                            : b.where == matrix::A ? to.a()
                                                   : to.g()) +
                           b.row + b.col * ld;
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
        each(team, b.rows * b.cols, [&](int t) {
            const int i = t / b.cols, j = t % b.cols;
            add(i, j, from(i * b.of.row_stride + j * b.of.col_stride));
        });
    }
}

/// Brings row i of [A; G] to size 1, for the first time or again; `mark` says which rows of G have several entries.
OPTNET_DEVICE inline void scale_row(const matrices& of, int i, bool again) {
    const int ld = of.data_rows();
    double* const row = of.a() + i;
    double size = 0;
    int entries = 0;
    for (int j = 0; j < of.n; ++j) {
        const double v = row[j * ld];
        size = larger(size, std::abs(v));
        entries += v != 0 ? 1 : 0;
    }
    const double scale = power_below(size);
    for (int j = 0; scale != 1.0 && j < of.n; ++j) row[j * ld] *= scale;
    double& whole = i < of.p ? of.a_scale[i] : of.g_scale[i - of.p];
    whole = again ? whole * scale : scale;
    if (i >= of.p) of.mark[i - of.p] = entries > 1 ? 1.0 : 0.0;
}

/// The largest entry of Q.
template <class Team> OPTNET_DEVICE double measure_q(Team& team, const matrices& of) {
    const int n = of.n, ld = of.data_rows();
    const double size = most(team, n, [&](int j) {
                            double column = 0;
                            for (int i = 0; i < n; ++i) column = larger(column, std::abs(of.data[j * ld + i]));
                            return two{column, 0.0};
                        }).a;
    return larger(0.0, size);
}

/// Units for the variables where the sizes of the columns ask for them; true if so.
template <class Team> OPTNET_DEVICE bool scale_columns(Team& team, const matrices& of) {
    const int n = of.n, ld = of.data_rows();
    const double q_most = most(team, n, [&](int j) { return two{of.data[j * ld + j], 0.0}; }).a;
    const two sizes = most(team, n, [&](int j) {
        const double q = of.data[j * ld + j];
        double size = q_most > 0 && q > 0 ? std::sqrt(q / q_most) : 0.0;
        for (int i = 0; i < of.p; ++i) size = larger(size, std::abs(of.a()[j * ld + i]));
        for (int i = 0; i < of.m; ++i)
            if (of.mark[i] != 0) size = larger(size, std::abs(of.g()[j * ld + i]));
        of.z_scale[j] = size;
        return two{size, size > 0 ? -size : -HUGE_VAL};
    });
    const bool needed = sizes.a > 0 && sizes.a > balanced * -sizes.b;
    each(team, n, [&](int j) { of.z_scale[j] = needed ? power_below(of.z_scale[j]) : 1.0; });
    if (!needed) return false;
    each(team, n, [&](int j) {
        double* const column = of.data + j * ld;
        const double scale = of.z_scale[j];
        for (int i = 0; i < n; ++i) column[i] *= of.z_scale[i] * scale;
        for (int i = n; i < ld; ++i) column[i] *= scale;
    });
    return true;
}

/// Loads and scales the matrices of problem k; false if an entry is not finite.
template <class Team>
OPTNET_DEVICE bool load(Team& team, const device_batch& batch, std::int64_t k, const matrices& to) {
    const int n = to.n, ld = to.data_rows();
    each(team, ld * n, [&](int t) { to.data[t] = 0; });
    for (int i = 0; i < batch.blocks; ++i) add_block(team, batch.block[i], k, batch.single, to);
    const two finite = sums(team, ld * n, [&](int t) { return two{to.data[t] * 0.0, 0.0}; });
    if (!(finite.a == 0.0)) return false;
    each(team, n + to.p + to.m, [&](int j) {
        if (j >= n) return scale_row(to, j - n, false);
        for (int i = j + 1; i < n; ++i) {
            double& lower = to.data[j * ld + i];
            double& upper = to.data[i * ld + j];
            lower = upper = 0.5 * lower + 0.5 * upper;
        }
    });
    if (scale_columns(team, to)) each(team, to.p + to.m, [&](int i) { scale_row(to, i, true); });
    return true;
}

} // namespace optnet::solver::cuda
