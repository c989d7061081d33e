// SPDX-License-Identifier: Apache-2.0
#pragma once

// The primal-dual active set on the sparse form: rows whose multiplier or slack is negative change sides until none
// does, and the finish on the rows that it ends with; as src/solver/algorithm/sparse_road.cpp (`finish_sparse`) and
// sparse_chunk.cpp (`settle`).

#include "solver/cuda/solve.hpp"
#include "solver/cuda/sparse_certificate.hpp"

namespace optnet::solver::cuda {

// As on the CPU (road.hpp, sparse_chunk.cpp, sparse_road.cpp).
inline constexpr int active_rounds = 15, active_idle = 3, first_rounds = 25;
inline constexpr double estimated_zero = 1e-9, rounding_zero = 1e-13;
inline constexpr double first_room = 0.1;
inline constexpr double few_rows = 4, few_of_all = 1.0 / 16, fewer_rows = 0.75;
inline constexpr double sharp = 1e-6, exact_on_flat = 1e-5;

/// What is known of a problem; its best point is in `sparse_element::best`.
struct sparse_known {
    verdict best;
    bool has_rows = false; ///< `sparse_element::best_weight` are those of the best point
    bool factored = false; ///< and the factor is theirs
    bool limited = false;
    int iterations = 0;
    /// primal_infeasible or dual_infeasible: its certificate is in `sparse_element::trial`.
    optnet::status answer = status::numerical_error;
};

/// One problem, and all that its algorithms take.
template <class Team> struct sparse_problem {
    Team& team;
    const device_settings& how;
    const sparse_shape& s;
    const sparse_set& of;
    const sparse_element& e;
    const sparse_factor& factor;
    sparse_known& known;

    OPTNET_DEVICE sparse_kkt<Team> kkt() const { return {team, s, of, factor, e.v}; }
    /// Of the weights.
    OPTNET_DEVICE bool eliminate(sparse_shifts by) const {
        known.factored = false;
        return sparse_elimination<Team>(team, s, of, factor, by).run();
    }
    /// What λ is measured in against s: what z costs, Q, or q in a linear program.
    OPTNET_DEVICE double cost_unit() const {
        if (of.q_size() > 0) return of.q_size();
        return larger(1e-300, most(team, s.n, [&](int j) { return two{std::abs(e.q[j]), 0.0}; }).a);
    }
    /// The largest |z|.
    OPTNET_DEVICE double size_of_z(const strided& z) const {
        return larger(0.0, most(team, s.n, [&](int j) { return two{std::abs(z[j]), 0.0}; }).a);
    }
};

/// Refines the trial point on its rows as equalities, on the user's data, and keeps what verifies best.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE void finish(const sparse_problem<Team>& on, double goal) {
    const sparse_shape& s = on.s;
    const sparse_element& e = on.e;
    const sparse_point &x = e.trial, &r = e.r;
    multiply(on.team, s, on.of, x, e.v.of);
    for (int step = 0; step < finish_steps; ++step) {
        residual(on.team, s, e, e.v.of, r);
        on.kkt().refine(r, 4);
        each_entry_of(
            on.team, s, [&](int j) { x.z[j] += r.z[j]; }, [&](int i) { x.nu[i] += r.nu[i]; },
            [&](int i) {
                if (on.factor.weight[i] > 0) x.lambda[i] = larger(0.0, x.lambda[i] + r.lambda[i]);
            });
        multiply(on.team, s, on.of, x, e.v.of);
        const verdict v = judge(on.team, s, on.of, e, x, e.v.of, on.how.eps_abs, on.how.eps_rel);
        const double before = on.known.best.share;
        if (v.share < before) {
            on.known.best = v;
            on.known.has_rows = on.known.factored = true;
            each_entry_of(
                on.team, s, [&](int j) { e.best.z[j] = x.z[j]; }, [&](int i) { e.best.nu[i] = x.nu[i]; },
                [&](int i) {
                    e.best.lambda[i] = x.lambda[i];
                    e.best_weight[i] = on.factor.weight[i];
                });
        }
        // One step is the rule; another where it pays.
        if (on.known.best.share <= goal || !(v.share < 0.5 * before)) return;
    }
}

/// The trial point becomes `from` without multipliers outside the rows, corrected on their system.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void correct(const sparse_problem<Team>& on, const sparse_point& from) {
    const sparse_element& e = on.e;
    const sparse_point &x = e.trial, &r = e.r;
    each_entry_of(
        on.team, on.s, [&](int j) { x.z[j] = from.z[j]; }, [&](int i) { x.nu[i] = from.nu[i]; },
        [&](int i) { x.lambda[i] = on.factor.weight[i] > 0 ? from.lambda[i] : 0.0; });
    multiply(on.team, on.s, on.of, x, e.v.of);
    residual(on.team, on.s, e, e.v.of, r);
    on.kkt().refine(r, 4);
    each_entry_of(
        on.team, on.s, [&](int j) { x.z[j] += r.z[j]; }, [&](int i) { x.nu[i] += r.nu[i]; },
        [&](int i) { x.lambda[i] += r.lambda[i]; });
}

