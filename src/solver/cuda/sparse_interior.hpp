// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interior point of one problem on the sparse form by a team: the loop of algorithm/interior_loop.hpp, with the
// active rows guessed on the way; as src/solver/algorithm/sparse_form.cpp and sparse_road.cpp.

#include "solver/cuda/interior_point.hpp"
#include "solver/cuda/sparse_rounds.hpp"

namespace optnet::solver::cuda {

/// The active rows are guessed from this many tolerances on each time that is ten times better.
inline constexpr double next_guess = 1e5, better = 0.1;
/// A direction of the interior point need not be better than this.
inline constexpr double direction_accuracy = 1e-6;
inline constexpr int direction_steps = 4;

template <class Team> class sparse_interior {
public:
    // Of the guesses on the way: whether there are any, the share of the tolerances at which the next one is made,
    // their limit, and what came of them.
    bool guesses = false;
    double try_at = HUGE_VAL;
    int limit = 0;
    bool settled = false, near = false;

    OPTNET_DEVICE sparse_interior(const sparse_problem<Team>& problem, double eps_abs, double eps_rel)
        : on(problem), absolute(eps_abs), relative(eps_rel) {}

    OPTNET_DEVICE vectors_over_rows<strided, strided> vectors() const {
        return {on.s.m, e.x.lambda, e.s, e.dlambda, e.ds, e.w, e.rs, e.rc, e.floor};
    }
    OPTNET_DEVICE void begin() {
        each_entry_of(
            team, s, [&](int j) { e.x.z[j] = 0; }, [&](int i) { e.x.nu[i] = 0; }, [&](int i) { e.x.lambda[i] = 0; });
    }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE bool factor() {
        each(team, s.m, [&](int i) { on.factor.weight[i] = s.in_r(i) ? e.w[i] : std::sqrt(e.w[i]); });
        return on.eliminate(plain_shifts(on.of.unit()));
    }
    /// z and ν of [Q A' G'; A 0 0; G 0 −I] [z; ν; λ] = [−q; b; h], and s = h − Gz.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void start() {
        each_entry_of(
            team, s, [&](int j) { e.residual.z[j] = -e.q[j]; }, [&](int i) { e.residual.nu[i] = e.b[i]; },
            [&](int i) { e.scratch[i] = e.w[i] * e.h[i]; });
        find_direction();
        each_entry_of(
            team, s, [&](int j) { e.x.z[j] = e.d.z[j]; }, [&](int i) { e.x.nu[i] = e.d.nu[i]; },
            [&](int i) { e.s[i] = e.h[i] - e.v.of.gz[i]; });
    }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void residual() {
        multiply(team, s, on.of, e.x, e.v.of);
        const sparse_products& at = e.v.of;
        each_entry_of(
            team, s, [&](int j) { e.residual.z[j] = -(at.qz[j] + e.q[j] + at.atnu[j] + at.gtl[j]); },
            [&](int i) { e.residual.nu[i] = e.b[i] - at.az[i]; },
            [&](int i) { e.rs[i] = e.absent(i) ? 0.0 : e.h[i] - at.gz[i] - e.s[i]; });
    }
    OPTNET_DEVICE verdict judge() { return cuda::judge(team, s, on.of, e, e.x, e.v.of, absolute, relative); }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void keep() {
        each_entry_of(
            team, s, [&](int j) { e.inner.z[j] = e.x.z[j]; }, [&](int i) { e.inner.nu[i] = e.x.nu[i]; },
            [&](int i) {
                e.inner.lambda[i] = e.x.lambda[i];
                e.inner_s[i] = e.s[i];
            });
    }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE bool enough(const verdict& judged) {
        if (!guesses || !(judged.share <= try_at)) return false;
        try_at = better * judged.share < next_guess ? better * judged.share : next_guess;
        take_rows(e.x.lambda, e.s);
        settled = settle_from(e.x, limit);
        near = true;
        return settled;
    }
    /// Where there is no solution the iterates grow along a certificate, and their differences are one sooner. It is
    /// left in `trial`.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE interior_outcome certified(double eps) {
        for (int which = 0; which < 2; ++which) {
            const double share = which;
            each_entry_of(
                team, s, [&](int j) { e.trial.z[j] = e.x.z[j] - share * e.last.z[j]; },
                [&](int i) { e.trial.nu[i] = e.x.nu[i] - share * e.last.nu[i]; },
                [&](int i) { e.trial.lambda[i] = e.x.lambda[i] - share * e.last.lambda[i]; });
            if (is_farkas(team, s, on.of, e, e.trial, eps)) return interior_outcome::infeasible;
            if (is_ray(team, s, on.of, e, e.trial, eps)) return interior_outcome::unbounded;
        }
        return interior_outcome::limit;
    }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve() {
        // W r_s + r_c / s
        each(team, s.m, [&](int i) { e.scratch[i] = e.w[i] * e.rs[i] + e.rc[i] / e.s[i]; });
        find_direction();
        // G dz + ds = r_s, S dλ + Λ ds = −r_c
        each(team, s.m, [&](int i) {
            e.ds[i] = e.absent(i) ? 0.0 : e.rs[i] - e.v.of.gz[i];
            e.dlambda[i] = -(e.rc[i] + e.x.lambda[i] * e.ds[i]) / e.s[i];
        });
    }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void advance(double step) {
        each_entry_of(
            team, s,
            [&](int j) {
                e.last.z[j] = e.x.z[j];
                e.x.z[j] += step * e.d.z[j];
            },
            [&](int i) {
                e.last.nu[i] = e.x.nu[i];
                e.x.nu[i] += step * e.d.nu[i];
            },
            [&](int i) { e.last.lambda[i] = e.x.lambda[i]; });
    }

    /// The weights of the rows with λ > s.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void take_rows(const strided& lambda, const strided& slack) {
        const double unit = on.cost_unit();
        const double delta = on.of.shifts().delta;
        each(team, s.m, [&](int i) {
            const bool active = !e.absent(i) && lambda[i] > unit * slack[i];
            on.factor.weight[i] = active ? full_weight(s, i, delta) : 0.0;
        });
    }
    OPTNET_DEVICE bool settle_from(const sparse_point& from, int most_iterations) {
        const int left = most_iterations - on.known.iterations;
        return settle(on, near ? rounds_from::near : rounds_from::road, left < active_rounds ? left : active_rounds,
                      from);
    }

