// SPDX-License-Identifier: Apache-2.0
#pragma once

// One problem of a batch in the memory of its team: right-hand sides, a point, its products with the matrices, and what
// "solved" means for it. The letters and units are those of src/solver/algorithm/element.hpp.

#include "solver/cuda/active_set.hpp"
#include "solver/cuda/batch.hpp"
#include "solver/cuda/dot_products.hpp"

namespace optnet::solver::cuda {

/// Residuals of the user's data, and the largest of the three as a share of its tolerance, where solved means <= 1, and
/// as a share of the terms that it is the sum of.
struct verdict {
    double primal = HUGE_VAL, dual = HUGE_VAL, gap = HUGE_VAL, share = HUGE_VAL, relative = HUGE_VAL;
};

struct element {
    int n, p, m;
    double *q, *z, *qz, *atnu, *gtl, *rz, *best_z; ///< [n]
    double *b, *nu, *az, *rnu, *u, *best_nu;       ///< [p]
    double *h, *gz, *rl, *best_lambda;             ///< [m]
    active_set active;                             ///< and λ, d, the floors and the basis

    OPTNET_DEVICE element(arena& from, const matrices& of, int capacity, bool swept = false)
        : n(of.n), p(of.p), m(of.m), active(from, of, capacity, swept) {
        double** const wide[] = {&q, &z, &qz, &atnu, &gtl, &rz, &best_z};
        double** const high[] = {&b, &nu, &az, &rnu, &u, &best_nu};
        double** const rows[] = {&h, &gz, &rl, &best_lambda};
        for (double** v : wide) *v = from.take<double>(n);
        for (double** v : high) *v = from.take<double>(p);
        for (double** v : rows) *v = from.take<double>(m);
    }
};

enum class input : int { good, not_finite, impossible };

/// Reads q, b and h of problem k, in the units of the matrices. `impossible`: a row with h = −inf.
template <class Team>
OPTNET_DEVICE input read(Team& team, const device_batch& batch, std::int64_t k, const matrices& of, const element& e) {
    const auto entry = [&](const vector_view<void>& v, int i) { return entry_of(v, k, i, batch.single); };
    const int n = e.n, p = e.p, m = e.m;
    const double eps = batch.eps_abs > 0 ? batch.eps_abs : batch.eps_rel;
    const two checks = sums(team, n + p + m, [&](int t) {
        if (t < n) {
            const double value = entry(batch.q, t);
            e.q[t] = value * of.z_scale[t];
            return two{value * 0.0, 0.0};
        }
        if (t < n + p) {
            const double value = entry(batch.b, t - n);
            e.b[t - n] = value * of.a_scale[t - n];
            return two{value * 0.0, 0.0};
        }
        const int i = t - n - p;
        const double value = entry(batch.h, i);
        const bool absent = value >= batch.infinite_bound, impossible = value == -HUGE_VAL;
        // Far below the tolerance, so that rounding in the user's data (a zero row with h = -1e-17) is no violation.
        e.active.floor[i] = absent ? HUGE_VAL : 1e-5 * eps * of.g_scale[i];
        e.h[i] = absent || impossible ? 0.0 : value * of.g_scale[i];
        return two{absent || impossible ? 0.0 : value * 0.0, impossible ? 1.0 : 0.0};
    });
    return !(checks.a == 0.0) ? input::not_finite : checks.b > 0 ? input::impossible : input::good;
}

/// Qz, A'ν, G'λ, Az and Gz, where λ is 0 but in `count` rows; null stands for all of them.
template <class Team>
OPTNET_DEVICE void multiply(Team& team, const matrices& of, const element& e, const int* which, int count) {
    const int n = e.n, p = e.p, rows = of.data_rows();
    const double* const lambda = e.active.lambda;
    rows_times<at_end::go_on>(team, rows, of.data, rows, e.z, n, [&](int t, double sum) {
        (t < n ? e.qz[t] : t < n + p ? e.az[t - n] : e.gz[t - n - p]) = sum;
    });
    columns_times<at_end::go_on>(team, n, of.a(), rows, e.nu, p, [&](int j, double sum) { e.atnu[j] = sum; });
    dot_products<beside::terms>(
        team, n,
        [&](int j, auto& sum) {
            const double* const column = of.g() + j * rows;
            if (which == nullptr)
                sum.add(0, count, [&](int i) { return two{column[i], lambda[i]}; });
            else
                sum.add(0, count, [&](int i) { return two{column[which[i]], lambda[which[i]]}; });
        },
        [&](int j, double sum) { e.gtl[j] = sum; });
}
template <class Team> OPTNET_DEVICE void multiply(Team& team, const matrices& of, const element& e) {
    multiply(team, of, e, e.active.basis, e.active.k);
}

/// From the largest residuals and terms, the gap, and the larger of the two objectives.
OPTNET_DEVICE inline verdict judged(two primal, two dual, double gap, double size, double absolute, double relative) {
    verdict v{larger(0.0, primal.a), larger(0.0, dual.a), gap, 0.0, 0.0};
    const auto see = [&](double residual, double terms) {
        if (residual == 0) return;
        v.share = larger(v.share, residual / (absolute + relative * larger(0.0, terms)));
        v.relative = larger(v.relative, residual / larger(0.0, terms));
    };
    see(v.primal, primal.b);
    see(v.dual, dual.b);
    see(v.gap, size);
    return v;
}
/// The same from z'Qz and q'z, and b'ν + h'λ with what is 0 if everything is finite.
OPTNET_DEVICE inline verdict judged(two primal, two dual, two objective, two prices, double absolute, double relative) {
    const double gap = std::abs(objective.a + objective.b + prices.a), value = 0.5 * objective.a;
    if (!(prices.b + gap * 0.0 == 0.0)) return {};
    const double size = larger(std::abs(value + objective.b), std::abs(value + prices.a));
    return judged(primal, dual, gap, size, absolute, relative);
}

/// primal = max(|Az - b|, (Gz - h)+), dual = |Qz + q + A'nu + G'lambda|, gap = |z'Qz + q'z + b'nu + h'lambda|, each
/// against absolute + relative * the largest of its terms.
template <class Team>
OPTNET_DEVICE verdict judge(Team& team, const matrices& of, const element& e, double absolute, double relative) {
    const int n = e.n, p = e.p, m = e.m;
    const two primal = most(team, p + m, [&](int t) {
        if (t < p) {
            const double unit = 1 / of.a_scale[t];
            return two{std::abs(e.az[t] - e.b[t]) * unit, larger(std::abs(e.az[t]), std::abs(e.b[t])) * unit};
        }
        const int i = t - p;
        if (e.active.floor[i] == HUGE_VAL) return maxima::none();
        const double unit = 1 / of.g_scale[i];
        return two{(e.gz[i] - e.h[i]) * unit, larger(std::abs(e.gz[i]), std::abs(e.h[i])) * unit};
    });
    const two dual = most(team, n, [&](int j) {
        const double unit = 1 / of.z_scale[j];
        const double terms =
            larger(larger(std::abs(e.qz[j]), std::abs(e.q[j])), larger(std::abs(e.atnu[j]), std::abs(e.gtl[j])));
        return two{std::abs(e.qz[j] + e.q[j] + e.atnu[j] + e.gtl[j]) * unit, terms * unit};
    });
    const two objective = sums(team, n, [&](int j) { return two{e.z[j] * e.qz[j], e.q[j] * e.z[j]}; });
    const two prices = sums(team, n + p + m, [&](int t) {
        if (t < n) return two{0.0, (e.qz[t] + e.atnu[t] + e.gtl[t]) * 0.0};
        if (t < n + p) return two{e.b[t - n] * e.nu[t - n], e.az[t - n] * 0.0};
        const int i = t - n - p;
        const bool absent = e.active.floor[i] == HUGE_VAL;
        return two{absent ? 0.0 : e.h[i] * e.active.lambda[i], e.gz[i] * 0.0};
    });
    return judged(primal, dual, objective, prices, absolute, relative);
}

} // namespace optnet::solver::cuda