/// How rows change sides, and what is enough in the end.
enum class rounds_from {
    afar, ///< rows of a guess at the start, or of somebody else: an estimate has to do
    road, ///< rows of an interior point
    near, ///< of one that has come some way: its multipliers are those of the centre, where they are not unique
};

/// How many rows have the wrong sign by more than `zero` of their terms; the scratch says which.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE double count_wrong(const sparse_problem<Team>& on, double zero) {
    const sparse_element& e = on.e;
    const double z_size = on.size_of_z(e.trial.z);
    multiply(on.team, on.s, on.of, on.s.g, e.trial.z, e.v.of.gz);
    return sums(on.team, on.s.m,
                [&](int i) {
                    const double room = e.floor[i] + zero * (std::abs(e.h[i]) + z_size);
                    const double over = on.factor.weight[i] > 0 ? -e.trial.lambda[i] : e.v.of.gz[i] - e.h[i] - room;
                    e.scratch[i] = over > 0 ? 1.0 : 0.0;
                    return two{e.scratch[i], 0.0};
                })
        .a;
}

/// The rows with a weight are taken as equalities; those of the wrong sign change sides, and the trial point is
/// finished where none is left. True if that is the solution: then the rows are. `from` is read where it is near.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool settle(const sparse_problem<Team>& on, rounds_from start, int rounds,
                                             const sparse_point& from) {
    Team& team = on.team;
    const sparse_shape& s = on.s;
    const sparse_element& e = on.e;
    const sparse_point& x = e.trial;
    const strided& weight = on.factor.weight;
    const bool afar = start == rounds_from::afar;
    const double many = afar && !on.how.limit_asked ? few_rows + few_of_all * s.m : HUGE_VAL;
    const double delta = on.of.shifts().delta;
    double fewest = HUGE_VAL, last = HUGE_VAL, before = HUGE_VAL;
    bool precise = false;
    for (int round = 0, idle = 0; round < rounds; ++round) {
        ++on.known.iterations;
        if (!on.eliminate(on.of.shifts())) return false;
        if (round == 0 && start == rounds_from::near) {
            correct(on, from);
        } else {
            each_entry_of(
                team, s, [&](int j) { x.z[j] = -e.q[j]; }, [&](int i) { x.nu[i] = e.b[i]; },
                [&](int i) { x.lambda[i] = e.h[i]; });
            if (!precise)
                on.kkt().estimate(x, x);
            else if (afar)
                on.kkt().refine(x, 1);
            else
                on.kkt().solve(x);
        }
        const double wrong = count_wrong(on, precise && !afar ? rounding_zero : estimated_zero);
        idle = wrong < fewest ? 0 : idle + 1;
        fewest = wrong < fewest ? wrong : fewest;
        const bool slow = wrong > many && (wrong < last ? wrong : last) > fewer_rows * before;
        before = last;
        last = wrong;
        const bool stuck = slow || idle == active_idle || round + 1 == rounds;
        if (wrong == 0 || (stuck && !afar)) {
            each(team, s.m, [&](int i) { x.lambda[i] = larger(0.0, x.lambda[i]); });
            finish(on, afar ? sharp : close_enough);
            const double enough_of_it = afar      ? (on.of.least_of_q() < weak ? exact_on_flat : close_enough)
                                        : precise ? 1.0
                                                  : close_enough;
            if (wrong == 0 && on.known.best.share <= enough_of_it) return true;
            if (afar || stuck) return false;
            precise = true;
            continue;
        }
        if (stuck) return false;
        if (afar && !precise && idle >= 2 && wrong <= few_rows) {
            precise = true;
            idle = 0;
        }
        each(team, s.m, [&](int i) {
            if (e.scratch[i] != 0) weight[i] = weight[i] > 0 ? 0.0 : full_weight(s, i, delta);
        });
    }
    return false;
}

/// The rows that the least squares point of the relaxed conditions violates, every row an equality of weight 1, by more
/// than a share of its largest slack. False if that breaks down.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE bool guess_rows(const sparse_problem<Team>& on) {
    const sparse_element& e = on.e;
    const sparse_point& x = e.trial;
    each_entry_of(
        on.team, on.s, [&](int j) { x.z[j] = -e.q[j]; }, [&](int i) { x.nu[i] = e.b[i]; },
        [&](int i) {
            x.lambda[i] = e.h[i];
            on.factor.weight[i] = e.absent(i) ? 0.0 : 1.0;
        });
    if (!on.eliminate(on.of.shifts())) return false;
    on.kkt().estimate(x, x);
    const double largest = larger(0.0, most(on.team, on.s.m, [&](int i) {
                                           return two{e.absent(i) ? 0.0 : std::abs(e.h[i] - e.v.of.gz[i]), 0.0};
                                       }).a);
    const double delta = on.of.shifts().delta;
    each(on.team, on.s.m, [&](int i) {
        const bool violated = !e.absent(i) && e.v.of.gz[i] - e.h[i] > first_room * largest;
        on.factor.weight[i] = violated ? full_weight(on.s, i, delta) : 0.0;
    });
    return true;
}

} // namespace optnet::solver::cuda
