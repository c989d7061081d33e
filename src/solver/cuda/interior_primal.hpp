// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form P of the interior point by a team, as src/solver/algorithm/primal_form.cpp with the same safeguards. H and the
// Schur complement of A are factored with their inverses as more rows of the same sweep, so that a solve is products.

#include "solver/cuda/factor.hpp"
#include "solver/cuda/interior_point.hpp"

namespace optnet::solver::cuda {

/// ρ, for H of size 1, and the share of the largest diagonal entry that the Schur complement of A is shifted by.
inline constexpr double interior_shift = 1e-8, interior_equality_shift = 1e-10;

template <class Team> class interior_primal : public interior_iterate<Team> {
public:
    using interior_iterate<Team>::interior_iterate;

    /// H = Q + G'WG. False if it is not positive definite or not finite.
    OPTNET_DEVICE bool factor() {
        const int n = of.n, p = of.p, ld = of.data_rows();
        const two traces = sums(team, n, [&](int j) {
            const double* const column = of.data + j * ld;
            double h = column[j], a = 0;
            for (int i = 0; i < of.m; ++i) h += to.w[i] * column[n + p + i] * column[n + p + i];
            for (int i = 0; i < p; ++i) a += column[n + i] * column[n + i];
            return two{h, a};
        });
        if (!(traces.a < 1e280)) return false;
        gamma = traces.b > 0 ? (traces.a > 0 ? traces.a : 1.0) / traces.b : 0.0;
        const double mean = traces.a / n, size = mean < 1e-4 ? 1e-4 : mean > 1 ? 1.0 : mean;
        // Weights that are far apart leave pivots of rounding: a larger shift then, which refinement takes back in
        // part.
        for (int attempt = 0; attempt < 3; ++attempt) {
            const double more = attempt == 0 ? 0.0 : attempt == 1 ? 1e-14 : 1e-12;
            assemble(interior_shift * size + more * traces.a);
            if (partial_cholesky(team, to.factors.panel, 2 * n + p, n, n + p, 0.0, to.factors.pivots) &&
                (p == 0 || eliminate_equalities(team, to.factors, interior_equality_shift, 0.0)))
                return true;
        }
        return false;
    }

    /// z and ν of [Q A' G'; A 0 0; G 0 −I] [z; ν; λ] = [−q; b; h], and s = h − Gz.
    OPTNET_DEVICE void start() {
        const element& e = to.e;
        right_side([&](int j) { return -e.q[j]; }, [&](int i) { return e.b[i]; },
                   [&](int i) { return to.w[i] * e.h[i]; });
        solve_equalities();
        each(team, of.n + of.p + of.m, [&](int t) {
            if (t < of.n)
                e.z[t] = to.v.z[t];
            else if (t < of.n + of.p)
                e.nu[t - of.n] = to.v.nu[t - of.n];
            else
                to.s[t - of.n - of.p] = e.h[t - of.n - of.p] - row(t - of.n - of.p, to.v.z);
        });
    }
    OPTNET_DEVICE void residual() { this->residuals(); }

    OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve() {
        const element& e = to.e;
        right_side([&](int j) { return e.rz[j]; }, [&](int i) { return e.rnu[i]; },
                   [&](int i) { return to.w[i] * to.rs[i] + to.rc[i] / to.s[i]; });
        solve_equalities();
        // G dz + ds = r_s, S dλ + Λ ds = −r_c
        each(team, of.n + of.p + of.m, [&](int t) {
            if (t < of.n) {
                to.dz[t] = to.v.z[t];
            } else if (t < of.n + of.p) {
                to.dnu[t - of.n] = to.v.nu[t - of.n];
            } else {
                const int i = t - of.n - of.p;
                to.ds[i] = e.active.floor[i] == HUGE_VAL ? 0.0 : to.rs[i] - row(i, to.v.z);
                to.dlambda[i] = -(to.rc[i] + e.active.lambda[i] * to.ds[i]) / to.s[i];
            }
        });
    }
    OPTNET_DEVICE void advance(double step) {
        each(team, of.n + of.p + of.m, [&](int t) {
            if (t < of.n) {
                to.last.z[t] = to.e.z[t];
                to.e.z[t] += step * to.dz[t];
            } else if (t < of.n + of.p) {
                const int i = t - of.n;
                to.last.nu[i] = to.e.nu[i];
                to.e.nu[i] += step * to.dnu[i];
            } else {
                to.last.lambda[t - of.n - of.p] = to.e.active.lambda[t - of.n - of.p];
            }
        });
    }

private:
    using interior_iterate<Team>::team;
    using interior_iterate<Team>::of;
    using interior_iterate<Team>::to;

    OPTNET_DEVICE double row(int i, const double* z) const {
        double sum = 0;
        for (int j = 0; j < of.n; ++j) sum += of.g()[j * of.data_rows() + i] * z[j];
        return sum;
    }

    /// [H + γA'A + shift I; A; I]
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void assemble(double shift) {
        const int n = of.n, p = of.p, m = of.m, ld = of.data_rows(), rows = 2 * n + p;
        const int groups = (n + panel_width - 1) / panel_width;
        const int sums_of_h = n * groups, below = p + n;
        each(team, sums_of_h + below * n, [&](int t) {
            if (t == 0) to.factors.shifts[0] = to.factors.shifts[1] = to.factors.shifts[2] = 0;
            if (t >= sums_of_h) {
                const int row = (t - sums_of_h) % below, j = (t - sums_of_h) / below;
                to.factors.panel[j * rows + n + row] = row < p ? of.a()[j * ld + row] : row - p == j ? 1.0 : 0.0;
                return;
            }
            const int i = t % n, first = t / n * panel_width;
            if (first > i) return;
            const int width = n - first < panel_width ? n - first : panel_width;
            const double* const mine = of.data + i * ld;
            const double* column[panel_width];
            double sum[panel_width];
            for (int c = 0; c < panel_width; ++c) {
                column[c] = of.data + (first + (c < width ? c : 0)) * ld;
                sum[c] = column[c][i] + (first + c == i ? shift : 0.0);
            }
            for (int r = n; r < n + p + m; ++r) {
                const double v = mine[r] * (r < n + p ? gamma : to.w[r - n - p]);
                for (int c = 0; c < panel_width; ++c) sum[c] += v * column[c][r];
            }
            for (int c = 0; c < panel_width; ++c)
                if (c < width) to.factors.panel[(first + c) * rows + i] = sum[c];
        });
    }

    /// right_z = f_z + G' f_lambda, right_nu = f_nu.
    template <class Z, class Nu, class Lambda>
    OPTNET_DEVICE void right_side(const Z& f_z, const Nu& f_nu, const Lambda& f_lambda) {
        each(team, of.m, [&](int i) { to.work[i] = f_lambda(i); });
        each(team, of.n + of.p, [&](int t) {
            if (t >= of.n) {
                to.v.right_nu[t - of.n] = f_nu(t - of.n);
                return;
            }
            const double* const column = of.g() + t * of.data_rows();
            double sum = f_z(t);
            for (int i = 0; i < of.m; ++i) sum += column[i] * to.work[i];
            to.v.right_z[t] = sum;
        });
    }

    /// z, nu <- the solution with the three regularizations; overwrites the right-hand side there.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve_once(double* z, double* nu) {
        const int n = of.n, p = of.p, ld = of.data_rows();
        if (p > 0)
            each(team, n, [&](int j) {
                double sum = 0;
                for (int i = 0; i < p; ++i) sum += of.a()[j * ld + i] * nu[i];
                z[j] += gamma * sum;
            });
        forward(team, to.factors, z, nu, to.v.y, to.v.u);
        backward(team, to.factors, to.v.y, to.v.u, z, nu);
    }

