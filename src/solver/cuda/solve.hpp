// SPDX-License-Identifier: Apache-2.0
#pragma once

// The road of one problem on a GPU: dual active set, finish, verification, certificate; and what is kept of it for the
// gradient. What this road cannot do is handed over, with outputs that are true as they stand.

#include "solver/cuda/factor.hpp"
#include "solver/cuda/rounding.hpp"
#include "solver/cuda/warm_start.hpp"

namespace optnet::solver::cuda {

/// Whether the solves of a kept factor are looked at; groups do not solve what has found them to stall once.
struct kept_trust {
    enum : int { doubtful, trusted, only_alone };
};

/// What the gradient of one problem needs, in the GPU's memory.
struct kept_factor {
    double* T;     ///< packed
    double* ratio; ///< [capacity]
    int* rows;     ///< [capacity]
    int* count;    ///< [3] rows, -1 for a problem without gradient, the `factor_kind`, and a `kept_trust`

    OPTNET_DEVICE kept_factor(arena& from, int capacity)
        : T(from.take<double>(triangle(capacity))), ratio(from.take<double>(capacity)), rows(from.take<int>(capacity)),
          count(from.take<int>(3)) {}

    /// Its factor, where it has a gradient; `near`: a copy of its rows.
    OPTNET_DEVICE basis_factor factor(const int* near) const {
        return {count[0], near, T, ratio, static_cast<factor_kind>(count[1]), count[2] == kept_trust::trusted};
    }
};

OPTNET_DEVICE inline std::size_t kept_bytes(int n, int, int m) {
    arena count;
    const kept_factor of(count, kept_capacity(n, m));
    return of.T == nullptr ? count.bytes() : 0;
}

struct outputs {
    solution<void> to;
    std::int32_t* handed; ///< [batch] values of `handed_over`
    bool single;          ///< the points are float32

