// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the pieces of the whole road share: the best point that is known, its finish, and rows in the order of a key.

#include "solver/cuda/road_memory.hpp"
#include "solver/cuda/solve.hpp"

namespace optnet::solver::cuda {

/// What is known of a problem; the point is in `road_memory::best`.
struct known {
    verdict best;
    int rows = 0; ///< of `road_memory::best_rows`; 0 too where no equalities were solved
    int iterations = 0;
    bool limited = false;
    /// primal_infeasible or dual_infeasible: its certificate is in the element.
    optnet::status answer = status::numerical_error;
};

OPTNET_DEVICE inline bool has_certificate(const known& of) {
    return of.answer == status::primal_infeasible || of.answer == status::dual_infeasible;
}

/// to = from, both points of an element.
template <class Team>
OPTNET_DEVICE void copy_point(Team& team, const element& e, const double* z, const double* nu, const double* lambda,
                              double* to_z, double* to_nu, double* to_lambda) {
    each(team, e.n + e.p + e.m, [&](int t) {
        if (t < e.n)
            to_z[t] = z[t];
        else if (t < e.n + e.p)
            to_nu[t - e.n] = nu[t - e.n];
        else
            to_lambda[t - e.n - e.p] = lambda[t - e.n - e.p];
    });
}

/// Refines the element's point on its basis as equalities, on the user's data, and remembers what verifies best.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void refine(Team& team, const device_settings& batch, const matrices& of,
                                             road_memory& own, known& so_far) {
    const element& e = own.e;
    const int n = e.n, p = e.p, m = e.m, k = e.active.k;
    double* const lambda = e.active.lambda;
    multiply(team, of, e);
    for (int step = 0; step < finish_steps; ++step) {
        each(team, n + p + m, [&](int t) {
            if (t < n)
                own.v.right_z[t] = -(e.qz[t] + e.q[t] + e.atnu[t] + e.gtl[t]);
            else if (t < n + p)
                own.v.right_nu[t - n] = e.b[t - n] - e.az[t - n];
            else
                own.v.right_lambda[t - n - p] = e.h[t - n - p] - e.gz[t - n - p];
        });
        solve_refined(team, of, e.active.factor(), own.v);
        each(team, n + p + k, [&](int t) {
            if (t < n) {
                e.z[t] += own.v.z[t];
            } else if (t < n + p) {
                e.nu[t - n] += own.v.nu[t - n];
            } else {
                const int row = e.active.basis[t - n - p];
                lambda[row] = larger(0.0, lambda[row] + own.v.lambda[row]);
            }
        });
        multiply(team, of, e);
        const verdict v = judge(team, of, e, batch.eps_abs, batch.eps_rel);
        const double before = so_far.best.share;
        if (v.share < before) {
            so_far.best = v;
            so_far.rows = k;
            copy_point(team, e, e.z, e.nu, lambda, own.best.z, own.best.nu, own.best.lambda);
            each(team, k, [&](int i) { own.best_rows[i] = e.active.basis[i]; });
        }
        // One step is the rule; another where it pays.
        if (so_far.best.share <= close_enough || !(v.share < 0.5 * before)) return;
    }
}

/// The rows that `chosen` takes, into `order`, those with the smallest key first, of equal ones the first; how many.
template <class Team, class Chosen, class Key>
OPTNET_DEVICE int order_rows(Team& team, road_memory& own, const Chosen& chosen, const Key& key) {
    const int m = own.e.m;
    const double count = sums(team, m, [&](int i) {
                             own.mark[i] = chosen(i) ? 1 : 0;
                             own.key[i] = own.mark[i] != 0 ? key(i) : 0.0;
                             return two{own.mark[i] != 0 ? 1.0 : 0.0, 0.0};
                         }).a;
    each(team, m, [&](int i) {
        if (own.mark[i] == 0) return;
        int place = 0;
        for (int j = 0; j < m; ++j)
            if (own.mark[j] != 0 && (own.key[j] < own.key[i] || (own.key[j] == own.key[i] && j < i))) ++place;
        own.order[place] = i;
    });
    return static_cast<int>(count);
}

} // namespace optnet::solver::cuda
