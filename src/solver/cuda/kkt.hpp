// SPDX-License-Identifier: Apache-2.0
#pragma once

// The optimality conditions with the rows of a basis as equalities,
//
//     Q dz + A' dν + G_W' dλ = r        A dz = t        G_W dz − D dλ = u
//
// on the factors of form D: every line of it is one product, one barrier. A solve is two halves; between them
// inequality rows enter (docs/algorithm.md). D is 0 but where rows are weakly active in a gradient.

#include "solver/cuda/matrices.hpp"

namespace optnet::solver::cuda {

/// Rows of G, and T = L⁻¹ of R_WW + D = L L'.
struct basis_factor {
    int k;
    const int* rows;
    const double* T;     ///< packed
    const double* ratio; ///< [k] D, or null for 0
};

/// y = V_I' (z + γA' nu), u = S_I' (V_A y − nu): z and nu hold the right-hand side and are overwritten, y [n] and u [p]
/// the result.
template <class Team>
OPTNET_DEVICE void forward(Team& team, const matrices& of, double* z, double* nu, double* y, double* u) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    if (p > 0 && of.gamma() > 0)
        each(team, n, [&](int j) {
            double sum = 0;
            for (int i = 0; i < p; ++i) sum += of.a()[j * of.data_rows() + i] * nu[i];
            z[j] += of.gamma() * sum;
        });
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

/// A residual of this share of the right-hand side or of the solution needs no refinement in an exact form: rows have
/// size 1, so the solution is that of a matrix which differs by as much. In a regularized one, of the right-hand side.
inline constexpr double backward_error = 1e-13, regularized_error = 1e-14;

/// The vectors of one refined solve in the memory of its team.
struct kkt_memory {
    double *z, *rz, *y, *right_z;       ///< [n]
    double *nu, *rnu, *u, *right_nu;    ///< [p]
    double *lambda, *rl, *right_lambda; ///< [m]
    double *g, *x;                      ///< [capacity]

    OPTNET_DEVICE kkt_memory(arena& from, int n, int p, int m, int capacity) {
        double** const wide[] = {&z, &rz, &y, &right_z};
        double** const high[] = {&nu, &rnu, &u, &right_nu};
        double** const rows[] = {&lambda, &rl, &right_lambda};
        for (double** v : wide) *v = from.take<double>(n);
        for (double** v : high) *v = from.take<double>(p);
        for (double** v : rows) *v = from.take<double>(m);
        g = from.take<double>(capacity);
        x = from.take<double>(capacity);
    }
};

/// The residual of (v.z, v.nu, v.lambda) for the right-hand side in v, into v.rz, v.rnu and v.rl; its size, and that of
/// the right-hand side or the solution, whichever is larger, of the right-hand side alone if `regularized`.
template <class Team>
OPTNET_DEVICE two kkt_residual(Team& team, const matrices& of, const basis_factor& basis, const kkt_memory& v,
                               bool regularized) {
    const int n = of.n, p = of.p, ld = of.data_rows(), count = basis.k;
    return most(team, n + p + count, [&](int t) {
        double residual = 0, right = 0, solution = 0;
        if (t < n) {
            residual = right = v.right_z[t];
            for (int i = 0; i < n; ++i) residual -= of.data[i * ld + t] * v.z[i];
            for (int i = 0; i < p; ++i) residual -= of.a()[t * ld + i] * v.nu[i];
            for (int i = 0; i < count; ++i) residual -= of.g()[t * ld + basis.rows[i]] * v.lambda[basis.rows[i]];
            v.rz[t] = residual;
            solution = v.z[t];
        } else if (t < n + p) {
            residual = right = v.right_nu[t - n];
            for (int j = 0; j < n; ++j) residual -= of.a()[j * ld + t - n] * v.z[j];
            v.rnu[t - n] = residual;
            solution = v.nu[t - n];
        } else {
            const int row = basis.rows[t - n - p];
            solution = v.lambda[row];
            residual = right = v.right_lambda[row];
            if (basis.ratio != nullptr) residual += basis.ratio[t - n - p] * solution;
            for (int j = 0; j < n; ++j) residual -= of.g()[j * ld + row] * v.z[j];
            v.rl[row] = residual;
        }
        return two{std::abs(residual), regularized ? std::abs(right) : larger(std::abs(right), std::abs(solution))};
    });
}

/// v.z, v.nu and, at the rows of the basis, v.lambda become the solution for the right-hand side in v.right_*. On an
/// exact form one step takes the rounding back; a regularized one needs as many as its contraction asks for, until a
/// step no longer halves the residual.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve_refined(Team& team, const matrices& of, const basis_factor& basis,
                                                    const kkt_memory& v) {
    const int n = of.n, p = of.p;
    each(team, n + p + basis.k, [&](int t) {
        if (t < n)
            v.z[t] = v.right_z[t];
        else if (t < n + p)
            v.nu[t - n] = v.right_nu[t - n];
        else
            v.lambda[basis.rows[t - n - p]] = v.right_lambda[basis.rows[t - n - p]];
    });
    kkt_solve(team, of, basis, v.z, v.nu, v.lambda, v.y, v.u, v.g, v.x);
    const bool exact = of.exact();
    double before = HUGE_VAL;
    for (int step = 0; step < (exact ? 1 : 40); ++step) {
        const two sizes = kkt_residual(team, of, basis, v, !exact);
        // Not a number is left as it is.
        if (!(sizes.a > (exact ? backward_error : regularized_error) * sizes.b) || !(sizes.a < 0.5 * before)) return;
        before = sizes.a;
        kkt_solve(team, of, basis, v.rz, v.rnu, v.rl, v.y, v.u, v.g, v.x);
        each(team, n + p + basis.k, [&](int t) {
            if (t < n)
                v.z[t] += v.rz[t];
            else if (t < n + p)
                v.nu[t - n] += v.rnu[t - n];
            else
                v.lambda[basis.rows[t - n - p]] += v.rl[basis.rows[t - n - p]];
        });
    }
}

} // namespace optnet::solver::cuda
