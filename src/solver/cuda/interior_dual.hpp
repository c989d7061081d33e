// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form D of the interior point by a team, as src/solver/algorithm/interior_dual.cpp: with z eliminated only λ and s are
// iterates. For exact set-ups.

#include "solver/cuda/factor.hpp"
#include "solver/cuda/interior_point.hpp"

namespace optnet::solver::cuda {

template <class Team> class interior_dual : public interior_iterate<Team> {
public:
    using interior_iterate<Team>::interior_iterate;

    OPTNET_DEVICE void begin() {
        interior_iterate<Team>::begin();
        multiply(team, of, to.e, nullptr, of.m);
        recover();
        each(team, of.m, [&](int i) { to.e.active.d[i] = to.e.h[i] - to.e.gz[i]; });
    }

    /// [R + W⁻¹; I]; an absent row is one of the identity.
    OPTNET_DEVICE bool factor() {
        const int m = of.m;
        const auto absent = [&](int i) { return to.e.active.floor[i] == HUGE_VAL; };
        const double size = most(team, m, [&](int i) { return two{absent(i) ? 0.0 : of.r[i * m + i], 0.0}; }).a;
        // Rows that depend on each other and have large weights leave pivots of rounding: a shift of that size helps.
        for (int attempt = 0; attempt < 3; ++attempt) {
            const double shift = attempt == 0 ? 0.0 : attempt == 1 ? 1e-14 : 1e-11;
            each(team, m * m, [&](int t) {
                const int i = t % m, j = t / m;
                const double diagonal = absent(i) ? 1.0 : of.r[t] + 1 / to.w[i] + shift * size;
                double* const column = to.dual_factors + j * 2 * m;
                column[i] = i == j ? diagonal : absent(i) || absent(j) ? 0.0 : of.r[t];
                column[m + i] = i == j ? 1.0 : 0.0;
            });
            if (partial_cholesky(team, to.dual_factors, 2 * m, m, m, 0.0, to.factors.pivots)) return true;
        }
        return false;
    }

    /// s = Rλ + d and λ = −s: (R + I) s = d
    OPTNET_DEVICE void start() {
        each(team, of.m, [&](int i) { to.work[i] = to.e.active.floor[i] == HUGE_VAL ? 0.0 : to.e.active.d[i]; });
        substitute(to.s);
    }

    /// h − Gz with the z that belongs to λ, not Rλ + d: it is the user's data that count, and R has the rounding of its
    /// set-up.
    OPTNET_DEVICE void residual() {
        multiply(team, of, to.e, nullptr, of.m);
        recover();
        this->residuals();
    }

    OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve() {
        const double* const lambda = to.e.active.lambda;
        const auto absent = [&](int i) { return to.e.active.floor[i] == HUGE_VAL; };
        each(team, of.m, [&](int i) { to.work[i] = absent(i) ? 0.0 : -to.rs[i] - to.rc[i] / lambda[i]; });
        substitute(to.dlambda);
        // The sum R dλ + r_s cancels where the row is active; −(r_c + s dλ) / λ is the same and does not.
        each(team, of.m, [&](int i) {
            if (absent(i)) {
                to.ds[i] = 0;
            } else if (lambda[i] > to.s[i]) {
                to.ds[i] = -(to.rc[i] + to.s[i] * to.dlambda[i]) / lambda[i];
            } else {
                double sum = to.rs[i];
                for (int j = 0; j < of.m; ++j) sum += of.r[j * of.m + i] * to.dlambda[j];
                to.ds[i] = sum;
            }
        });
    }
    OPTNET_DEVICE void advance(double) {
        each(team, of.n + of.p + of.m, [&](int t) {
            if (t < of.n)
                to.last.z[t] = to.e.z[t];
            else if (t < of.n + of.p)
                to.last.nu[t - of.n] = to.e.nu[t - of.n];
            else
                to.last.lambda[t - of.n - of.p] = to.e.active.lambda[t - of.n - of.p];
        });
    }

private:
    using interior_iterate<Team>::team;
    using interior_iterate<Team>::of;
    using interior_iterate<Team>::to;

    /// z = z₀ − P G'λ, as a correction of the last z, whose products are there; afterwards only Gz is.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void recover() {
        const element& e = to.e;
        each(team, of.n + of.p, [&](int t) {
            if (t < of.n)
                e.rz[t] = -(e.qz[t] + e.q[t] + e.atnu[t] + e.gtl[t]);
            else
                e.rnu[t - of.n] = e.b[t - of.n] - e.az[t - of.n];
        });
        forward(team, of, e.rz, e.rnu, to.v.y, to.v.u);
        backward(team, of, to.v.y, to.v.u, e.rz, e.rnu);
        each(team, of.n + of.p, [&](int t) {
            if (t < of.n)
                e.z[t] += e.rz[t];
            else
                e.nu[t - of.n] += e.rnu[t - of.n];
        });
        each(team, of.m, [&](int i) {
            double sum = 0;
            for (int j = 0; j < of.n; ++j) sum += of.g()[j * of.data_rows() + i] * e.z[j];
            e.gz[i] = sum;
        });
    }

    /// x = L⁻ᵀ L⁻¹ work
    OPTNET_DEVICE void substitute(double* x) {
        const int m = of.m;
        const double* const inverse = to.dual_factors + m; // L⁻ᵀ
        each(team, m, [&](int j) {
            double sum = 0;
            for (int i = 0; i <= j; ++i) sum += inverse[j * 2 * m + i] * to.work[i];
            to.key[j] = sum;
        });
        each(team, m, [&](int i) {
            double sum = 0;
            for (int j = i; j < m; ++j) sum += inverse[j * 2 * m + i] * to.key[j];
            x[i] = sum;
        });
    }
};

} // namespace optnet::solver::cuda
