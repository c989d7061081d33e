// SPDX-License-Identifier: Apache-2.0
#pragma once

// The optimality conditions with the rows of a basis as equalities,
//
//     Q dz + A' dν + G_W' dλ = r        A dz = t        G_W dz = u
//
// on the factors of form D: every line of it is one product, one barrier. A solve is two halves; between them
// inequality rows enter (docs/algorithm.md).

#include "solver/cuda/matrices.hpp"

namespace optnet::solver::cuda {

/// Rows of G, and T = L⁻¹ of R_WW = L L'.
struct basis_factor {
    int k;
    const int* rows;
    const double* T; ///< packed
};

/// y = V_I' z, u = S_I' (V_A y − nu): z and nu hold the right-hand side, y [n] and u [p] the result; nu is overwritten.
template <class Team>
OPTNET_DEVICE void forward(Team& team, const matrices& of, const double* z, double* nu, double* y, double* u) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    each(team, n, [&](int j) {
        const double* const column = of.v_i() + j * ld;
        double sum = 0;
        for (int i = 0; i <= j; ++i) sum += column[i] * z[i];
        y[j] = sum;
    });
    if (p == 0) return;
    each(team, p, [&](int i) {
        double sum = -nu[i];
        for (int j = 0; j < n; ++j) sum += of.v_a()[j * ld + i] * y[j];
        nu[i] = sum;
    });
    each(team, p, [&](int j) {
        const double* const column = of.s_i() + j * lds;
        double sum = 0;
        for (int i = 0; i <= j; ++i) sum += column[i] * nu[i];
        u[j] = sum;
    });
}

/// Row i of G z₀ between the halves.
OPTNET_DEVICE inline double row_product(const matrices& of, int i, const double* y, const double* u) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    double sum = 0;
    for (int j = 0; j < n; ++j) sum += of.v_g()[j * ld + i] * y[j];
    for (int j = 0; j < p; ++j) sum -= of.w()[j * lds + i] * u[j];
    return sum;
}

/// What multipliers x of the rows change between the halves: y −= V_G' x, u −= W' x.
template <class Team>
OPTNET_DEVICE void subtract_rows(Team& team, const matrices& of, int k, const int* rows, const double* x, double* y,
                                 double* u) {
    const int n = of.n, ld = of.panel_rows(), lds = of.schur_rows();
    each(team, n + of.p, [&](int t) {
        const double* const column = t < n ? of.v_g() + t * ld : of.w() + (t - n) * lds;
        double sum = t < n ? y[t] : u[t - n];
        for (int i = 0; i < k; ++i) sum -= column[rows[i]] * x[i];
        (t < n ? y[t] : u[t - n]) = sum;
    });
}

/// nu = S_I u, y −= V_A' nu, z = V_I y.
template <class Team>
OPTNET_DEVICE void backward(Team& team, const matrices& of, double* y, const double* u, double* z, double* nu) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    if (p > 0) {
        each(team, p, [&](int i) {
            double sum = 0;
            for (int j = i; j < p; ++j) sum += of.s_i()[j * lds + i] * u[j];
            nu[i] = sum;
        });
        each(team, n, [&](int j) {
            const double* const column = of.v_a() + j * ld;
            double sum = y[j];
            for (int i = 0; i < p; ++i) sum -= column[i] * nu[i];
            y[j] = sum;
        });
    }
    each(team, n, [&](int i) {
        double sum = 0;
        for (int j = i; j < n; ++j) sum += of.v_i()[j * ld + i] * y[j];
        z[i] = sum;
    });
}

/// One solve: z, nu and, at the rows of the basis, lambda hold the right-hand side and are overwritten; other entries
/// of lambda stay. y [n], u [p], g and x [k] are scratch; x holds the multipliers in the order of the basis.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void kkt_solve(Team& team, const matrices& of, const basis_factor& basis, double* z,
                                                double* nu, double* lambda, double* y, double* u, double* g,
                                                double* x) {
    const int k = basis.k;
    forward(team, of, z, nu, y, u);
    if (k > 0) {
        each(team, k, [&](int i) {
            const int row = basis.rows[i];
            x[i] = row_product(of, row, y, u) - lambda[row];
        });
        each(team, k, [&](int i) {
            const double* const row = basis.T + triangle(i);
            double sum = 0;
            for (int j = 0; j <= i; ++j) sum += row[j] * x[j];
            g[i] = sum;
        });
        each(team, k, [&](int j) {
            double sum = 0;
            for (int i = j; i < k; ++i) sum += basis.T[triangle(i) + j] * g[i];
            x[j] = sum;
            lambda[basis.rows[j]] = sum;
        });
        subtract_rows(team, of, k, basis.rows, x, y, u);
    }
    backward(team, of, y, u, z, nu);
}

} // namespace optnet::solver::cuda