    /// [H A'; A 0] (z, nu) = right: two steps of refinement take the regularizations back.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve_equalities() {
        const int n = of.n, p = of.p, ld = of.data_rows();
        const kkt_memory& v = to.v;
        each(team, n + p, [&](int t) {
            if (t < n)
                v.z[t] = v.right_z[t];
            else
                v.nu[t - n] = v.right_nu[t - n];
        });
        solve_once(v.z, v.nu);
        for (int step = 0; step < 2; ++step) {
            each(team, of.m, [&](int i) { v.rl[i] = to.w[i] * row(i, v.z); });
            each(team, n + p, [&](int t) {
                const double* const column = t < n ? of.data + t * ld : nullptr;
                double sum = 0;
                if (t >= n) {
                    for (int j = 0; j < n; ++j) sum += of.data[j * ld + t] * v.z[j];
                    v.rnu[t - n] = v.right_nu[t - n] - sum;
                    return;
                }
                for (int i = 0; i < n; ++i) sum += of.data[i * ld + t] * v.z[i];
                for (int i = 0; i < of.m; ++i) sum += column[n + p + i] * v.rl[i];
                for (int i = 0; i < p; ++i) sum += column[n + i] * v.nu[i];
                v.rz[t] = v.right_z[t] - sum;
            });
            solve_once(v.rz, v.rnu);
            each(team, n + p, [&](int t) {
                if (t < n)
                    v.z[t] += v.rz[t];
                else
                    v.nu[t - n] += v.rnu[t - n];
            });
        }
    }

    double gamma = 0;
};

} // namespace optnet::solver::cuda
