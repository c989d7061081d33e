// SPDX-License-Identifier: Apache-2.0
#pragma once

// Mehrotra's predictor-corrector method (1992), written once for any team and any form of the linear algebra
// (primal_form, interior_dual). The loop sees vectors over the rows of G only; the form hides z, ν and their residuals.

#include "solver/algorithm/certificate.hpp"
#include "solver/algorithm/starting_point.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {

enum class interior_outcome {
    converged,  ///< the verdict's share came down to the goal, or `stop` was content
    limit,      ///< the iteration limit came first
    stalled,    ///< no iterate was better than an earlier one for a while: rounding, or a problem without solution
    infeasible, ///< `direction` holds a checked Farkas certificate
    unbounded,  ///< `direction` holds a checked ray
    breakdown,  ///< a factorization or a step was not finite
};

struct interior_result {
    interior_outcome outcome = interior_outcome::limit;
    int iterations = 0;
    point x;               ///< the best point by `verdict::share`
    std::vector<double> s; ///< its slacks, [m]
    verdict best{HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    point direction;
};

namespace interior {

struct never {
    bool operator()(const verdict&, const point&, const std::vector<double>&) const { return false; }
};

struct least_squares {
    template <class Team, class Form>
    bool operator()(Team& team, Form& form, const element& e, interior_rows& rows) const {
        return starting_point(team, form, e, rows);
    }
};

constexpr double boundary = 0.995; ///< τ, the share of the step to the boundary that is taken
/// While the iterates get better, a certificate is asked for this share of the tolerance: iterates on the way to a
/// solution far from 0 pass for one at the tolerance itself.
constexpr double certainty = 1e-2;
constexpr int cycle = 15;        ///< iterations without a better point after which steps are plain
constexpr double centring = 0.3; ///< with at least this σ
constexpr int patience = 40;     ///< iterations without a better point before giving up

/// The mean of (s + step ds)'(λ + step dλ) over the rows that are present.
template <class Team> double complementarity(Team& team, const interior_rows& v, double step, double present) {
    const double total = team.sum(static_cast<std::int64_t>(v.s.size()), [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        return (v.s[k] + step * v.ds[k]) * (v.lambda[k] + step * v.dlambda[k]);
    });
    return present > 0 ? total / present : 0.0;
}

/// The step in [0, 1] that goes at most `share` of the way to where s or λ gets negative, by one reduction.
template <class Team> double step_length(Team& team, const element& e, const interior_rows& v, double share) {
    const double most = team.max(static_cast<std::int64_t>(v.s.size()), [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        return e.absent(static_cast<int>(i)) ? 0.0 : std::max(-v.ds[k] / v.s[k], -v.dlambda[k] / v.lambda[k]);
    });
    return most > share ? share / most : 1.0;
}

/// x + step d over the rows; false if anything is not finite any more.
template <class Team> bool advance(Team& team, interior_rows& v, double step) {
    const auto m = static_cast<std::int64_t>(v.s.size());
    phase(team, m, [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        v.s[k] += step * v.ds[k];
        v.lambda[k] += step * v.dlambda[k];
    });
    return team.sum(m, [&](std::int64_t i) {
        const auto k = static_cast<std::size_t>(i);
        return (v.s[k] + v.lambda[k]) * 0.0; // NaN and infinity leave NaN
    }) == 0.0;
}

/// Where there is no solution the iterates grow along a certificate, and their differences are one sooner.
inline bool certified(const element& e, const point& now, const point& before, double eps, interior_result& result) {
    const auto difference = [](const std::vector<double>& a, const std::vector<double>& b) {
        std::vector<double> c(a.size());
        for (std::size_t i = 0; i < a.size(); ++i) c[i] = a[i] - b[i];
        return c;
    };
    for (int which = 0; which < 2; ++which) {
        point candidate = now;
        if (which == 1)
            candidate = {difference(now.z, before.z), difference(now.nu, before.nu),
                         difference(now.lambda, before.lambda)};
        result.direction = candidate;
        result.outcome = interior_outcome::infeasible;
        if (check_farkas(e, result.direction, eps)) return true;
        result.direction = candidate;
        result.outcome = interior_outcome::unbounded;
        if (check_ray(e, result.direction, eps)) return true;
    }
    result.outcome = interior_outcome::limit;
    return false;
}

} // namespace interior

/// Runs at most `limit` iterations, or until the verdict's share of `eps` is at most `goal`, or until `stop` says so of
/// an iterate; `start` sets the first one. Every outcome leaves the best point that was seen; nothing that is not
/// finite comes out.
template <class Team, class Form, class Stop = interior::never, class Start = interior::least_squares>
interior_result interior_point(Team& team, Form& form, const element& e, const tolerances& eps, int limit, double goal,
                               const Stop& stop = {}, const Start& start = {}) {
    const auto m = static_cast<std::int64_t>(e.data->m);
    const double eps_certificate = std::max(eps.absolute, eps.relative);
    interior_result result;
    result.x.resize(*e.data);
    result.s.assign(static_cast<std::size_t>(m), 0.0);
    interior_rows v;
    if (!start(team, form, e, v)) {
        result.outcome = interior_outcome::breakdown;
        return result;
    }
    const double present = team.sum(m, [&](std::int64_t i) { return e.absent(static_cast<int>(i)) ? 0.0 : 1.0; });
    point now = result.x, before;
    bool careful = false;
    for (int since_best = 0;; ++result.iterations) {
        form.residual(v.lambda, v.s, v.rs);
        before = now;
        form.write(now);
        now.lambda = v.lambda;
        const verdict judged = [&] {
            if constexpr (requires { form.judge(now, eps); })
                return form.judge(now, eps); // has the products that this takes
            else
                return e.verify(now, eps);
        }();
        since_best = judged.share < 0.9 * result.best.share ? 0 : since_best + 1;
        if (judged.share < result.best.share) {
            result.best = judged;
            result.x = now;
            result.s = v.s;
        }
        if (result.best.share <= goal || stop(judged, now, v.s)) {
            result.outcome = interior_outcome::converged;
            return result;
        }
        // While the iterates get better a certificate is not likely.
        const bool ask = result.iterations > 2 && (since_best > 0 || result.iterations % 4 == 3);
        if (result.best.share > 1 && ask &&
            interior::certified(e, now, before, (since_best < 3 ? interior::certainty : 1.0) * eps_certificate, result))
            return result;
        if (result.iterations >= limit) return result;
        if (since_best >= interior::patience) {
            result.outcome = interior_outcome::stalled;
            return result;
        }

        result.outcome = interior_outcome::breakdown;
        phase(team, m, [&](std::int64_t i) {
            const auto k = static_cast<std::size_t>(i);
            v.w[k] = v.lambda[k] / v.s[k];
            v.rc[k] = v.lambda[k] * v.s[k];
        });
        if (!form.factor(v.w)) return result;
        std::fill(v.ds.begin(), v.ds.end(), 0.0);
        std::fill(v.dlambda.begin(), v.dlambda.end(), 0.0);
        const double mu = interior::complementarity(team, v, 0, present);
        // Rarely the second-order term leads round a cycle of badly centred points; plain centred steps end it.
        careful = careful || since_best >= interior::cycle;
        // The affine step, σ = (μ_aff / μ)³, and the combined step with the second-order term.
        form.solve(v);
        const double affine = interior::step_length(team, e, v, 1);
        const double mu_affine = interior::complementarity(team, v, affine, present);
        const double sigma = mu > 0 ? std::pow(std::clamp(mu_affine / mu, 0.0, 1.0), 3) : 0.0;
        phase(team, m, [&](std::int64_t i) {
            const auto k = static_cast<std::size_t>(i);
            if (!e.absent(static_cast<int>(i)))
                v.rc[k] += careful ? -std::max(sigma, interior::centring) * mu : v.ds[k] * v.dlambda[k] - sigma * mu;
        });
        form.solve(v);
        const double step = interior::step_length(team, e, v, interior::boundary);
        form.advance(step);
        if (!interior::advance(team, v, step)) return result;
        result.outcome = interior_outcome::limit;
    }
}

} // namespace optnet::solver
