// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dual active set inside a proximal loop, where Q is singular or rows of A depend on each other, by a team; as
// road::by_active_set of src/solver/algorithm/road.cpp.

#include "solver/cuda/road_steps.hpp"

namespace optnet::solver::cuda {

/// Steps of the loop, as on the CPU.
inline constexpr int outer_steps = 30;

/// What a linear program's objective is measured in, a power of two, as on the CPU.
template <class Team> OPTNET_DEVICE double objective_unit(Team& team, const element& e, double rho) {
    const two sizes = most(team, e.n + e.p + e.m, [&](int t) {
        if (t < e.n) return two{std::abs(e.q[t]), 0.0};
        return two{0.0, std::abs(t < e.n + e.p ? e.b[t - e.n] : e.h[t - e.n - e.p])};
    });
    const double unit = sizes.a / (100 * rho * sizes.b);
    return unit > 1e-200 && unit < 1e200 ? std::ldexp(1.0, std::ilogb(unit)) : 1.0;
}

/// (e.z, e.nu) become the solution of the equality solve for themselves, with ρ, γ and δ in it.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve_equalities(Team& team, const matrices& of, const road_memory& own) {
    forward(team, of, own.e.z, own.e.nu, own.v.y, own.v.u);
    backward(team, of, own.v.y, own.v.u, own.e.z, own.e.nu);
}

/// The direction that the active set ended with, as a certificate in e.nu and λ.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool ends_infeasible(Team& team, const device_settings& batch, const matrices& of,
                                                      road_memory& own) {
    const element& e = own.e;
    const int n = e.n, p = e.p, k = e.active.k, ld = of.data_rows();
    const double eps = larger(batch.eps_abs, batch.eps_rel);
    double* const lambda = e.active.lambda;
    // ν takes back what it can of G'λ; then one step of refinement, in which the dependent row keeps its multiplier.
    const auto gradient = [&](int j) {
        double sum = 0;
        for (int i = 0; i <= k; ++i) sum += of.g()[j * ld + e.active.basis[i]] * lambda[e.active.basis[i]];
        return sum;
    };
    each(team, n + p, [&](int t) {
        if (t < n)
            e.z[t] = -gradient(t);
        else
            e.nu[t - n] = 0;
    });
    solve_equalities(team, of, own);
    each(team, n + p + e.m, [&](int t) {
        if (t < n) {
            double sum = -gradient(t);
            for (int i = 0; i < p; ++i) sum -= of.a()[t * ld + i] * e.nu[i];
            own.v.right_z[t] = sum;
        } else if (t < n + p) {
            own.v.right_nu[t - n] = 0;
        } else {
            own.v.right_lambda[t - n - p] = 0;
        }
    });
    solve_refined(team, of, e.active.factor(), own.v);
    each(team, p + k, [&](int t) {
        if (t < p) {
            e.nu[t] += own.v.nu[t];
        } else {
            const int row = e.active.basis[t - p];
            lambda[row] = larger(0.0, lambda[row] + own.v.lambda[row]);
        }
    });
    return is_farkas(team, of, e, e.nu, lambda, eps) && beyond_tolerance(team, of, e, k + 1, batch.eps_abs);
}

/// The dual active set with its finish, inside a proximal loop for ρ > 0, from what `read_start` has read if `warm`.
/// True if it ended with a direction that is no certificate, or of a problem which is infeasible by less than "solved"
/// allows.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool by_proximal_loop(Team& team, const device_settings& batch, const matrices& of,
                                                       road_memory& own, known& so_far, bool warm) {
    element& e = own.e;
    const int n = e.n, p = e.p, m = e.m, ld = of.data_rows();
    const double rho = of.rho();
    // Without Q the objective has no scale of its own: ρ in a smaller unit is a smaller ρ on the same factorization.
    const bool linear = rho > 0 && of.q_size() == 0;
    double unit = linear ? objective_unit(team, e, rho) : 1.0;
    each(team, n, [&](int j) { own.centre[j] = warm ? e.best_z[j] : 0.0; });
    if (warm) {
        seed(team, e);
        each(team, m, [&](int i) { own.prices[i] = e.active.lambda[i] / unit; });
    }
    for (int outer = 0; outer < (rho > 0 ? outer_steps : 1); ++outer) {
        const double before = so_far.best.share;
        const bool smaller = linear && outer > 2;
        if (smaller) unit /= 8;
        // z₀ for q − ρ z of the last outer step, and the slacks there.
        const auto right_z = [&](int j) { return rho * own.last_centre[j] - e.q[j] / unit; };
        each(team, n, [&](int j) { own.last_centre[j] = own.centre[j]; });
        each(team, n + p + m, [&](int t) {
            if (t < n)
                e.z[t] = right_z(t);
            else if (t < n + p)
                e.nu[t - n] = e.b[t - n];
            else if (warm || outer > 0)
                e.active.lambda[t - n - p] = own.prices[t - n - p] * (smaller ? 8 : 1);
        });
        solve_equalities(team, of, own);
        each(team, m, [&](int i) {
            double sum = e.h[i];
            for (int j = 0; j < n; ++j) sum -= of.g()[j * ld + i] * e.z[j];
            e.active.d[i] = sum;
        });
        const active_outcome result = e.active.solve(team, batch.limit, warm || outer > 0);
        so_far.iterations += e.active.steps;
        if (result == active_outcome::infeasible) {
            if (so_far.best.share <= 1) return false;
            if (!ends_infeasible(team, batch, of, own)) return true;
            so_far.answer = status::primal_infeasible;
            return false;
        }
        so_far.limited = so_far.limited || result == active_outcome::limit;
        each(team, n + p + m, [&](int t) {
            if (t < n) {
                double sum = right_z(t);
                for (int i = 0; i < e.active.k; ++i)
                    sum -= of.g()[t * ld + e.active.basis[i]] * e.active.lambda[e.active.basis[i]];
                e.z[t] = sum;
            } else if (t < n + p) {
                e.nu[t - n] = e.b[t - n];
            } else {
                own.prices[t - n - p] = e.active.lambda[t - n - p];
            }
        });
        solve_equalities(team, of, own);
        each(team, n + p + m, [&](int t) {
            if (t < n)
                own.centre[t] = e.z[t];
            else
                (t < n + p ? e.nu[t - n] : e.active.lambda[t - n - p]) *= unit;
        });
        refine(team, batch, of, own, so_far);
        // A point that just verifies may still be far off where rows differ much in size: go on while it pays.
        const double goal = so_far.best.share < 0.5 * before ? close_enough : 1.0;
        if (so_far.best.share <= goal || result != active_outcome::optimal) return false;
        if (outer == 0 || so_far.best.share <= 1) continue;
        const two moved = most(team, n, [&](int j) {
            own.direction.z[j] = own.centre[j] - own.last_centre[j];
            return two{std::abs(own.direction.z[j]), std::abs(own.centre[j])};
        });
        if (is_ray(team, of, e, own.direction.z, larger(batch.eps_abs, batch.eps_rel))) {
            each(team, n, [&](int j) { e.z[j] = own.direction.z[j]; });
            so_far.answer = status::dual_infeasible;
            return false;
        }
        if (moved.a <= 1e-15 * moved.b) return false;
    }
    return false;
}

} // namespace optnet::solver::cuda