    template <class T>
    outputs(const solution<T>& s, std::int32_t* words)
        : to{s.z, s.nu, s.lambda, s.s, s.status, s.iterations, s.residuals}, handed(words), single(sizeof(T) == 4) {}
};

/// Refines the point on its basis as equalities, on the user's data, unless it is accurate. The point that verifies
/// best stays in z, nu and lambda, with its products.
template <class Team>
OPTNET_DEVICE verdict finish(Team& team, const device_settings& batch, const matrices& given, const element& e,
                             bool& trusted) {
    const matrices of = given; // their pointers in registers
    const int n = e.n, p = e.p, m = e.m;
    double* const lambda = e.active.lambda;
    multiply(team, of, e);
    const verdict first = judge(team, of, e, batch.eps_abs, batch.eps_rel);
    const double largest_z = most(team, n, [&](int j) { return two{std::abs(e.z[j]), 0.0}; }).a;
    trusted = of.exact() && trustworthy(first) && of_like_size(of.q_size());
    if (trusted && accurate(first, of.least_pivot(), largest_z)) return first;
    verdict found;
    bool is_best = false;
    for (int step = 0; step < finish_steps; ++step) {
        each(team, n + p + m, [&](int t) {
            if (t < n)
                e.rz[t] = -(e.qz[t] + e.q[t] + e.atnu[t] + e.gtl[t]);
            else if (t < n + p)
                e.rnu[t - n] = e.b[t - n] - e.az[t - n];
            else
                e.rl[t - n - p] = e.h[t - n - p] - e.gz[t - n - p];
        });
        kkt_solve(team, of, e.active.factor(), e.rz, e.rnu, e.rl, e.qz, e.u, e.active.l, e.active.x);
        each(team, n + p + e.active.k, [&](int t) {
            if (t < n) {
                e.z[t] += e.rz[t];
            } else if (t < n + p) {
                e.nu[t - n] += e.rnu[t - n];
            } else {
                const int row = e.active.basis[t - n - p];
                lambda[row] = larger(0.0, lambda[row] + e.rl[row]);
            }
        });
        multiply(team, of, e);
        const verdict v = judge(team, of, e, batch.eps_abs, batch.eps_rel);
        const double before = found.share;
        is_best = v.share < before;
        if (is_best) found = v;
        // One step is the rule; another where it pays.
        if (found.share <= close_enough || !(v.share < 0.5 * before)) break;
        each(team, n + p + m, [&](int t) {
            if (t < n)
                e.best_z[t] = e.z[t];
            else if (t < n + p)
                e.best_nu[t - n] = e.nu[t - n];
            else
                e.best_lambda[t - n - p] = lambda[t - n - p];
        });
    }
    if (is_best || !(found.share < HUGE_VAL)) return found;
    each(team, n + p + m, [&](int t) {
        if (t < n)
            e.z[t] = e.best_z[t];
        else if (t < n + p)
            e.nu[t - n] = e.best_nu[t - n];
        else
            lambda[t - n - p] = e.best_lambda[t - n - p];
    });
    multiply(team, of, e);
    return found;
}

/// The active set from λ = 0, or from what `read_start` has read: leaves the point on its basis in z, nu and λ, or the
/// direction in λ.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE active_outcome find_active_set(Team& team, const matrices& given, element& e,
                                                                int limit, bool warm) {
    const matrices of = given; // their pointers in registers
    if constexpr (may_sweep<Team>())
        if (e.active.is_swept) e.active.fetch_r(team); // meanwhile
    each(team, e.n + e.p, [&](int t) {
        if (t < e.n)
            e.z[t] = -e.q[t];
        else
            e.nu[t - e.n] = e.b[t - e.n];
    });
    // z₀ stays between the two halves of the equality solve, where multipliers enter.
    forward(team, of, e.z, e.nu, e.rz, e.rnu);
    row_products(
        team, of, e.m, e.rz, e.rnu, [](int i) { return i; }, [&](int i, double sum) { e.active.d[i] = e.h[i] - sum; });
    if (warm) seed(team, e);
    active_set active = e.active; // what is not shared stays in registers
    active_outcome outcome = active_outcome::limit;
    if constexpr (may_sweep<Team>()) {
        if (active.is_swept) active.stay_near();
        outcome = active.is_swept ? active.solve_swept(team, limit, warm) : active.solve(team, limit, warm);
    } else {
        outcome = active.solve(team, limit, warm);
    }
    e.active = active;
    if (outcome == active_outcome::infeasible || outcome == active_outcome::breakdown) return outcome;
    each(team, e.active.k, [&](int i) { e.active.x[i] = e.active.lambda[e.active.basis[i]]; });
    subtract_rows(team, of, e.active.k, e.active.basis, e.active.x, e.rz, e.rnu);
    backward(team, of, e.rz, e.rnu, e.z, e.nu);
    return outcome;
}

/// The active set, the finish, and what they say of the problem.
template <class Team>
OPTNET_DEVICE finished by_active_set(Team& team, const device_settings& batch, const matrices& of, element& e,
                                     bool warm) {
    active_outcome outcome = find_active_set(team, of, e, batch.limit, warm);
    if (outcome == active_outcome::infeasible) {
        const int count = e.active.k + 1, steps = e.active.steps;
        if (check_farkas(team, of, e, count, larger(batch.eps_abs, batch.eps_rel)) &&
            beyond_tolerance(team, of, e, count, batch.eps_abs))
            return {status::primal_infeasible, handed_over::no, {}};
        // Infeasible by less than "solved" allows, or by rounding: a point within the tolerance is the better answer.
        each(team, e.m, [&](int i) {
            if (e.active.floor[i] != HUGE_VAL) e.active.floor[i] = 0.25 * batch.eps_abs * of.g_scale[i];
        });
        outcome = find_active_set(team, of, e, batch.limit, false);
        e.active.steps += steps;
    }
    if (outcome == active_outcome::infeasible || outcome == active_outcome::breakdown)
        return {status::numerical_error, handed_over::not_solved, {}};
    bool trusted = false;
    const verdict found = finish(team, batch, of, e, trusted);
    if (found.share <= 1) return {status::solved, handed_over::no, found, trusted};
    const bool limited = outcome == active_outcome::limit, finite = found.share < HUGE_VAL;
    if (finite && limited && batch.limit_asked) return {status::max_iterations, handed_over::not_solved, found};
    if (found.share <= inaccurate) return {status::solved_inaccurate, handed_over::not_solved, found};
    return {finite && limited ? status::max_iterations : status::numerical_error, handed_over::not_solved, found};
}

