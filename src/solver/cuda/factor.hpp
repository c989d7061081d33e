// SPDX-License-Identifier: Apache-2.0
#pragma once

// The factors of form D by one block of threads: two partial Cholesky factorizations and R.

#include "solver/cuda/load.hpp"

namespace optnet::solver::cuda {

/// A pivot of Q below this share of its largest entry (with γA'A: below the second), or of S below the third of its
/// largest diagonal entry, is rounding; so is a row of G whose R_ii is this much smaller than |v_i|², the second where
/// δ > 0 leaves more of it.
inline constexpr double least_pivot = 1e-11, least_pivot_with_a = 1e-7, least_schur_pivot = 1e-12, dependent = 1e-11,
                        dependent_regularized = 1e-8;
/// ρ as a share of the largest entry of Q, and δ of that of S, as on the CPU.
inline constexpr double proximal_weight = 1e-2, equality_weight = 1e-9;

/// The lower triangle of M [rows, cols], column-major with leading dimension `rows`: the upper square becomes its
/// Cholesky factor L and every row below it v becomes v L⁻ᵀ. Rows from `identity` on are those of an identity matrix:
/// row identity + i is 0 left of column i. False if a pivot is not above `floor`. `pivots` holds panel_width² + 1.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool partial_cholesky(Team& team, double* M, int rows, int cols, int identity,
                                                       double floor, double* pivots) {
    double* const verdict = pivots + panel_width * panel_width;
    for (int first = 0; first < cols; first += panel_width) {
        const int width = cols - first < panel_width ? cols - first : panel_width;
        const auto begin = [&](int row) { return row < identity ? 0 : row - identity; };
        // What the columns before these say of them: each row by one worker, with one pass over it.
        each(team, rows - first, [&](int t) {
            const int row = first + t;
            if (begin(row) >= first + width) return;
            double sum[panel_width];
            for (int c = 0; c < panel_width; ++c) sum[c] = c < width ? M[(first + c) * rows + row] : 0.0;
            for (int k = begin(row); k < first; ++k) {
                const double* const column = M + k * rows;
                const double v = column[row];
                for (int c = 0; c < panel_width; ++c) sum[c] -= v * column[first + (c < width ? c : 0)];
            }
            for (int c = 0; c < panel_width; ++c)
                if (c < width) M[(first + c) * rows + row] = sum[c];
        });
        // The square on the diagonal by one worker, with the reciprocals of the pivots on its own diagonal.
        each(team, 1, [&](int) {
            bool positive = true;
            for (int i = 0; i < width; ++i)
                for (int j = 0; j <= i; ++j) {
                    double v = M[(first + j) * rows + first + i];
                    for (int e = 0; e < j; ++e) v -= pivots[i * panel_width + e] * pivots[j * panel_width + e];
                    if (i == j) {
                        positive = positive && v > floor && v < HUGE_VAL;
                        v = positive ? 1 / std::sqrt(v) : 1.0;
                    } else {
                        v *= pivots[j * panel_width + j];
                    }
                    pivots[i * panel_width + j] = v;
                }
            *verdict = positive ? 1.0 : 0.0;
        });
        if (*verdict == 0.0) return false;
        each(team, rows - first, [&](int t) {
            const int row = first + t;
            if (begin(row) >= first + width) return;
            double v[panel_width];
            for (int c = 0; c < panel_width; ++c) {
                if (c >= width) break;
                v[c] = M[(first + c) * rows + row];
                for (int e = 0; e < c; ++e) v[c] -= v[e] * pivots[c * panel_width + e];
                v[c] *= pivots[c * panel_width + c];
                if (t >= width || c <= t) M[(first + c) * rows + row] = v[c];
            }
        });
    }
    return true;
}

/// [Q + shift I + weight A'A; A; G; I], factored.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool factor_panel(Team& team, const matrices& of, double shift, double weight,
                                                   double floor) {
    const int n = of.n, from = of.data_rows(), to = of.panel_rows();
    each(team, to * n, [&](int t) {
        const int i = t % to, j = t / to;
        if (i >= from) {
            of.panel[t] = i - from == j ? 1.0 : 0.0;
            return;
        }
        double sum = 0;
        for (int k = 0; weight > 0 && i < n && k < of.p; ++k) sum += of.a()[i * from + k] * of.a()[j * from + k];
        of.panel[t] = of.data[j * from + i] + (i == j ? shift : 0.0) + weight * sum;
    });
    return partial_cholesky(team, of.panel, to, of.n, from, floor, of.pivots);
}

/// [S + δI; V_G V_A'; I], factored, with δ a share of S's largest diagonal entry; false if a pivot is below the second.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool eliminate_equalities(Team& team, const matrices& of, double shift, double floor) {
    const int n = of.n, p = of.p, rows = p + of.m, from = of.panel_rows(), to = of.schur_rows();
    const int groups = (p + panel_width - 1) / panel_width;
    const int products = rows * groups;
    each(team, products + p * p, [&](int t) {
        if (t >= products) {
            const int i = (t - products) % p, j = (t - products) / p;
            of.schur[j * to + rows + i] = i == j ? 1.0 : 0.0;
            return;
        }
        const int i = t % rows, first = t / rows * panel_width;
        const int width = p - first < panel_width ? p - first : panel_width;
        double sum[panel_width] = {};
        for (int j = 0; j < n; ++j) {
            const double* const column = of.v_a() + j * from;
            for (int c = 0; c < panel_width; ++c) sum[c] += column[i] * column[first + (c < width ? c : 0)];
        }
        for (int c = 0; c < panel_width; ++c)
            if (c < width) of.schur[(first + c) * to + i] = sum[c];
    });
    const double most_of = most(team, p, [&](int i) { return two{of.schur[i * to + i], 0.0}; }).a;
    const double size = most_of > 0 ? most_of : 1.0;
    each(team, p, [&](int i) {
        of.schur[i * to + i] += shift * size;
        if (i == 0) of.shifts[2] = shift * size;
    });
    return partial_cholesky(team, of.schur, to, of.p, rows, floor * size, of.pivots);
}

