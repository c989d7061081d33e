// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradient's system of one problem, on the factor that its solve has kept; as src/solver/adjoint.cpp.

#include "solver/cuda/kkt.hpp"
#include "solver/cuda/solve.hpp"

namespace optnet::solver::cuda {

/// A residual of this share of the right-hand side or of the solution needs no refinement: rows have size 1, so the
/// solution is that of a matrix which differs by as much.
inline constexpr double backward_error = 1e-13;

/// The vectors of one system in the memory of its team.
struct adjoint {
    double *z, *rz, *y, *right_z;    ///< [n]
    double *nu, *rnu, *u, *right_nu; ///< [p]
    double *lambda, *rl;             ///< [m]
    double *g, *x;                   ///< [capacity]

    OPTNET_DEVICE adjoint(arena& from, int n, int p, int m) {
        double** const wide[] = {&z, &rz, &y, &right_z};
        double** const high[] = {&nu, &rnu, &u, &right_nu};
        double** const rows[] = {&lambda, &rl};
        for (double** v : wide) *v = from.take<double>(n);
        for (double** v : high) *v = from.take<double>(p);
        for (double** v : rows) *v = from.take<double>(m);
        g = from.take<double>(basis_capacity(n, p, m));
        x = from.take<double>(basis_capacity(n, p, m));
    }
};

OPTNET_DEVICE inline std::size_t adjoint_bytes(int n, int p, int m) {
    arena count;
    const adjoint of(count, n, p, m);
    return of.z == nullptr ? count.bytes() : 0;
}

/// Q dz + A'dν + G_W'dλ = r.z, A dz = r.nu, G_W dz = r.lambda for problem k, and dλ = 0 for other rows. Zeros where the
/// problem has no gradient.
template <class Team, class T>
OPTNET_DEVICE void solve_adjoint(Team& team, const matrices& of, const kept_factor& kept, arena memory, std::int64_t k,
                                 const kkt_vectors<const T>& r, const kkt_vectors<T>& to) {
    const int n = of.n, p = of.p, m = of.m, ld = of.data_rows();
    const int count = *kept.count;
    const auto put = [&](int t, double value) {
        if (t < n) {
            if (to.z != nullptr) to.z[k * n + t] = static_cast<T>(value);
        } else if (t < n + p) {
            if (to.nu != nullptr) to.nu[k * p + t - n] = static_cast<T>(value);
        } else {
            if (to.lambda != nullptr) to.lambda[k * m + t - n - p] = static_cast<T>(value);
        }
    };
    if (count < 0) return each(team, n + p + m, [&](int t) { put(t, 0.0); });
    const basis_factor basis{count, kept.rows, kept.T};
    const adjoint v(memory, of.n, of.p, of.m);
    const auto entry = [&](const T* from, std::int64_t i, double scale) {
        return from == nullptr ? 0.0 : static_cast<double>(from[i]) * scale;
    };
    each(team, n + p + m, [&](int t) {
        if (t < n)
            v.z[t] = v.right_z[t] = entry(r.z, k * n + t, of.z_scale[t]);
        else if (t < n + p)
            v.nu[t - n] = v.right_nu[t - n] = entry(r.nu, k * p + t - n, of.a_scale[t - n]);
        else
            v.lambda[t - n - p] = 0;
    });
    const auto row_right = [&](int i) {
        const int row = basis.rows[i];
        return entry(r.lambda, k * m + row, of.g_scale[row]);
    };
    each(team, count, [&](int i) { v.lambda[basis.rows[i]] = row_right(i); });
    kkt_solve(team, of, basis, v.z, v.nu, v.lambda, v.y, v.u, v.g, v.x);
    const two sizes = most(team, n + p + count, [&](int t) {
        double residual = 0, whole = 0;
        if (t < n) {
            residual = v.right_z[t];
            for (int i = 0; i < n; ++i) residual -= of.data[i * ld + t] * v.z[i];
            for (int i = 0; i < p; ++i) residual -= of.a()[t * ld + i] * v.nu[i];
            for (int i = 0; i < count; ++i) residual -= of.g()[t * ld + basis.rows[i]] * v.lambda[basis.rows[i]];
            v.rz[t] = residual;
            whole = larger(std::abs(v.right_z[t]), std::abs(v.z[t]));
        } else if (t < n + p) {
            residual = v.right_nu[t - n];
            for (int j = 0; j < n; ++j) residual -= of.a()[j * ld + t - n] * v.z[j];
            v.rnu[t - n] = residual;
            whole = larger(std::abs(v.right_nu[t - n]), std::abs(v.nu[t - n]));
        } else {
            const int row = basis.rows[t - n - p];
            const double right = row_right(t - n - p);
            residual = right;
            for (int j = 0; j < n; ++j) residual -= of.g()[j * ld + row] * v.z[j];
            v.rl[row] = residual;
            whole = larger(std::abs(right), std::abs(v.lambda[row]));
        }
        return two{std::abs(residual), whole};
    });
    // Not a number is left as it is.
    if (sizes.a > backward_error * sizes.b) {
        kkt_solve(team, of, basis, v.rz, v.rnu, v.rl, v.y, v.u, v.g, v.x);
        each(team, n + p + count, [&](int t) {
            if (t < n)
                v.z[t] += v.rz[t];
            else if (t < n + p)
                v.nu[t - n] += v.rnu[t - n];
            else
                v.lambda[basis.rows[t - n - p]] += v.rl[basis.rows[t - n - p]];
        });
    }
    each(team, n + p + m, [&](int t) {
        if (t < n)
            put(t, v.z[t] * of.z_scale[t]);
        else if (t < n + p)
            put(t, v.nu[t - n] * of.a_scale[t - n]);
        else
            put(t, v.lambda[t - n - p] * of.g_scale[t - n - p]);
    });
}

} // namespace optnet::solver::cuda
