// SPDX-License-Identifier: Apache-2.0
#pragma once

// The optimality conditions with the rows of a basis as equalities,
//
//     Q dz + A' dν + G_W' dλ = r        A dz = t        G_W dz − D dλ = u
//
// on the factors of form D: every line of it is one product, one barrier. A solve is two halves; between them
// inequality rows enter (docs/algorithm/gpu-dense.md). D is 0 but where rows are weakly active in a gradient.

#include "solver/cuda/active_set.hpp"
#include "solver/cuda/dot_products.hpp"

namespace optnet::solver::cuda {

/// y = V_I' (z + γA' nu), u = S_I' (V_A y − nu): z and nu hold the right-hand side and are overwritten, y [n] and u [p]
/// the result.
template <class Team>
OPTNET_DEVICE void forward(Team& team, const matrices& of, double* z, double* nu, double* y, double* u) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    if (p > 0 && of.gamma() > 0)
        columns_times(team, n, of.a(), of.data_rows(), nu, p, [&](int j, double sum) { z[j] += of.gamma() * sum; });
    upper_columns_times(team, n, of.v_i(), ld, z, y);
    if (p == 0) return;
    rows_times(team, p, of.v_a(), ld, y, n, [&](int i, double sum) { nu[i] = sum - nu[i]; });
    upper_columns_times(team, p, of.s_i(), lds, nu, u);
}

/// G z₀ between the halves: then(t, of row(t)) for t < count.
template <class Team, class Row, class Then>
OPTNET_DEVICE void row_products(Team& team, const matrices& of, int count, const double* y, const double* u,
                                const Row& row, const Then& then) {
    const int ld = of.panel_rows(), lds = of.schur_rows();
    dot_products<beside::sums>(
        team, count,
        [&](int t, auto& sum) {
            const double *const v = of.v_g() + row(t), *const w = of.w() + row(t);
            sum.add(0, of.n, [&](int j) { return two{v[j * ld], y[j]}; });
            sum.add(0, of.p, [&](int j) { return two{w[j * lds], -u[j]}; });
        },
        then);
}

/// What multipliers x of the rows change between the halves: y −= V_G' x, u −= W' x.
template <class Team>
OPTNET_DEVICE void subtract_rows(Team& team, const matrices& of, int k, const int* rows, const double* x, double* y,
                                 double* u) {
    const int n = of.n, ld = of.panel_rows(), lds = of.schur_rows();
    dot_products<beside::terms>(
        team, n + of.p,
        [&](int t, auto& sum) {
            const double* const column = t < n ? of.v_g() + t * ld : of.w() + (t - n) * lds;
            sum.add(0, k, [&](int i) { return two{column[rows[i]], x[i]}; });
        },
        [&](int t, double sum) { (t < n ? y[t] : u[t - n]) -= sum; });
}

/// nu = S_I u, y −= V_A' nu, z = V_I y.
template <class Team>
OPTNET_DEVICE void backward(Team& team, const matrices& of, double* y, const double* u, double* z, double* nu) {
    const int n = of.n, p = of.p, ld = of.panel_rows(), lds = of.schur_rows();
    if (p > 0) {
        upper_rows_times(team, p, of.s_i(), lds, u, nu);
        columns_times(team, n, of.v_a(), ld, nu, p, [&](int j, double sum) { y[j] -= sum; });
    }
    upper_rows_times(team, n, of.v_i(), ld, y, z);
}

/// R_WW x = g once more, with what sweeps have lost of it in `rest` [k]: they lose more digits than L⁻¹ does.
template <class Team>
OPTNET_DEVICE void refine_multipliers(Team& team, const matrices& of, const basis_factor& basis, const double* g,
                                      double* rest, double* x, double* lambda) {
    dot_products<beside::terms>(
        team, basis.k,
        [&](int i, auto& sum) {
            const double* const row = of.r + basis.rows[i] * of.m;
            sum.add(0, basis.k, [&](int j) { return two{row[basis.rows[j]], x[j]}; });
        },
        [&](int i, double sum) { rest[i] = g[i] - sum; });
    dot_products<beside::sums>(
        team, basis.k,
        [&](int i, auto& sum) { sum.add(0, basis.k, [&](int j) {
                                    return two{-basis.entry(i, j), rest[j]};
                                }); },
        [&](int i, double sum) {
            x[i] += sum;
            lambda[basis.rows[i]] = x[i];
        });
}

