// SPDX-License-Identifier: Apache-2.0
#pragma once

// Mehrotra's predictor-corrector method (1992), written once for any team and any form of the linear algebra.

#include "solver/algorithm/element.hpp"
#include "solver/algorithm/team.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {

enum class interior_outcome { converged, limit, breakdown };

struct interior_result {
    interior_outcome outcome = interior_outcome::limit;
    int iterations = 0;
    point x;               ///< the best point by `verdict::share`
    std::vector<double> s; ///< its slacks, [m]
    verdict best{HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
};

/// z, ν, λ, slacks s and their steps.
struct interior_state {
    point x, d;
    std::vector<double> s, ds, w, rs, rc, gd;
};

namespace interior {

constexpr double boundary = 0.995; ///< share of the step to the boundary that is taken

/// The Newton step of the conditions relaxed by rc: S dλ + Λ ds = −rc, with r the other residuals (negated) and
/// rs = h − Gz − s.
template <class Team, class Form>
void newton_step(Team& team, const Form& form, const element& e, const point& r, interior_state& at) {
    const auto m = static_cast<std::int64_t>(at.s.size());
    at.d.z = r.z;
    at.d.nu = r.nu;
    phase(team, m, [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        at.gd[k] = e.absent(static_cast<int>(i)) ? 0.0 : at.w[k] * at.rs[k] + at.rc[k] / at.s[k];
    });
    e.data->multiply_transposed_add(matrix::G, at.gd.data(), at.d.z.data());
    form.solve(at.d.z, at.d.nu);
    std::fill(at.gd.begin(), at.gd.end(), 0.0);
    e.data->multiply_add(matrix::G, at.d.z.data(), at.gd.data());
    phase(team, m, [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        if (e.absent(static_cast<int>(i))) {
            at.ds[k] = at.d.lambda[k] = 0;
            return;
        }
        at.ds[k] = at.rs[k] - at.gd[k];
        at.d.lambda[k] = -(at.rc[k] + at.x.lambda[k] * at.ds[k]) / at.s[k];
    });
}

/// The largest step in [0, 1] that keeps s and λ nonnegative, by one reduction.
template <class Team> double step_length(Team& team, const element& e, const interior_state& at) {
    const double most = team.max(static_cast<std::int64_t>(at.s.size()), [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        return e.absent(static_cast<int>(i)) ? 0.0 : std::max(-at.ds[k] / at.s[k], -at.d.lambda[k] / at.x.lambda[k]);
    });
    return most > 1 ? 1 / most : 1.0;
}

/// Least squares start (CVXOPT's): w = 1, then both sides shifted into the interior.
template <class Team, class Form> bool start(Team& team, Form& form, const element& e, interior_state& at) {
    const operators& o = *e.data;
    at.x.resize(o);
    at.d.resize(o);
    const auto m = static_cast<std::int64_t>(o.m);
    for (auto* v : {&at.s, &at.ds, &at.w, &at.rs, &at.rc, &at.gd}) v->assign(static_cast<std::size_t>(m), 0.0);
    for (std::int64_t i = 0; i < m; ++i) at.w[static_cast<std::size_t>(i)] = e.absent(static_cast<int>(i)) ? 0.0 : 1.0;
    if (!form.factor(at.w)) return false;
    for (std::size_t j = 0; j < e.q.size(); ++j) at.x.z[j] = -e.q[j];
    for (std::size_t i = 0; i < at.gd.size(); ++i) at.gd[i] = at.w[i] * e.h[i];
    o.multiply_transposed_add(matrix::G, at.gd.data(), at.x.z.data());
    at.x.nu = e.b;
    form.solve(at.x.z, at.x.nu);
    std::fill(at.gd.begin(), at.gd.end(), 0.0);
    o.multiply_add(matrix::G, at.x.z.data(), at.gd.data());
    const auto slack = [&](std::int64_t i) { return e.h[static_cast<std::size_t>(i)] - at.gd[static_cast<std::size_t>(i)]; };
    const auto shift = [&](double sign) {
        const double least = -team.max(m, [&](std::int64_t i) { return e.absent(static_cast<int>(i)) ? -HUGE_VAL : -sign * slack(i); });
        return least < 1e-6 ? 1.0 - least : 0.0;
    };
    const double up_s = m > 0 ? shift(1.0) : 0.0, up_lambda = m > 0 ? shift(-1.0) : 0.0;
    for (std::int64_t i = 0; i < m; ++i) {
        const auto k = static_cast<std::size_t>(i);
        const bool here = !e.absent(static_cast<int>(i));
        at.s[k] = here ? slack(i) + up_s : 1.0;
        at.x.lambda[k] = here ? -slack(i) + up_lambda : 0.0;
    }
    return true;
}

} // namespace interior

/// Runs at most `limit` iterations, or until the verdict's share is at most `goal`.
template <class Team, class Form>
interior_result interior_point(Team& team, Form& form, const element& e, const tolerances& eps, int limit, double goal) {
    interior_result result;
    interior_state at;
    if (!interior::start(team, form, e, at)) {
        result.outcome = interior_outcome::breakdown;
        result.x.resize(*e.data);
        result.s.assign(static_cast<std::size_t>(e.data->m), 0.0);
        return result;
    }
    const auto m = static_cast<std::int64_t>(at.s.size());
    double present = 0;
    for (std::int64_t i = 0; i < m; ++i) present += e.absent(static_cast<int>(i)) ? 0.0 : 1.0;
    const auto product = [&](double step) {
        return team.sum(m, [&](std::int64_t i) {
            const auto k = static_cast<std::size_t>(i);
            return (at.s[k] + step * at.ds[k]) * (at.x.lambda[k] + step * at.d.lambda[k]);
        });
    };
    point r;
    result.x = at.x;
    result.s = at.s;
    int since_best = 0;
    for (;; ++result.iterations) {
        const verdict now = e.verify(at.x, eps);
        if (now.share < result.best.share) {
            since_best = now.share < 0.9 * result.best.share ? 0 : since_best + 1;
            result.best = now;
            result.x = at.x;
            result.s = at.s;
        } else {
            ++since_best;
        }
        if (result.best.share <= goal) {
            result.outcome = interior_outcome::converged;
            return result;
        }
        if (result.iterations >= limit) return result;
        if (since_best >= 25) return result;

        e.residual(at.x, r);
        phase(team, m, [&](std::int64_t i) {
            const auto k = static_cast<std::size_t>(i);
            const bool here = !e.absent(static_cast<int>(i));
            at.rs[k] = here ? r.lambda[k] - at.s[k] : 0.0;
            at.rc[k] = here ? at.s[k] * at.x.lambda[k] : 0.0;
            at.w[k] = here ? at.x.lambda[k] / at.s[k] : 0.0;
        });
        if (!form.factor(at.w)) {
            result.outcome = interior_outcome::breakdown;
            return result;
        }
        std::fill(at.ds.begin(), at.ds.end(), 0.0);
        std::fill(at.d.lambda.begin(), at.d.lambda.end(), 0.0);
        const double mu = present > 0 ? product(0) / present : 0.0;
        // Affine step, then σ = (μ_aff / μ)³ and the combined step with the second-order term.
        interior::newton_step(team, form, e, r, at);
        const double affine = interior::step_length(team, e, at);
        const double mu_affine = present > 0 ? product(affine) / present : 0.0;
        const double sigma = mu > 0 ? std::pow(std::clamp(mu_affine / mu, 0.0, 1.0), 3) : 0.0;
        phase(team, m, [&](std::int64_t i) {
            const auto k = static_cast<std::size_t>(i);
            if (!e.absent(static_cast<int>(i))) at.rc[k] += at.ds[k] * at.d.lambda[k] - sigma * mu;
        });
        interior::newton_step(team, form, e, r, at);
        const double full = interior::step_length(team, e, at);
        const double step = full < 1 ? interior::boundary * full : (m > 0 ? interior::boundary : 1.0);
        for (std::size_t j = 0; j < at.x.z.size(); ++j) at.x.z[j] += step * at.d.z[j];
        for (std::size_t i = 0; i < at.x.nu.size(); ++i) at.x.nu[i] += step * at.d.nu[i];
        double check = 0;
        for (std::size_t i = 0; i < at.s.size(); ++i) {
            at.s[i] += step * at.ds[i];
            at.x.lambda[i] += step * at.d.lambda[i];
            check += (at.s[i] + at.x.lambda[i]) * 0.0;
        }
        if (!(check == 0.0)) {
            result.outcome = interior_outcome::breakdown;
            return result;
        }
    }
}

} // namespace optnet::solver
