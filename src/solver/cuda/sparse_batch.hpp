// SPDX-License-Identifier: Apache-2.0
#pragma once

// A batch on the sparse form as a kernel gets it, and one problem's matrices from it: the numbers of the pattern, with
// rows of A and G of size 1 and, where the columns differ much, variables in units of their own; as load.hpp.

#include "solver/cuda/batch.hpp"
#include "solver/cuda/load.hpp"
#include "solver/cuda/sparse_memory.hpp"
#include "solver/cuda/sparse_schedule.hpp"

namespace optnet::solver::cuda {

struct sparse_batch : device_settings {
    std::int64_t batch;
    bool shared; ///< one set of matrices for all problems
    matrix_view<void> source[most_sources];
    vector_view<void> q, b, h;
    starting_points<void> start;
};

/// f(number, the other index) for every entry of line i.
template <class F> OPTNET_DEVICE void each_number(const sparse_shape& s, const sparse_lines& of, int i, const F& f) {
    const int end = s.at(of.start, i + 1);
    for (int e = s.at(of.start, i); e < end; ++e) f(of.first + (of.from < 0 ? e : s.at(of.from, e)), s.at(of.at, e));
}

OPTNET_DEVICE inline double read_number(const sparse_shape& s, const sparse_batch& batch, std::int64_t k, int i) {
    double sum = 0;
    for (int part = s.at(s.part_start, i); part < s.at(s.part_start, i + 1); ++part) {
        const int source = s.at(s.part, 4 * part), row = s.at(s.part, 4 * part + 1), col = s.at(s.part, 4 * part + 2);
        double value = 1;
        if (source >= 0) {
            const matrix_view<void>& from = batch.source[source];
            value = number_in(from.data, k * from.batch_stride + row * from.row_stride + col * from.col_stride,
                              batch.single);
        }
        sum += s.factor_of(s.at(s.part, 4 * part + 3)) * value;
    }
    return sum;
}

/// Brings the rows of A and G to size 1, for the first time or again; `mark` says which rows of G have several entries.
template <class Team>
OPTNET_DEVICE void scale_rows(Team& team, const sparse_shape& s, const sparse_set& to, bool again) {
    each(team, s.p + s.m, [&](int t) {
        const bool in_a = t < s.p;
        const int i = in_a ? t : t - s.p;
        const sparse_lines& lines = in_a ? s.a : s.g;
        double size = 0;
        int entries = 0;
        each_number(s, lines, i, [&](int e, int) {
            const double v = std::abs(to.number[e]);
            size = larger(size, v);
            entries += v != 0 ? 1 : 0;
        });
        const double scale = power_below(size);
        if (scale != 1.0) each_number(s, lines, i, [&](int e, int) { to.number[e] *= scale; });
        double& of = (in_a ? to.a_scale : to.g_scale)[i];
        of = again ? of * scale : scale;
        if (!in_a) to.mark[i] = entries > 1 ? 1.0 : 0.0;
    });
}

/// Units for the variables where the sizes of the columns ask for them; true if so.
template <class Team> OPTNET_DEVICE bool scale_columns(Team& team, const sparse_shape& s, const sparse_set& to) {
    const auto diagonal = [&](int j) {
        const int e = s.at(s.diagonal, j);
        return e < 0 ? 0.0 : to.number[e];
    };
    const double q_most = most(team, s.n, [&](int j) { return two{diagonal(j), 0.0}; }).a;
    const two sizes = most(team, s.n, [&](int j) {
        const double q = diagonal(j);
        double size = q_most > 0 && q > 0 ? std::sqrt(q / q_most) : 0.0;
        each_number(s, s.a_columns, j, [&](int e, int) { size = larger(size, std::abs(to.number[e])); });
        each_number(s, s.g_columns, j, [&](int e, int i) {
            if (to.mark[i] != 0) size = larger(size, std::abs(to.number[e]));
        });
        to.z_scale[j] = size;
        return two{size, size > 0 ? -size : -HUGE_VAL};
    });
    const bool needed = sizes.a > 0 && sizes.a > balanced * -sizes.b;
    each(team, s.n, [&](int j) { to.z_scale[j] = needed ? power_below(to.z_scale[j]) : 1.0; });
    if (!needed) return false;
    each(team, s.n + s.p + s.m, [&](int t) {
        const bool in_q = t < s.n, in_a = !in_q && t < s.n + s.p;
        const int i = in_q ? t : in_a ? t - s.n : t - s.n - s.p;
        const double left = in_q ? to.z_scale[i] : 1.0;
        each_number(s, in_q ? s.q : in_a ? s.a : s.g, i, [&](int e, int j) { to.number[e] *= left * to.z_scale[j]; });
    });
    return true;
}

/// Loads and scales the matrices of problem k; false if an entry is not finite.
template <class Team>
OPTNET_DEVICE bool load(Team& team, const sparse_shape& s, const sparse_batch& batch, std::int64_t k,
                        const sparse_set& to) {
    const double check = sums(team, s.numbers, [&](int i) {
                             const double value = to.number[i] = read_number(s, batch, k, i);
                             return two{value * 0.0, 0.0};
                         }).a;
    if (!(check == 0.0)) return false;
    scale_rows(team, s, to, false);
    if (scale_columns(team, s, to)) scale_rows(team, s, to, true);
    return true;
}

} // namespace optnet::solver::cuda
