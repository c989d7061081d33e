// SPDX-License-Identifier: Apache-2.0
#pragma once

// The road of one problem on the sparse form by a team: a guess of the active rows from afar, then the interior point,
// which ends on the rows that it has come to; verification, certificates, and what is kept for the gradient. As
// src/solver/algorithm/sparse_chunk.cpp and sparse_road.cpp. What it cannot do is handed over, with outputs that are
// true as they stand.

#include "solver/cuda/sparse_rows.hpp"

namespace optnet::solver::cuda {

/// Reads, scales and judges the matrices of problem k; `work` is any factor's memory.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void set_up(Team& team, const sparse_shape& s, const sparse_batch& batch,
                                             std::int64_t k, const sparse_set& to, const sparse_factor& work) {
    const auto conclude = [&](usable state) { each(team, 1, [&](int) { to.about[5] = static_cast<int>(state); }); };
    if (!load(team, s, batch, k, to)) return conclude(usable::not_finite);
    const double size = larger(0.0, most(team, s.numbers_q, [&](int e) { return two{std::abs(to.number[e]), 0.0}; }).a);
    const auto diagonal = [&](int j) { return s.at(s.diagonal, j) < 0 ? 0.0 : to.number[s.at(s.diagonal, j)]; };
    const two least = most(team, s.n, [&](int j) {
        const double v = diagonal(j);
        return two{-v, v > 0 ? -v : -HUGE_VAL};
    });
    const double unit = size > 0 ? size : 1.0, share = size > 0 && -least.b < size ? -least.b / size : 1.0;
    const sparse_shifts by = shifts_of(unit, share, s.n);
    each(team, 1, [&](int) {
        to.about[0] = size;
        to.about[1] = unit;
        to.about[2] = share;
        to.about[3] = by.rho;
        to.about[4] = by.delta;
    });
    bool convex = s.diagonal_q ? least.a <= batch.convexity_tolerance * size : true;
    if (!s.diagonal_q && size > 0) {
        // A pivot that is negative under this shift is a negative eigenvalue beyond rounding.
        const double rounding = larger(batch.convexity_tolerance, 1e-15 * s.n);
        sparse_elimination<Team> q(team, s, to, work, {rounding * size + 1e-300, 1});
        q.only_q = true;
        convex = q.run();
    }
    conclude(convex ? usable::yes : size < 1e140 ? usable::nonconvex : usable::overflow);
}

/// The interior point, with guesses on the way, and the rows that it has come to.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE void by_interior_point(const sparse_problem<Team>& on) {
    sparse_interior<Team> form(on, on.how.eps_abs, on.how.eps_rel);
    sparse_known& known = on.known;
    const int limit = on.how.limit_asked ? on.how.limit : interior_limit;
    form.guesses = true;
    form.limit = limit;
    form.try_at = known.iterations > 0 ? next_guess : HUGE_VAL;
    if (!starting_point(on.team, form)) return;
    const auto made = interior_loop(on.team, form, limit, 1e-1, larger(on.how.eps_abs, on.how.eps_rel));
    known.iterations += made.iterations;
    known.limited = made.outcome == interior_outcome::limit && made.iterations >= limit;
    if (form.settled) return;
    const bool infeasible = made.outcome == interior_outcome::infeasible;
    if ((infeasible || made.outcome == interior_outcome::unbounded) && !(known.best.share <= 1)) {
        known.answer = infeasible ? status::primal_infeasible : status::dual_infeasible;
        return;
    }
    if (made.best.share < known.best.share) {
        known.best = made.best;
        known.has_rows = known.factored = false;
        copy(on.team, on.s, on.e.inner, on.e.best);
    }
    if (!(made.best.share < 1e8)) return;
    form.take_rows(on.e.inner.lambda, on.e.inner_s);
    form.settle_from(on.e.inner, on.how.limit_asked ? 2 * limit : known.iterations + active_rounds);
    if (known.has_rows) return;
    known.has_rows = true;
    each(on.team, on.s.m, [&](int i) { on.e.best_weight[i] = on.factor.weight[i]; });
}

/// The best point, or the certificate, in `best`.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE finished take_road(const sparse_problem<Team>& on, const sparse_batch& batch,
                                                    std::int64_t k) {
    sparse_known& known = on.known;
    const sparse_element& e = on.e;
    const int limit = on.how.limit_asked && on.how.limit < first_rounds ? on.how.limit : first_rounds;
    const double delta = on.of.shifts().delta;
    const bool warm = read_start(on.team, on.s, batch, k, on.of, e, e.trial);
    if (warm)
        each(on.team, on.s.m,
             [&](int i) { on.factor.weight[i] = e.trial.lambda[i] > 0 ? full_weight(on.s, i, delta) : 0.0; });
    const bool begun = warm || guess_rows(on);
    if (!begun || !settle(on, rounds_from::afar, limit, e.trial)) {
        // The signs were those of an estimate.
        known.best = {};
        known.has_rows = known.factored = false;
        by_interior_point(on);
    }
    if (known.answer == status::primal_infeasible || known.answer == status::dual_infeasible) {
        copy(on.team, on.s, e.trial, e.best);
        return {known.answer, handed_over::no, {}};
    }
    if (known.best.share <= 1) return {status::solved, handed_over::no, known.best};
    const bool finite = known.best.share < HUGE_VAL, out_of_steps = finite && known.limited;
    optnet::status said = known.best.share <= inaccurate ? status::solved_inaccurate : status::numerical_error;
    if (out_of_steps && (on.how.limit_asked || said == status::numerical_error)) said = status::max_iterations;
    return {said, handed_over::not_solved, known.best};
}

