// SPDX-License-Identifier: Apache-2.0
#pragma once

// One problem of a batch on the sparse form in the memory of its team; the letters and units are those of element.hpp.

#include "solver/cuda/certificate.hpp"
#include "solver/cuda/sparse_batch.hpp"
#include "solver/cuda/sparse_kkt.hpp"
#include "solver/cuda/warm_start.hpp"

namespace optnet::solver::cuda {

struct sparse_element {
    strided q, b, h, floor; ///< h is 0 and floor +inf where a row is absent
    sparse_point best;      ///< the point that verifies best, and the weights of its rows
    strided best_weight;    ///< [m]
    sparse_point trial;     ///< of a guess of the active rows; a direction
    sparse_point r;         ///< its residual
    strided scratch;        ///< [m]
    sparse_refining v;
    // The interior point: its iterate, residuals, steps, the last iterate and the best one.
    sparse_point x, last, inner;
    strided inner_s;                   ///< [m]
    sparse_point residual, d;          ///< their λ are not used
    strided s, dlambda, ds, w, rs, rc; ///< [m]

    OPTNET_DEVICE sparse_element(strided_arena& from, const sparse_shape& of)
        : q(from.take(of.n)), b(from.take(of.p)), h(from.take(of.m)), floor(from.take(of.m)), best(from, of),
          best_weight(from.take(of.m)), trial(from, of), r(from, of), scratch(from.take(of.m)), v(from, of),
          x(from, of), last(from, of), inner(from, of), inner_s(from.take(of.m)), residual(from, of), d(from, of),
          s(from.take(of.m)), dlambda(from.take(of.m)), ds(from.take(of.m)), w(from.take(of.m)), rs(from.take(of.m)),
          rc(from.take(of.m)) {}

    /// What the rounds of the active set take and what the interior point takes beside it, with the factor between.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void move(near_memory& to, const sparse_shape& of, sparse_factor& factor) {
        v.move(to, of);
        trial.move(to, of);
        factor.move(to, of);
        r.move(to, of);
        to.take(of.m, h, floor, scratch);
        to.take(of.n, q);
        to.take(of.p, b);
        x.move(to, of);
        d.move(to, of);
        residual.move(to, of);
        to.take(of.m, s, dlambda, ds, w, rs, rc);
    }

    OPTNET_DEVICE bool absent(int i) const { return floor[i] == HUGE_VAL; }
};

/// Reads q, b and h of problem k, in the units of the matrices. `impossible`: a row with h = −inf.
template <class Team>
OPTNET_DEVICE input read(Team& team, const sparse_shape& s, const sparse_batch& batch, std::int64_t k,
                         const sparse_set& of, const sparse_element& e) {
    const auto entry = [&](const vector_view<void>& v, int i) { return entry_of(v, k, i, batch.single); };
    const double eps = batch.eps_abs > 0 ? batch.eps_abs : batch.eps_rel;
    const two checks = sums(team, s.n + s.p + s.m, [&](int t) {
        if (t < s.n) {
            const double value = entry(batch.q, t);
            e.q[t] = value * of.z_scale[t];
            return two{value * 0.0, 0.0};
        }
        if (t < s.n + s.p) {
            const int i = t - s.n;
            const double value = entry(batch.b, i);
            e.b[i] = value * of.a_scale[i];
            return two{value * 0.0, 0.0};
        }
        const int i = t - s.n - s.p;
        const double value = entry(batch.h, i);
        const bool absent = value >= batch.infinite_bound, impossible = value == -HUGE_VAL;
        // Far below the tolerance, so that rounding in the user's data (a zero row with h = -1e-17) is no violation.
        e.floor[i] = absent ? HUGE_VAL : 1e-5 * eps * of.g_scale[i];
        e.h[i] = absent || impossible ? 0.0 : value * of.g_scale[i];
        return two{absent || impossible ? 0.0 : value * 0.0, impossible ? 1.0 : 0.0};
    });
    return !(checks.a == 0.0) ? input::not_finite : checks.b > 0 ? input::impossible : input::good;
}

