// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole road of one problem by a team, for what the active set alone (solve.hpp) does not take: proximal loop where
// Q is singular, interior point, finish, verification, certificates, and the active rows of the gradient where the
// point is degenerate; as src/solver/algorithm/road.cpp and active_rows.cpp.

#include "solver/cuda/active_rows.hpp"
#include "solver/cuda/proximal_loop.hpp"

namespace optnet::solver::cuda {

/// The interior point on form P, and the rows that it has come to as equalities.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void by_interior_point(Team& team, const device_settings& batch, const matrices& of,
                                                        road_memory& own, known& so_far) {
    element& e = own.e;
    const int limit = batch.limit_asked ? batch.limit : interior_limit;
    interior_primal<Team> form(team, of, own, batch.eps_abs, batch.eps_rel);
    if (!starting_point(team, form)) return;
    const auto made = interior_loop(team, form, limit, 1e-1, larger(batch.eps_abs, batch.eps_rel));
    so_far.iterations += made.iterations;
    so_far.limited = made.outcome == interior_outcome::limit && made.iterations >= limit;
    if (made.outcome == interior_outcome::infeasible || made.outcome == interior_outcome::unbounded) {
        copy_point(team, e, own.direction.z, own.direction.nu, own.direction.lambda, e.z, e.nu, e.active.lambda);
        so_far.answer =
            made.outcome == interior_outcome::infeasible ? status::primal_infeasible : status::dual_infeasible;
        return;
    }
    if (made.best.share < so_far.best.share) {
        so_far.best = made.best;
        so_far.rows = 0;
        copy_point(team, e, e.best_z, e.best_nu, e.best_lambda, own.best.z, own.best.nu, own.best.lambda);
    }
    if (!(made.best.share < 1e8)) return;
    const auto active = [&](int i) { return e.active.floor[i] != HUGE_VAL && e.best_lambda[i] > own.best_s[i]; };
    const int count = order_rows(team, own, active, [&](int i) { return own.best_s[i] / e.best_lambda[i]; });
    e.active.clear(team);
    for (int i = 0; i < count; ++i) e.active.take(team, own.order[i]);
    each(team, e.n + e.p + e.active.k, [&](int t) {
        if (t < e.n)
            e.z[t] = e.best_z[t];
        else if (t < e.n + e.p)
            e.nu[t - e.n] = e.best_nu[t - e.n];
        else
            e.active.lambda[e.active.basis[t - e.n - e.p]] = e.best_lambda[e.active.basis[t - e.n - e.p]];
    });
    refine(team, batch, of, own, so_far);
    if (so_far.rows > 0) return;
    so_far.rows = e.active.k;
    each(team, e.active.k, [&](int i) { own.best_rows[i] = e.active.basis[i]; });
}

/// Everything that the GPU can do; the point, the ray or the certificate is in `e`.
template <class Team>
OPTNET_DEVICE finished take_road(Team& team, const device_settings& batch, const matrices& of, road_memory& own,
                                 known& so_far, bool warm) {
    element& e = own.e;
    if (warm) {
        by_proximal_loop(team, batch, of, own, so_far, true);
        if (!has_certificate(so_far) && !(so_far.best.share <= 1)) so_far = {{}, 0, so_far.iterations};
    }
    const bool unknown = !has_certificate(so_far) && !(so_far.best.share <= 1);
    if (unknown && by_proximal_loop(team, batch, of, own, so_far, false)) {
        // A point within the tolerance is the better answer.
        each(team, e.m, [&](int i) {
            if (e.active.floor[i] != HUGE_VAL) e.active.floor[i] = 0.25 * batch.eps_abs * of.g_scale[i];
        });
        by_proximal_loop(team, batch, of, own, so_far, false);
    }
    if (!has_certificate(so_far) && !(so_far.best.share <= 1)) by_interior_point(team, batch, of, own, so_far);
    e.active.steps = so_far.iterations;
    if (has_certificate(so_far)) return {so_far.answer, handed_over::no, {}};
    if (so_far.best.share < HUGE_VAL) {
        copy_point(team, e, own.best.z, own.best.nu, own.best.lambda, e.z, e.nu, e.active.lambda);
        multiply(team, of, e, nullptr, e.m);
    }
    if (so_far.best.share <= 1) return {status::solved, handed_over::no, so_far.best};
    const bool finite = so_far.best.share < HUGE_VAL;
    const bool out_of_steps = finite && so_far.limited;
    optnet::status said = so_far.best.share <= inaccurate ? status::solved_inaccurate : status::numerical_error;
    if (out_of_steps && (batch.limit_asked || said == status::numerical_error)) said = status::max_iterations;
    return {said, handed_over::not_solved, so_far.best};
}

/// Solves problem k and writes every output, as `solve_problem`.
template <class Team>
OPTNET_DEVICE void solve_by_road(Team& team, const device_batch& batch, std::int64_t k, const matrices& of,
                                 arena memory, const outputs& out, const kept_factor* kept) {
    road_memory own(memory, of);
    known so_far;
    finished done{status::numerical_error, handed_over::no, {}};
    if (!decided(team, batch, k, of, own.e, done)) {
        if (of.verdict() == usable::dependent)
            done.handed = handed_over::not_solved;
        else
            done = take_road(team, batch, of, own, so_far, read_start(team, batch, k, of, own.e));
    }
    look_closer(team, dense_point{of, own.e}, batch, done);
    write(team, out, k, of, own.e, done);
    if (kept == nullptr) return;
    const bool gradient = done.status == status::solved && decide_rows(team, batch, of, own, so_far);
    keep(team, own.e.active, own.ratio, *kept, gradient, false);
    if (done.status == status::solved && !gradient)
        each(team, 1, [&](int) { out.handed[k] = static_cast<std::int32_t>(handed_over::degenerate); });
}

} // namespace optnet::solver::cuda
