// SPDX-License-Identifier: Apache-2.0
#pragma once

// Mehrotra's predictor-corrector method (1992), written once for any team, any form of the linear algebra and any
// memory: the CPU's road and the GPU's run this source. The loop sees vectors over the rows of G only. A problem hides
// z, ν, their residuals and the points that were seen:
//
//     vectors()        the `vectors_over_rows` of the iterate, [m]
//     begin()          takes z = 0, ν = 0
//     factor()         for w = λ / s; false if it breaks down
//     start()          s of the least squares start, with w = 1 factored
//     residual()       r_s = h − Gz − s, and what else the form keeps
//     judge()          the verdict of the iterate, which becomes the newest point
//     keep()           makes it the best one, with its s
//     enough(verdict)  the caller has what it wants
//     certified(eps)   looks at the newest point and its difference from the last one: `infeasible` or `unbounded` with
//                      a checked certificate, else `limit`
//     solve()          dλ and ds of S dλ + Λ ds = −r_c
//     advance(step)    the rest of the iterate along the step, before λ and s

#include "solver/algorithm/starting_point.hpp"

namespace optnet::solver {

enum class interior_outcome {
    converged,  ///< the verdict's share came down to the goal, or the caller had enough
    limit,      ///< the iteration limit came first
    stalled,    ///< no iterate was better than an earlier one for a while: rounding, or a problem without solution
    infeasible, ///< with a checked Farkas certificate
    unbounded,  ///< with a checked ray
    breakdown,  ///< a factorization or a step was not finite
};

template <class Verdict> struct interior_progress {
    interior_outcome outcome = interior_outcome::limit;
    int iterations = 0;
    Verdict best{HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
};

namespace interior {

constexpr double boundary = 0.995; ///< τ, the share of the step to the boundary that is taken
/// While the iterates get better, a certificate is asked for this share of the tolerance: iterates on the way to a
/// solution far from 0 pass for one at the tolerance itself.
constexpr double certainty = 1e-2;
constexpr int cycle = 15;        ///< iterations without a better point after which steps are plain
constexpr double centring = 0.3; ///< with at least this σ
constexpr int patience = 40;     ///< iterations without a better point before giving up

/// The mean of (s + step ds)'(λ + step dλ) over the rows that are present.
template <class Team, class Rows>
OPTNET_DEVICE OPTNET_OUT_OF_LINE double complementarity(Team& team, const Rows& v, double step, double present) {
    const double total = teams::sums(team, v.m, [&](int i) {
                             return teams::two{(v.s[i] + step * v.ds[i]) * (v.lambda[i] + step * v.dlambda[i]), 0.0};
                         }).a;
    return present > 0 ? total / present : 0.0;
}

/// The step in [0, 1] that goes at most `share` of the way to where s or λ gets negative, by one reduction.
template <class Team, class Rows>
OPTNET_DEVICE OPTNET_OUT_OF_LINE double step_length(Team& team, const Rows& v, double share) {
    const double most = teams::most(team, v.m, [&](int i) {
                            if (v.absent(i)) return teams::two{0.0, 0.0};
                            return teams::two{teams::larger(-v.ds[i] / v.s[i], -v.dlambda[i] / v.lambda[i]), 0.0};
                        }).a;
    return most > share ? share / most : 1.0;
}

/// x + step d over the rows; false if anything is not finite any more.
template <class Team, class Rows>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool advance(Team& team, const Rows& v, double step) {
    return teams::sums(team, v.m, [&](int i) {
               v.s[i] += step * v.ds[i];
               v.lambda[i] += step * v.dlambda[i];
               return teams::two{(v.s[i] + v.lambda[i]) * 0.0, 0.0}; // NaN and infinity leave NaN
           }).a == 0.0;
}

template <class Team, class Rows> OPTNET_DEVICE OPTNET_OUT_OF_LINE double count_present(Team& team, const Rows& v) {
    return teams::sums(team, v.m, [&](int i) { return teams::two{v.absent(i) ? 0.0 : 1.0, 0.0}; }).a;
}

/// w and r_c of the affine step.
template <class Team, class Rows> OPTNET_DEVICE OPTNET_OUT_OF_LINE void weigh(Team& team, const Rows& v) {
    teams::each(team, v.m, [&](int i) {
        v.w[i] = v.lambda[i] / v.s[i];
        v.rc[i] = v.lambda[i] * v.s[i];
        v.ds[i] = v.dlambda[i] = 0;
    });
}

/// r_c of the combined step, with the second-order term unless it is `careful`.
template <class Team, class Rows>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void combine(Team& team, const Rows& v, bool careful, double sigma, double mu) {
    teams::each(team, v.m, [&](int i) {
        if (v.absent(i)) return;
        v.rc[i] += careful ? -teams::larger(sigma, centring) * mu : v.ds[i] * v.dlambda[i] - sigma * mu;
    });
}

} // namespace interior

/// Runs from the iterate in `of` at most `limit` iterations, or until the verdict's share of the tolerances is at most
/// `goal`. Every outcome leaves the best point that was seen; nothing that is not finite comes out.
template <class Team, class Problem>
OPTNET_DEVICE OPTNET_OUT_OF_LINE auto interior_loop(Team& team, Problem& of, int limit, double goal,
                                                    double eps_certificate) -> interior_progress<decltype(of.judge())> {
    const auto v = of.vectors();
    interior_progress<decltype(of.judge())> made;
    const double present = interior::count_present(team, v);
    bool careful = false;
    for (int since_best = 0;; ++made.iterations) {
        of.residual();
        const auto judged = of.judge();
        since_best = judged.share < 0.9 * made.best.share ? 0 : since_best + 1;
        if (judged.share < made.best.share) {
            made.best = judged;
            of.keep();
        }
        if (made.best.share <= goal || of.enough(judged)) {
            made.outcome = interior_outcome::converged;
            return made;
        }
        // While the iterates get better a certificate is not likely.
        const bool ask = made.iterations > 2 && (since_best > 0 || made.iterations % 4 == 3);
        if (made.best.share > 1 && ask) {
            made.outcome = of.certified((since_best < 3 ? interior::certainty : 1.0) * eps_certificate);
            if (made.outcome != interior_outcome::limit) return made;
        }
        if (made.iterations >= limit) return made;
        if (since_best >= interior::patience) {
            made.outcome = interior_outcome::stalled;
            return made;
        }

        made.outcome = interior_outcome::breakdown;
        interior::weigh(team, v);
        if (!of.factor()) return made;
        const double mu = interior::complementarity(team, v, 0, present);
        // Rarely the second-order term leads round a cycle of badly centred points; plain centred steps end it.
        careful = careful || since_best >= interior::cycle;
        // The affine step, σ = (μ_aff / μ)³, and the combined step with the second-order term.
        of.solve();
        const double affine = interior::step_length(team, v, 1);
        const double mu_affine = interior::complementarity(team, v, affine, present);
        const double ratio = mu > 0 ? teams::larger(0.0, mu_affine / mu) : 0.0;
        const double sigma = ratio > 1 ? 1.0 : ratio * ratio * ratio;
        interior::combine(team, v, careful, sigma, mu);
        of.solve();
        const double step = interior::step_length(team, v, interior::boundary);
        of.advance(step);
        if (!interior::advance(team, v, step)) return made;
        made.outcome = interior_outcome::limit;
    }
}

} // namespace optnet::solver