/// One solve: z, nu and, at the rows of the basis, lambda hold the right-hand side and are overwritten; other entries
/// of lambda stay. y [n], u [p], g and x [k] are scratch; x holds the multipliers in the order of the basis.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void kkt_solve(Team& team, const matrices& given, const basis_factor& rows, double* z,
                                                double* nu, double* lambda, double* y, double* u, double* g,
                                                double* x) {
    const matrices of = given; // their pointers in registers
    const basis_factor basis = rows;
    const int k = basis.k;
    forward(team, of, z, nu, y, u);
    if (k > 0) {
        const bool two_products = basis.kind == factor_kind::triangle;
        double* const right = two_products ? x : g;
        row_products(
            team, of, k, y, u, [&](int i) { return basis.rows[i]; },
            [&](int i, double sum) { right[i] = sum - lambda[basis.rows[i]]; });
        if (two_products)
            dot_products<beside::terms>(
                team, k,
                [&](int i, auto& sum) {
                    const double* const row = basis.T + triangle(i);
                    sum.add(0, i + 1, [&](int j) { return two{row[j], x[j]}; });
                },
                [&](int i, double sum) { g[i] = sum; });
        dot_products<beside::sums>(
            team, k,
            [&](int i, auto& sum) {
                if (two_products)
                    sum.add(i, k, [&](int j) { return two{basis.T[triangle(j) + i], g[j]}; });
                else
                    sum.add(0, k, [&](int j) { return two{-basis.entry(i, j), g[j]}; });
            },
            [&](int i, double sum) {
                x[i] = sum;
                lambda[basis.rows[i]] = sum;
            });
        if (basis.kind == factor_kind::inverse) refine_multipliers(team, of, basis, g, z, x, lambda);
        subtract_rows(team, of, k, basis.rows, x, y, u);
    }
    backward(team, of, y, u, z, nu);
}

/// A residual of this share of the right-hand side or of the solution needs no refinement in an exact form: rows have
/// size 1, so the solution is that of a matrix which differs by as much. In a regularized one, of the right-hand side.
inline constexpr double backward_error = 1e-13, regularized_error = 1e-14;
/// Steps of refinement of a regularized form, at most.
inline constexpr int most_refinements = 40;
/// Where refinement has left more than this share of the right-hand side, conjugate gradients go on, for at most so
/// many steps. Where Q and D are no more than the last share of what ρ is on a direction, they are rounding: a solve
/// has half of the digits where its rows nearly depend on each other.
inline constexpr double stalled_error = 1e-10, flat = 1e-7;
inline constexpr int most_gradients = 200;

/// The vectors of one refined solve in the memory of its team.
struct kkt_memory {
    double *z, *rz, *y, *right_z, *left_z; ///< [n]
    double *nu, *rnu, *u, *right_nu;       ///< [p]
    double *lambda, *rl, *right_lambda;    ///< [m]
    double *g, *x;                         ///< [capacity]
    int* basis;                            ///< [capacity] a copy of its rows, near

    OPTNET_DEVICE kkt_memory(arena& from, int n, int p, int m, int capacity) {
        double** const wide[] = {&z, &rz, &y, &right_z, &left_z};
        double** const high[] = {&nu, &rnu, &u, &right_nu};
        double** const rows[] = {&lambda, &rl, &right_lambda};
        for (double** v : wide) *v = from.take<double>(n);
        for (double** v : high) *v = from.take<double>(p);
        for (double** v : rows) *v = from.take<double>(m);
        g = from.take<double>(capacity);
        x = from.take<double>(capacity);
        basis = from.take<int>(capacity);
    }
};

/// The residual of (v.z, v.nu, v.lambda) for the right-hand side in v, into v.rz, v.rnu and v.rl; its size, and that of
/// the right-hand side or the solution, whichever is larger, of the right-hand side alone if `regularized`.
template <class Team>
OPTNET_DEVICE two kkt_residual(Team& team, const matrices& given, const basis_factor& rows, const kkt_memory& own,
                               bool regularized) {
    const matrices of = given; // their pointers in registers
    const basis_factor basis = rows;
    const kkt_memory v = own;
    const int n = of.n, p = of.p, ld = of.data_rows(), count = basis.k;
    dot_products<beside::terms, at_end::go_on>(
        team, n,
        [&](int j, auto& sum) {
            const double *const q = of.data + j * ld, *const a = of.a() + j * ld, *const g = of.g() + j * ld;
            sum.add(0, n, [&](int i) { return two{q[i], v.z[i]}; });
            sum.add(0, p, [&](int i) { return two{a[i], v.nu[i]}; });
            sum.add(0, count, [&](int i) { return two{g[basis.rows[i]], v.lambda[basis.rows[i]]}; });
        },
        [&](int j, double sum) { v.rz[j] = v.right_z[j] - sum; });
    rows_times<at_end::go_on>(team, p, of.a(), ld, v.z, n, [&](int i, double sum) { v.rnu[i] = v.right_nu[i] - sum; });
    dot_products<beside::sums>(
        team, count,
        [&](int t, auto& sum) {
            const double* const g = of.g() + basis.rows[t];
            sum.add(0, n, [&](int j) { return two{g[j * ld], v.z[j]}; });
        },
        [&](int t, double sum) {
            const int row = basis.rows[t];
            v.rl[row] = v.right_lambda[row] - sum + (basis.ratio == nullptr ? 0.0 : basis.ratio[t] * v.lambda[row]);
        });
    return most(team, n + p + count, [&](int t) {
        const int row = t < n + p ? 0 : basis.rows[t - n - p];
        const double residual = t < n ? v.rz[t] : t < n + p ? v.rnu[t - n] : v.rl[row];
        const double right = t < n ? v.right_z[t] : t < n + p ? v.right_nu[t - n] : v.right_lambda[row];
        const double solution = t < n ? v.z[t] : t < n + p ? v.nu[t - n] : v.lambda[row];
        return two{std::abs(residual), regularized ? std::abs(right) : larger(std::abs(right), std::abs(solution))};
    });
}