/// Which rows a solution leaves in doubt (docs/algorithm/gradient.md, "Which rows are active").
class tight_rows {
public:
    template <class Team>
    OPTNET_DEVICE tight_rows(Team& team, const device_settings& batch, const element& e)
        : relative(larger(64.0 * e.n * 1.1e-16, batch.active_tolerance)),
          z_size(larger(0.0, most(team, e.n, [&](int j) {
                                 return two{std::abs(e.z[j]), 0.0};
                             }).a)) {}

    /// Tight, and not in the basis.
    OPTNET_DEVICE bool outside(const element& e, int i) const {
        return !e.active.in_basis(i) && e.active.floor[i] != HUGE_VAL && e.h[i] - e.gz[i] <= bound(e, i);
    }
    /// In the basis, with a multiplier that is 0.
    OPTNET_DEVICE bool weak(const element& e, int i) const {
        return e.active.in_basis(i) && e.active.lambda[i] * e.active.r(i, i) <= bound(e, i);
    }

private:
    /// Rows of G have size 1, so |G_i||z| is |z|.
    OPTNET_DEVICE double bound(const element& e, int i) const { return relative * (std::abs(e.h[i]) + z_size); }
    const double relative, z_size;
};

/// True if the derivative is that of the rows of the basis: no other row is tight and independent of them, and none of
/// them has a multiplier that is 0.
template <class Team> OPTNET_DEVICE bool differentiable(Team& team, const device_settings& batch, element& e) {
    const tight_rows tight(team, batch, e);
    const two doubtful = sums(team, e.m, [&](int i) {
        return two{tight.weak(e, i) ? 1.0 : 0.0, tight.outside(e, i) ? 1.0 : 0.0};
    });
    if (doubtful.a > 0) return false;
    // A row that depends on the basis changes no derivative of z.
    for (int i = 0; doubtful.b > 0 && i < e.m; ++i) {
        if (!tight.outside(e, i)) continue;
        if (e.active.rest(team, i) > dependent_row * e.active.r(i, i)) return false;
    }
    return true;
}

/// What is one number per problem.
OPTNET_DEVICE inline void write_words(const outputs& out, std::int64_t k, const finished& done, int iterations) {
    const bool point = has_point(done.status);
    const double none = HUGE_VAL - HUGE_VAL;
    out.to.status[k] = static_cast<std::int64_t>(done.status);
    out.handed[k] = static_cast<std::int32_t>(done.handed);
    if (out.to.iterations != nullptr) out.to.iterations[k] = iterations;
    if (out.to.residuals == nullptr) return;
    out.to.residuals[3 * k] = point ? done.found.primal : none;
    out.to.residuals[3 * k + 1] = point ? done.found.dual : none;
    out.to.residuals[3 * k + 2] = point ? done.found.gap : none;
}