/// The best point, as `dense_point`.
struct sparse_view {
    const sparse_shape& s;
    const sparse_set& of;
    const sparse_element& e;
    int n = s.n, p = s.p, m = s.m;

    OPTNET_DEVICE double z(int j) const { return e.best.z[j]; }
    OPTNET_DEVICE double nu(int i) const { return e.best.nu[i]; }
    OPTNET_DEVICE double lambda(int i) const { return e.best.lambda[i]; }
    OPTNET_DEVICE double q(int j) const { return e.q[j]; }
    OPTNET_DEVICE double b(int i) const { return e.b[i]; }
    OPTNET_DEVICE double h(int i) const { return e.h[i]; }
    OPTNET_DEVICE bool absent(int i) const { return e.absent(i); }
    OPTNET_DEVICE double qz(int j) const { return e.v.of.qz[j]; }
    OPTNET_DEVICE double atnu(int j) const { return e.v.of.atnu[j]; }
    OPTNET_DEVICE double gtl(int j) const { return e.v.of.gtl[j]; }
    OPTNET_DEVICE double az(int i) const { return e.v.of.az[i]; }
    OPTNET_DEVICE double gz(int i) const { return e.v.of.gz[i]; }
    OPTNET_DEVICE double z_scale(int j) const { return of.z_scale[j]; }
    OPTNET_DEVICE double a_scale(int i) const { return of.a_scale[i]; }
    OPTNET_DEVICE double g_scale(int i) const { return of.g_scale[i]; }
    OPTNET_DEVICE double q_size() const { return of.q_size(); }

    template <class Sum> OPTNET_DEVICE void add_qz(int i, Sum& sum) const { add_line(s, of, s.q, i, e.best.z, sum); }
    template <class Sum> OPTNET_DEVICE void add_az(int i, Sum& sum) const { add_line(s, of, s.a, i, e.best.z, sum); }
    template <class Sum> OPTNET_DEVICE void add_gz(int i, Sum& sum) const { add_line(s, of, s.g, i, e.best.z, sum); }
    template <class Sum> OPTNET_DEVICE void add_multipliers(int j, Sum& sum) const {
        add_line(s, of, s.a_columns, j, e.best.nu, sum);
        add_line(s, of, s.g_columns, j, e.best.lambda, sum);
    }
};

template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void write(const sparse_problem<Team>& on, const outputs& out, std::int64_t k,
                                            const finished& done) {
    const int n = on.s.n, p = on.s.p, m = on.s.m;
    const sparse_element& e = on.e;
    const double none = HUGE_VAL - HUGE_VAL;
    const bool farkas = done.status == status::primal_infeasible, ray = done.status == status::dual_infeasible;
    const bool point = has_point(done.status);
    const auto put = [&](void* to, std::int64_t i, double value) { put_number(to, i, out.single, value); };
    each_entry_of(
        on.team, on.s,
        [&](int j) {
            if (j == 0) write_words(out, k, done, on.known.iterations);
            put(out.to.z, k * n + j, point || ray ? e.best.z[j] * on.of.z_scale[j] : none);
        },
        [&](int i) {
            if (out.to.nu != nullptr)
                put(out.to.nu, k * p + i, point || farkas ? e.best.nu[i] * on.of.a_scale[i] : none);
        },
        [&](int i) {
            if (out.to.lambda != nullptr)
                put(out.to.lambda, k * m + i, point || farkas ? e.best.lambda[i] * on.of.g_scale[i] : none);
            if (out.to.s == nullptr) return;
            const double slack = !point ? none : e.absent(i) ? HUGE_VAL : (e.h[i] - e.v.of.gz[i]) / on.of.g_scale[i];
            put(out.to.s, k * m + i, slack);
        });
}

/// Solves problem k on its matrices and writes every output. The factor of its active rows is left in `factor` where
/// `keep` says so.
template <class Team>
OPTNET_DEVICE void solve_problem(Team& team, const sparse_shape& s, const sparse_batch& batch, std::int64_t k,
                                 const sparse_set& of, const sparse_element& e, const sparse_factor& factor,
                                 const outputs& out, bool keep) {
    sparse_known known;
    const sparse_problem<Team> on{team, batch, s, of, e, factor, known};
    finished done{status::numerical_error, handed_over::no, {}};
    const auto state = static_cast<usable>(static_cast<int>(of.about[5]));
    const input given = state == usable::not_finite ? input::not_finite : read(team, s, batch, k, of, e);
    each(team, s.m, [&](int i) { factor.ratio[i] = 0; });
    if (given == input::not_finite) {
        done.status = status::invalid_input;
    } else if (state != usable::yes) {
        done.status = state == usable::nonconvex ? status::nonconvex : status::numerical_error;
    } else if (given == input::impossible) {
        // The row itself is the certificate.
        done.status = status::primal_infeasible;
        each(team, s.p + s.m, [&](int t) { (t < s.p ? e.best.nu[t] : e.best.lambda[t - s.p]) = 0; });
    } else {
        done = take_road(on, batch, k);
    }
    if (has_point(done.status)) multiply(team, s, of, e.best, e.v.of);
    look_closer(team, sparse_view{s, of, e}, batch, done);
    write(on, out, k, done);
    if (!keep) return;
    const bool gradient = done.status == status::solved && decide_rows(on);
    each(team, 1, [&](int) {
        factor.state[0] = gradient ? 1 : 0;
        if (done.status == status::solved && !gradient)
            out.handed[k] = static_cast<std::int32_t>(handed_over::degenerate);
    });
}

} // namespace optnet::solver::cuda