/// 1 / R_ii, where `mark` has |v_i|². What the equalities leave of a row that depends on them is rounding: such a row
/// of R is 0.
template <class Team> OPTNET_DEVICE void judge_rows(Team& team, const matrices& of) {
    const int p = of.p, m = of.m;
    const double least = of.shifts[2] > 0 ? dependent_regularized : dependent;
    each(team, m, [&](int i) {
        const double length = of.r[i * m + i];
        const bool independent = p == 0 || length > least * of.mark[i];
        of.inverse[i] = !independent ? -1.0 : length > 0 ? 1 / length : 1e300;
    });
    if (p == 0) return;
    each(team, m, [&](int i) {
        for (int j = 0; j < m; ++j)
            if (of.inverse[i] < 0 || of.inverse[j] < 0) of.r[j * m + i] = 0;
    });
    each(team, m, [&](int i) {
        if (of.inverse[i] < 0) of.inverse[i] = 1e300;
    });
}

/// R, and 1 / R_ii.
template <class Team> OPTNET_DEVICE void form_r(Team& team, const matrices& of) {
    const int n = of.n, p = of.p, m = of.m, ld = of.panel_rows(), lds = of.schur_rows();
    const int groups = (m + panel_width - 1) / panel_width;
    each(team, m * groups, [&](int t) {
        const int i = t % m, first = t / m * panel_width;
        if (first > i) return;
        const int width = m - first < panel_width ? m - first : panel_width;
        double sum[panel_width] = {};
        for (int j = 0; j < n; ++j) {
            const double* const column = of.v_g() + j * ld;
            for (int c = 0; c < panel_width; ++c) sum[c] += column[i] * column[first + (c < width ? c : 0)];
        }
        if (i < first + panel_width) of.mark[i] = sum[i - first]; // |v_i|²
        for (int j = 0; j < p; ++j) {
            const double* const column = of.w() + j * lds;
            for (int c = 0; c < panel_width; ++c) sum[c] -= column[i] * column[first + (c < width ? c : 0)];
        }
        for (int c = 0; c < panel_width; ++c)
            if (c < width && first + c <= i) of.r[(first + c) * m + i] = of.r[i * m + first + c] = sum[c];
    });
    judge_rows(team, of);
}

/// Q + γA'A or Q + ρI where Q is not positive definite: the first is exact. False if that fails, too.
template <class Team> OPTNET_DEVICE bool factor_singular(Team& team, const matrices& of, double scale) {
    const int n = of.n, p = of.p, ld = of.data_rows();
    const double a_size = sums(team, n, [&](int j) {
                              double sum = 0;
                              for (int i = 0; i < p; ++i) sum += of.a()[j * ld + i] * of.a()[j * ld + i];
                              return two{sum, 0.0};
                          }).a;
    const double gamma = a_size > 0 ? scale * n / a_size : 0.0;
    const bool on_null_space = gamma > 0 && factor_panel(team, of, 0.0, gamma, least_pivot_with_a * scale);
    const double rho = on_null_space ? 0.0 : proximal_weight * scale;
    each(team, 1, [&](int) {
        of.shifts[0] = on_null_space ? gamma : 0.0;
        of.shifts[1] = rho;
    });
    return on_null_space || factor_panel(team, of, rho, 0.0, 0.0);
}

/// Loads, scales and factors the matrices of problem k.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void set_up(Team& team, const device_batch& batch, std::int64_t k,
                                             const matrices& to) {
    const auto conclude = [&](usable result) { each(team, 1, [&](int) { *to.state = static_cast<int>(result); }); };
    if (!load(team, batch, k, to)) return conclude(usable::not_finite);
    const double size = measure_q(team, to), scale = size > 0 ? size : 1.0;
    each(team, 4, [&](int i) { to.shifts[i] = i < 3 ? 0.0 : size; });
    if (!factor_panel(team, to, 0.0, 0.0, least_pivot * scale)) {
        // Convex at all? A pivot that stays negative under this shift is a negative eigenvalue beyond rounding.
        const double rounding = larger(batch.convexity_tolerance, 1e-15 * to.n);
        const bool convex = factor_panel(team, to, rounding * size + 1e-300, 0.0, 0.0);
        if (!convex || !factor_singular(team, to, scale))
            return conclude(size < 1e140 ? usable::nonconvex : usable::overflow);
    }
    if (to.p > 0 && !eliminate_equalities(team, to, 0.0, least_schur_pivot)) {
        double shift = equality_weight;
        while (shift < 1e9 && !eliminate_equalities(team, to, shift, 0.0)) shift *= 10;
        if (!(shift < 1e9)) return conclude(usable::dependent);
    }
    form_r(team, to);
    conclude(to.shifts[1] > 0 || to.shifts[2] > 0 ? usable::regularized : usable::yes);
}

} // namespace optnet::solver::cuda