/// Goes on from the residual in v.rz, v.rnu and v.rl where ρ is much larger than what Q has on the directions that the
/// rows leave free, so that refinement, of which every step leaves ρ / (ρ + curvature), does not end. What δ is short
/// of refinement has taken back by then, and a regularized form differs from the system in ρ alone: residuals are 0 but
/// for z, directions keep the rows, and the method of conjugate gradients with the form as its preconditioner (Gould,
/// Hribar & Nocedal 2001) takes as many steps as there are different curvatures. Ends at a residual of `goal`, or at a
/// direction without curvature. v.right_* are overwritten, by the direction.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void by_conjugate_gradients(Team& team, const matrices& of, const basis_factor& basis,
                                                             const kkt_memory& v, double goal) {
    const int n = of.n, p = of.p, ld = of.data_rows(), all = n + p + basis.k;
    each(team, n, [&](int j) { v.left_z[j] = v.rz[j]; });
    double before = 0;
    for (int step = 0; step < most_gradients; ++step) {
        kkt_solve(team, of, basis, v.rz, v.rnu, v.rl, v.y, v.u, v.g, v.x);
        const double now = sums(team, n, [&](int j) { return two{v.left_z[j] * v.rz[j], 0.0}; }).a;
        if (!(now > 0)) return;
        const double share = before > 0 ? now / before : 0.0;
        before = now;
        each(team, all, [&](int t) {
            const int row = t < n + p ? 0 : basis.rows[t - n - p];
            double* const to = t < n ? v.right_z + t : t < n + p ? v.right_nu + (t - n) : v.right_lambda + row;
            const double by = t < n ? v.rz[t] : t < n + p ? v.rnu[t - n] : v.rl[row];
            *to = share > 0 ? by + share * *to : by;
        });
        // By itself: from the whole product the rounding of A'dν + G'dλ would be left where there is no curvature.
        columns_times(team, n, of.data, ld, v.right_z, n, [&](int j, double sum) { v.y[j] = sum; });
        const two of_q = sums(team, n, [&](int j) { return two{v.right_z[j] * v.y[j], v.right_z[j] * v.right_z[j]}; });
        const double of_rows = sums(team, basis.ratio == nullptr ? 0 : basis.k, [&](int t) {
                                   const double price = v.right_lambda[basis.rows[t]];
                                   return two{basis.ratio[t] * price * price, 0.0};
                               }).a;
        const double curvature = of_q.a + of_rows;
        if (!(curvature > flat * (curvature + of.rho() * of_q.b))) return;
        dot_products<beside::terms>(
            team, n,
            [&](int j, auto& sum) {
                const double *const a = of.a() + j * ld, *const g = of.g() + j * ld;
                sum.add(0, p, [&](int i) { return two{a[i], v.right_nu[i]}; });
                sum.add(0, basis.k, [&](int i) { return two{g[basis.rows[i]], v.right_lambda[basis.rows[i]]}; });
            },
            [&](int j, double sum) { v.y[j] += sum; });
        const double length = now / curvature;
        each(team, all, [&](int t) {
            if (t < n) {
                v.z[t] += length * v.right_z[t];
                v.rz[t] = v.left_z[t] -= length * v.y[t];
            } else if (t < n + p) {
                v.nu[t - n] += length * v.right_nu[t - n];
                v.rnu[t - n] = 0;
            } else {
                const int row = basis.rows[t - n - p];
                v.lambda[row] += length * v.right_lambda[row];
                v.rl[row] = 0;
            }
        });
        if (!(most(team, n, [&](int j) { return two{std::abs(v.left_z[j]), 0.0}; }).a > goal)) return;
    }
}

/// v.z, v.nu and, at the rows of the basis, v.lambda become the solution for the right-hand side in v.right_*, which
/// may be overwritten. On an exact form one step takes the rounding back, where factors are not trusted; a regularized
/// one needs as many as its contraction asks for, until a step no longer halves the residual.
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
    if (basis.trusted) return;
    const bool exact = of.exact();
    double before = HUGE_VAL;
    for (int step = 0; step < (exact ? 1 : most_refinements); ++step) {
        const two sizes = kkt_residual(team, of, basis, v, !exact);
        // Not a number is left as it is.
        if (!(sizes.a > (exact ? backward_error : regularized_error) * sizes.b)) return;
        if (!(sizes.a < 0.5 * before)) {
            if (!exact && sizes.a > stalled_error * sizes.b)
                by_conjugate_gradients(team, of, basis, v, regularized_error * sizes.b);
            return;
        }
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
