// SPDX-License-Identifier: Apache-2.0
#pragma once

// The optimality conditions with the rows of a basis as equalities,
//
//     Q dz + A' dν + G_W' dλ = r        A dz = t        G_W dz − D dλ = u
//
// on the factors of form D: every line of it is one product, one barrier. A solve is two halves; between them
// inequality rows enter (docs/algorithm.md). D is 0 but where rows are weakly active in a gradient.

#include "solver/cuda/active_set.hpp"

namespace optnet::solver::cuda {

/// y = V_I' (z + γA' nu), u = S_I' (V_A y − nu): z and nu hold the right-hand side and are overwritten, y [n] and u [p]
/// the result.
template <class Team>
OPTNET_DEVICE void forward(Team& team, const matrices& of, double* z, double* nu, double* y, double* u) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    if (p > 0 && of.gamma() > 0)
        each(team, n, [&](int j) {
            const double* const column = of.a() + j * of.data_rows();
            z[j] += of.gamma() * sum_of(0, p, [&](int i) { return column[i] * nu[i]; });
        });
    each(team, n, [&](int j) {
        const double* const column = of.v_i() + j * ld;
        y[j] = sum_of(0, j + 1, [&](int i) { return column[i] * z[i]; });
    });
    if (p == 0) return;
    each(team, p, [&](int i) {
        const double* const row = of.v_a() + i;
        nu[i] = sum_of(0, n, [&](int j) { return row[j * ld] * y[j]; }) - nu[i];
    });
    each(team, p, [&](int j) {
        const double* const column = of.s_i() + j * lds;
        u[j] = sum_of(0, j + 1, [&](int i) { return column[i] * nu[i]; });
    });
}

/// Row i of G z₀ between the halves.
OPTNET_DEVICE inline double row_product(const matrices& of, int i, const double* y, const double* u) {
    const int ld = of.panel_rows(), lds = of.schur_rows();
    const double *const v = of.v_g() + i, *const w = of.w() + i;
    return sum_of(0, of.n, [&](int j) { return v[j * ld] * y[j]; }) -
           sum_of(0, of.p, [&](int j) { return w[j * lds] * u[j]; });
}

/// What multipliers x of the rows change between the halves: y −= V_G' x, u −= W' x.
template <class Team>
OPTNET_DEVICE void subtract_rows(Team& team, const matrices& of, int k, const int* rows, const double* x, double* y,
                                 double* u) {
    const int n = of.n, ld = of.panel_rows(), lds = of.schur_rows();
    each(team, n + of.p, [&](int t) {
        const double* const column = t < n ? of.v_g() + t * ld : of.w() + (t - n) * lds;
        (t < n ? y[t] : u[t - n]) -= sum_of(0, k, [&](int i) { return column[rows[i]] * x[i]; });
    });
}

/// nu = S_I u, y −= V_A' nu, z = V_I y.
template <class Team>
OPTNET_DEVICE void backward(Team& team, const matrices& of, double* y, const double* u, double* z, double* nu) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    if (p > 0) {
        each(team, p, [&](int i) {
            const double* const row = of.s_i() + i;
            nu[i] = sum_of(i, p, [&](int j) { return row[j * lds] * u[j]; });
        });
        each(team, n, [&](int j) {
            const double* const column = of.v_a() + j * ld;
            y[j] -= sum_of(0, p, [&](int i) { return column[i] * nu[i]; });
        });
    }
    each(team, n, [&](int i) {
        const double* const row = of.v_i() + i;
        z[i] = sum_of(i, n, [&](int j) { return row[j * ld] * y[j]; });
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
        const bool two_products = basis.kind == factor_kind::triangle;
        double* const right = two_products ? x : g;
        each(team, k, [&](int i) {
            const int row = basis.rows[i];
            right[i] = row_product(of, row, y, u) - lambda[row];
        });
        if (two_products)
            each(team, k, [&](int i) {
                const double* const row = basis.T + triangle(i);
                g[i] = sum_of(0, i + 1, [&](int j) { return row[j] * x[j]; });
            });
        each(team, k, [&](int i) {
            const double sum = two_products ? sum_of(i, k, [&](int j) { return basis.T[triangle(j) + i] * g[j]; })
                                            : -sum_of(0, k, [&](int j) { return basis.entry(i, j) * g[j]; });
            x[i] = sum;
            lambda[basis.rows[i]] = sum;
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
            right = v.right_z[t];
            const double *const q = of.data + t, *const a = of.a() + t * ld, *const g = of.g() + t * ld;
            residual = right - sum_of(0, n, [&](int i) { return q[i * ld] * v.z[i]; }) -
                       sum_of(0, p, [&](int i) { return a[i] * v.nu[i]; }) -
                       sum_of(0, count, [&](int i) { return g[basis.rows[i]] * v.lambda[basis.rows[i]]; });
            v.rz[t] = residual;
            solution = v.z[t];
        } else if (t < n + p) {
            right = v.right_nu[t - n];
            const double* const a = of.a() + t - n;
            residual = right - sum_of(0, n, [&](int j) { return a[j * ld] * v.z[j]; });
            v.rnu[t - n] = residual;
            solution = v.nu[t - n];
        } else {
            const int row = basis.rows[t - n - p];
            solution = v.lambda[row];
            right = v.right_lambda[row];
            const double* const g = of.g() + row;
            residual = right - sum_of(0, n, [&](int j) { return g[j * ld] * v.z[j]; });
            if (basis.ratio != nullptr) residual += basis.ratio[t - n - p] * solution;
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