template <class Team>
OPTNET_DEVICE void write(Team& team, const outputs& out, std::int64_t k, const matrices& of, const element& e,
                         const finished& done) {
    const int n = e.n, p = e.p, m = e.m;
    const double none = HUGE_VAL - HUGE_VAL;
    const bool farkas = done.status == status::primal_infeasible, ray = done.status == status::dual_infeasible;
    const bool point = has_point(done.status);
    const auto put = [&](void* to, std::int64_t i, double value) { put_number(to, i, out.single, value); };
    each(team, n + p + m + 1, [&](int t) {
        if (t == n + p + m) return write_words(out, k, done, e.active.steps);
        if (t < n) {
            put(out.to.z, k * n + t, point || ray ? e.z[t] * of.z_scale[t] : none);
        } else if (t < n + p) {
            const int i = t - n;
            if (out.to.nu != nullptr) put(out.to.nu, k * p + i, point || farkas ? e.nu[i] * of.a_scale[i] : none);
        } else {
            const int i = t - n - p;
            if (out.to.lambda != nullptr)
                put(out.to.lambda, k * m + i, point || farkas ? e.active.lambda[i] * of.g_scale[i] : none);
            if (out.to.s == nullptr) return;
            const double slack = e.active.floor[i] == HUGE_VAL ? HUGE_VAL : (e.h[i] - e.gz[i]) / of.g_scale[i];
            put(out.to.s, k * m + i, point ? slack : none);
        }
    });
}

/// `ratio` null: 0 for every row of the basis.
template <class Team>
OPTNET_DEVICE void keep(Team& team, const active_set& active, const double* ratio, const kept_factor& to, bool gradient,
                        bool trusted) {
    const int k = gradient ? active.k : 0;
    const basis_factor factor = active.factor();
    each_row(team, k + 1, [&](int i, int first, int by) {
        for (int j = first; j <= i && i < k; j += by) to.T[triangle(i) + j] = factor.stored(i, j);
        if (first > 0) return;
        if (i < k) {
            to.rows[i] = active.basis[i];
            to.ratio[i] = ratio == nullptr ? 0.0 : ratio[i];
        } else {
            to.count[0] = gradient ? k : -1;
            to.count[1] = static_cast<int>(active.sweeps<Team>() ? factor_kind::inverse : factor_kind::triangle);
            to.count[2] = trusted ? kept_trust::trusted : kept_trust::doubtful;
        }
    });
}

/// The statuses that need no linear algebra. True if one of them holds; otherwise the element is read.
template <class Team>
OPTNET_DEVICE bool decided(Team& team, const device_batch& batch, std::int64_t k, const matrices& of, const element& e,
                           finished& done) {
    const usable state = of.verdict();
    const input given = state == usable::not_finite ? input::not_finite : read(team, batch, k, of, e);
    if (given == input::not_finite) {
        done.status = status::invalid_input;
    } else if (state == usable::nonconvex || state == usable::overflow) {
        done.status = state == usable::nonconvex ? status::nonconvex : status::numerical_error;
    } else if (given == input::impossible) {
        // The row itself is the certificate.
        done.status = status::primal_infeasible;
        each(team, e.p + e.m, [&](int t) { (t < e.p ? e.nu[t] : e.active.lambda[t - e.p]) = 0; });
    } else {
        return false;
    }
    return true;
}

/// Solves problem k on its matrices by the active set alone, and writes every output. With `kept`, the factor of its
/// active rows is left there. `swept`: by sweeps.hpp. Says if the whole road (road.hpp) may do better.
template <class Team>
OPTNET_DEVICE handed_over solve_problem(Team& team, const device_batch& batch, std::int64_t k, const matrices& of,
                                        arena memory, const outputs& out, const kept_factor* kept, bool swept) {
    element e(memory, of, basis_capacity(of.n, of.p, of.m), swept);
    finished done{status::numerical_error, handed_over::no, {}};
    if (!decided(team, batch, k, of, e, done)) {
        if (of.exact())
            done = by_active_set(team, batch, of, e, read_start(team, batch, k, of, e));
        else
            done.handed = handed_over::regularized;
    }
    look_closer(team, dense_point{of, e}, batch, done);
    if (kept != nullptr) {
        const bool gradient = done.status == status::solved && differentiable(team, batch, e);
        if (done.status == status::solved && !gradient) done.handed = handed_over::degenerate;
        keep(team, e.active, nullptr, *kept, gradient, done.trusted);
    }
    write(team, out, k, of, e, done);
    return done.handed;
}

} // namespace optnet::solver::cuda