private:
    /// d.z and d.ν for the residuals and for W times the right-hand side's λ in `scratch`, refined against K without
    /// shifts; G d.z is left among the products.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void find_direction() {
        const sparse_refining& v = e.v;
        each(team, s.m, [&](int i) {
            const double root = on.factor.weight[i];
            v.weighted[i] = s.in_r(i) ? e.scratch[i] : root > 0 ? e.scratch[i] / root : 0.0;
        });
        const double size = solve_once(team, s, on.of, on.factor, e.residual, e.d, v);
        double before = HUGE_VAL;
        for (int step = 0; step < direction_steps; ++step) {
            each(team, s.m, [&](int i) {
                v.right.lambda[i] = squared_in_e(s, i, on.factor.weight[i]) * v.of.gz[i] - e.scratch[i];
                v.weighted[i] = 0;
            });
            multiply(team, s, on.of, e.d.z, e.d.nu, v.right.lambda, v.of, false);
            const double now = larger(0.0, most(team, s.n + s.p, [&](int t) {
                                               if (t >= s.n) {
                                                   const int i = t - s.n;
                                                   v.left.nu[i] = e.residual.nu[i] - v.of.az[i];
                                                   return two{std::abs(v.left.nu[i]), 0.0};
                                               }
                                               v.left.z[t] =
                                                   e.residual.z[t] - (v.of.qz[t] + v.of.atnu[t] + v.of.gtl[t]);
                                               return two{std::abs(v.left.z[t]), 0.0};
                                           }).a);
            if (now <= direction_accuracy * size || !(now < 0.5 * before)) return;
            before = now;
            solve_once(team, s, on.of, on.factor, v.left, v.left, v);
            each(team, s.n + s.p, [&](int t) {
                if (t < s.n)
                    e.d.z[t] += v.left.z[t];
                else
                    e.d.nu[t - s.n] += v.left.nu[t - s.n];
            });
            multiply(team, s, on.of, s.g, e.d.z, v.of.gz);
        }
    }

    const sparse_problem<Team>& on;
    Team& team = on.team;
    const sparse_shape& s = on.s;
    const sparse_element& e = on.e;
    const double absolute, relative;
};

} // namespace optnet::solver::cuda
