// SPDX-License-Identifier: Apache-2.0
#pragma once

// The factors of form D by one block of threads: two partial Cholesky factorizations and R.

#include "solver/cuda/load.hpp"
#include "solver/cuda/partial_cholesky.hpp"

namespace optnet::solver::cuda {

/// A pivot of Q below this share of its largest entry (with γA'A: below the second), or of S below the third of its
/// largest diagonal entry, is rounding; so is a row of G whose R_ii is this much smaller than |v_i|², the second where
/// δ > 0 leaves more of it.
inline constexpr double least_pivot = 1e-11, least_pivot_with_a = 1e-7, least_schur_pivot = 1e-12, dependent = 1e-11,
                        dependent_regularized = 1e-8;
/// ρ as a share of the largest entry of Q, and δ of that of S, as on the CPU.
inline constexpr double proximal_weight = 1e-2, equality_weight = 1e-9;

/// [Q + shift I + weight A'A; A; G; I], factored.
template <class Team>
OPTNET_DEVICE bool factor_panel(Team& team, const matrices& of, double shift, double weight, double floor) {
    const int n = of.n, from = of.data_rows(), rows = of.panel_rows();
    const bool prepared = weight > 0;
    if (prepared)
        each(team, from * n, [&](int t) {
            const int i = t % from, j = t / from;
            double sum = 0;
            for (int k = 0; i < n && k < of.p; ++k) sum += of.a()[i * from + k] * of.a()[j * from + k];
            of.panel[j * rows + i] = of.data[t] + weight * sum;
        });
    const double* const source = prepared ? of.panel : of.data;
    const int ld = prepared ? rows : from;
    const auto initial = [=](int i, int j) { return i < from ? source[j * ld + i] : i - from == j ? 1.0 : 0.0; };
    return partial_cholesky(team, initial, shift, of.panel, rows, n, from, floor, of.pivots);
}

/// [S + δI; V_G V_A'; I], factored, with δ a share of S's largest diagonal entry; false if a pivot is below the second.
template <class Team>
OPTNET_DEVICE bool eliminate_equalities(Team& team, const matrices& of, double shift, double floor) {
    const int n = of.n, p = of.p, rows = p + of.m, to = of.schur_rows();
    lower_tiles(team, rows, p, [&](const tile& part) {
        double sum[tile::tall][tile::wide] = {};
        add_products(of.v_a(), of.panel_rows(), 0, n, part, sum);
        tile::entries([&](int r, int c) {
            if (part.has(r, c)) of.schur[part.col[c] * to + part.row[r]] = sum[r][c];
        });
    });
    const double most_of = most(team, p, [&](int i) { return two{of.schur[i * to + i], 0.0}; }).a;
    const double size = most_of > 0 ? most_of : 1.0;
    const double delta = shift * size, *const schur = of.schur;
    const auto initial = [=](int i, int j) { return i < rows ? schur[j * to + i] : i - rows == j ? 1.0 : 0.0; };
    if (!partial_cholesky(team, initial, delta, of.schur, to, p, rows, floor * size, of.pivots)) return false;
    each(team, 1, [&](int) { of.shifts[2] = delta; });
    return true;
}

/// The least pivot, and 1 / R_ii, where `mark` has |v_i|². What the equalities leave of a row that depends on them is
/// rounding: such a row of R is 0.
template <class Team> OPTNET_DEVICE void judge_factors(Team& team, const matrices& of) {
    const int p = of.p, m = of.m;
    const double least = of.shifts[2] > 0 ? dependent_regularized : dependent;
    const double root = -most(team, of.n, [&](int j) { return two{-of.panel[j * (of.panel_rows() + 1)], 0.0}; }).a;
    each(team, 1, [&](int) { of.shifts[4] = root * root; });
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

/// R, with |v_i|² in `mark`.
template <class Team> OPTNET_DEVICE void multiply_r(Team& team, const matrices& of) {
    const int m = of.m;
    lower_tiles(team, m, m, [&](const tile& part) {
        double sum[tile::tall][tile::wide] = {}, less[tile::tall][tile::wide] = {};
        add_products(of.v_g(), of.panel_rows(), 0, of.n, part, sum);
        add_products(of.w(), of.schur_rows(), 0, of.p, part, less);
        tile::entries([&](int r, int c) {
            const int i = part.row[r], j = part.col[c];
            if (!part.has(r, c) || j > i) return;
            if (i == j) of.mark[i] = sum[r][c];
            of.r[j * m + i] = of.r[i * m + j] = sum[r][c] - less[r][c];
        });
    });
}

/// The γ of Q + γA'A where Q is singular.
template <class Team> OPTNET_DEVICE double choose_gamma(Team& team, const matrices& of, double scale) {
    const int n = of.n, p = of.p, ld = of.data_rows();
    const double a_size = sums(team, n, [&](int j) {
                              double sum = 0;
                              for (int i = 0; i < p; ++i) sum += of.a()[j * ld + i] * of.a()[j * ld + i];
                              return two{sum, 0.0};
                          }).a;
    return a_size > 0 ? scale * n / a_size : 0.0;
}

/// Factors Q or, where it is not positive definite, Q + γA'A, which is exact, or Q + ρI; false if it is not convex.
template <class Team>
OPTNET_DEVICE bool factor_objective(Team& team, const device_settings& batch, const matrices& of) {
    enum class attempt { as_it_is, convex, null_space, regularized };
    const double size = of.q_size(), scale = size > 0 ? size : 1.0;
    // A pivot that stays negative under this shift is a negative eigenvalue beyond rounding.
    const double rounding = larger(batch.convexity_tolerance, 1e-15 * of.n) * size + 1e-300;
    double gamma = 0, rho = 0;
    attempt now = attempt::as_it_is;
    OPTNET_ROLLED
    for (;;) { // one place for what is long
        const double shift = now == attempt::convex ? rounding : now == attempt::regularized ? rho : 0.0;
        const double floor = now == attempt::as_it_is     ? least_pivot * scale
                             : now == attempt::null_space ? least_pivot_with_a * scale
                                                          : 0.0;
        const bool good = factor_panel(team, of, shift, now == attempt::null_space ? gamma : 0.0, floor);
        if (good && now != attempt::convex) break;
        if (now == attempt::as_it_is) {
            now = attempt::convex;
        } else if (now == attempt::convex && good) {
            gamma = choose_gamma(team, of, scale);
            now = gamma > 0 ? attempt::null_space : attempt::regularized;
        } else if (now == attempt::null_space) {
            now = attempt::regularized;
        } else {
            return false;
        }
        rho = now == attempt::regularized ? proximal_weight * scale : 0.0;
    }
    if (now != attempt::as_it_is)
        each(team, 1, [&](int) {
            of.shifts[0] = now == attempt::null_space ? gamma : 0.0;
            of.shifts[1] = rho;
        });
    return true;
}

/// Loads, scales and factors the matrices of problem k, all but R.
template <class Team>
OPTNET_DEVICE usable load_and_factor(Team& team, const device_batch& batch, std::int64_t k, const matrices& to) {
    if (!load(team, batch, k, to)) return usable::not_finite;
    if (!factor_objective(team, batch, to)) return to.q_size() < 1e140 ? usable::nonconvex : usable::overflow;
    double shift = 0;
    OPTNET_ROLLED
    while (to.p > 0 && !eliminate_equalities(team, to, shift, shift > 0 ? 0.0 : least_schur_pivot)) {
        shift = shift > 0 ? 10 * shift : equality_weight;
        if (!(shift < 1e9)) return usable::dependent;
    }
    return to.shifts[1] > 0 || to.shifts[2] > 0 ? usable::regularized : usable::yes;
}

/// The same with R, and what became of it in `state`.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void set_up(Team& team, const device_batch& batch, std::int64_t k,
                                             const matrices& to) {
    const usable result = load_and_factor(team, batch, k, to);
    if (factored(result)) {
        multiply_r(team, to);
        judge_factors(team, to);
    }
    each(team, 1, [&](int) { *to.state = static_cast<int>(result); });
}

} // namespace optnet::solver::cuda