/// Where a problem starts: a point of somebody else in `to`, with 0 for the multipliers that are too small to say
/// anything; as warm_start.hpp. False if nothing is given, or if it is not finite.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool read_start(Team& team, const sparse_shape& s, const sparse_batch& batch,
                                                 std::int64_t k, const sparse_set& of, const sparse_element& e,
                                                 const sparse_point& to) {
    if (!is_given(batch.start)) return false;
    const auto entry = [&](const vector_view<void>& v, int i) { return entry_of(v, k, i, batch.single); };
    const double check = sums(team, s.n + s.p + s.m, [&](int t) {
                             double value = 0;
                             if (t < s.n)
                                 value = to.z[t] = entry(batch.start.z, t) / of.z_scale[t];
                             else if (t < s.n + s.p)
                                 value = to.nu[t - s.n] = entry(batch.start.nu, t - s.n) / of.a_scale[t - s.n];
                             else
                                 value = to.lambda[t - s.n - s.p] =
                                     entry(batch.start.lambda, t - s.n - s.p) / of.g_scale[t - s.n - s.p];
                             return two{value * 0.0, 0.0};
                         }).a;
    if (!(check == 0.0)) return false;
    const double largest = larger(0.0, most(team, s.m, [&](int i) { return two{to.lambda[i], 0.0}; }).a);
    each(team, s.m, [&](int i) {
        if (!(to.lambda[i] > least_share * largest) || e.absent(i)) to.lambda[i] = 0;
    });
    return true;
}

/// Of a point with its products, as `judge` of element.hpp.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE verdict judge(Team& team, const sparse_shape& s, const sparse_set& of,
                                               const sparse_element& e, const sparse_point& x,
                                               const sparse_products& at, double absolute, double relative) {
    const int n = s.n, p = s.p, m = s.m;
    const two primal = most(team, p + m, [&](int t) {
        if (t < p) {
            const double unit = 1 / of.a_scale[t];
            return two{std::abs(at.az[t] - e.b[t]) * unit, larger(std::abs(at.az[t]), std::abs(e.b[t])) * unit};
        }
        const int i = t - p;
        if (e.absent(i)) return maxima::none();
        const double unit = 1 / of.g_scale[i];
        return two{(at.gz[i] - e.h[i]) * unit, larger(std::abs(at.gz[i]), std::abs(e.h[i])) * unit};
    });
    const two dual = most(team, n, [&](int j) {
        const double unit = 1 / of.z_scale[j];
        const double terms =
            larger(larger(std::abs(at.qz[j]), std::abs(e.q[j])), larger(std::abs(at.atnu[j]), std::abs(at.gtl[j])));
        return two{std::abs(at.qz[j] + e.q[j] + at.atnu[j] + at.gtl[j]) * unit, terms * unit};
    });
    const two objective = sums(team, n, [&](int j) { return two{x.z[j] * at.qz[j], e.q[j] * x.z[j]}; });
    const two prices = sums(team, n + p + m, [&](int t) {
        if (t < n) return two{0.0, (at.qz[t] + at.atnu[t] + at.gtl[t]) * 0.0};
        if (t < n + p) return two{e.b[t - n] * x.nu[t - n], at.az[t - n] * 0.0};
        const int i = t - n - p;
        return two{e.absent(i) ? 0.0 : e.h[i] * x.lambda[i], at.gz[i] * 0.0};
    });
    return judged(primal, dual, objective, prices, absolute, relative);
}

/// The residual of the optimality conditions into r: −(Qz + q + A'ν + G'λ), b − Az, h − Gz.
template <class Team>
OPTNET_DEVICE void residual(Team& team, const sparse_shape& s, const sparse_element& e, const sparse_products& at,
                            const sparse_point& r) {
    each_entry_of(
        team, s, [&](int j) { r.z[j] = -(at.qz[j] + e.q[j] + at.atnu[j] + at.gtl[j]); },
        [&](int i) { r.nu[i] = e.b[i] - at.az[i]; }, [&](int i) { r.lambda[i] = e.h[i] - at.gz[i]; });
}

} // namespace optnet::solver::cuda
