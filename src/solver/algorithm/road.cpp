// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/road.hpp"

#include "solver/algorithm/certificate.hpp"
#include "solver/algorithm/defaults.hpp"
#include "solver/algorithm/exact_kkt.hpp"
#include "solver/algorithm/finish.hpp"
#include "solver/algorithm/interior_dual.hpp"
#include "solver/algorithm/interior_point.hpp"
#include "solver/algorithm/primal_form.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int outer_steps = 30;
constexpr int interior_limit = 200;
/// Residuals of this share of their terms are those of one evaluation.
constexpr double exact = 1e-14;

double certificate_tolerance(const tolerances& eps) { return std::max(eps.absolute, eps.relative); }

/// With a Farkas certificate of value 1, every point violates some row by at least 1 / |(ν, λ)|₁: true if no point
/// within the absolute tolerance can exist.
bool beyond_tolerance(const element& e, const point& certificate, const tolerances& eps) {
    double sum = 0;
    for (std::size_t i = 0; i < certificate.nu.size(); ++i) sum += std::abs(certificate.nu[i]) * e.data->a_scale[i];
    for (std::size_t i = 0; i < certificate.lambda.size(); ++i) sum += certificate.lambda[i] * e.data->g_scale[i];
    return sum * eps.absolute < 1;
}

/// What a linear program's objective is measured in, a power of two: so that one outer step goes about a hundred times
/// as far as its data are large. Farther, and the digits of z are lost in those of z₀; not so far, and there are many
/// steps.
double objective_unit(const element& e, double rho) {
    double cost = 0, size = 0;
    for (const double v : e.q) cost = std::max(cost, std::abs(v));
    for (const auto* side : {&e.b, &e.h})
        for (const double v : *side) size = std::max(size, std::abs(v));
    const double unit = cost / (100 * rho * size);
    return unit > 1e-200 && unit < 1e200 ? std::ldexp(1.0, std::ilogb(unit)) : 1.0;
}

bool has_answer(const outcome& out) {
    return out.status == status::primal_infeasible || out.status == status::dual_infeasible || out.best.share <= 1;
}

} // namespace

int active_set_limit(const operators& data, const settings& how) { return step_limit(how, data.n, data.m); }

bool road::begin(const element& e, bool convex, outcome& out) {
    out.clear(*e.data);
    limited = false;
    kkt.forget();
    sparse.forget();
    const bool possible = e.finite && convex && e.impossible_row < 0;
    if (!possible)
        out.status = !e.finite ? status::invalid_input : !convex ? status::nonconvex : status::primal_infeasible;
    return possible;
}

void road::run(const element& e, const dual_form* form, const settings& how, const tolerances& eps, outcome& out,
               const warm_start* from) {
    if (!begin(e, form != nullptr, out)) return;
    if (form->has_r()) {
        by_active_sets(e, *form, how, eps, e.floor, from, out);
        if (out.status == status::primal_infeasible && !beyond_tolerance(e, out.x, eps)) {
            // Infeasible by less than "solved" allows: a point within the tolerance is the better answer.
            std::vector<double> floor = e.floor;
            for (std::size_t i = 0; i < floor.size(); ++i)
                if (floor[i] != HUGE_VAL) floor[i] = 0.25 * eps.absolute * e.data->g_scale[i];
            outcome again;
            again.x.resize(*e.data);
            by_active_sets(e, *form, how, eps, floor, from, again);
            again.iterations += out.iterations;
            if (again.best.share <= 1) out = again;
        }
    }
    if (!form->has_r() && from != nullptr && static_cast<int>(from->rows.size()) <= e.data->n) {
        // The interior point cannot start on the boundary, but the rows may be the right ones already.
        kkt.set_up(*form, *e.data, from->rows, {});
        finish(e, kkt, eps, from->x, out, at_work);
        ++out.iterations;
        if (!(out.best.share <= close_enough)) out.best.share = HUGE_VAL;
    }
    if (has_answer(out)) {
        without_shift(e, *form, eps, out);
        if (out.best.share <= 1) out.status = status::solved;
        return;
    }
    by_interior_point(e, *form, how, eps, out);
    without_shift(e, *form, eps, out);
    if (out.status == status::primal_infeasible || out.status == status::dual_infeasible) return;
    conclude(e, how, eps, limited, out);
}

void road::by_active_sets(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                          const std::vector<double>& floor, const warm_start* from, outcome& out) {
    by_active_set(e, form, how, eps, floor, from, out);
    if (from == nullptr || has_answer(out)) return;
    limited = false;
    by_active_set(e, form, how, eps, floor, nullptr, out);
}

void road::by_active_set(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                         const std::vector<double>& floor, const warm_start* from, outcome& out) {
    const operators& o = *e.data;
    const double rho = form.proximal();
    const double eps_certificate = certificate_tolerance(eps);
    point &x = now, &previous = before;
    x.resize(o);
    // Without Q the objective has no scale of its own: ρ in a smaller unit is a smaller ρ on the same factorization.
    const bool linear = rho > 0 && o.q_max == 0;
    double unit = linear ? objective_unit(e, rho) : 1.0;
    if (from != nullptr) {
        x.z = from->x.z;
        dual.basis = from->rows;
        dual.lambda = from->x.lambda;
        for (double& v : dual.lambda) v /= unit;
    }
    for (int outer = 0; outer < (rho > 0 ? outer_steps : 1); ++outer) {
        const double share = out.best.share;
        previous = x;
        if (linear && outer > 2) {
            unit /= 8;
            for (double& v : dual.lambda) v *= 8;
        }
        // z₀ for q − ρ z of the last outer step, and the slacks there.
        for (int j = 0; j < o.n; ++j) x.z[at(j)] = rho * previous.z[at(j)] - e.q[at(j)] / unit;
        x.nu = e.b;
        // Multipliers enter between the two halves of the equality solve. Where ρ or δ make z₀ large, its digits count
        // as they come out.
        d.assign(at(o.m), 0.0);
        if (form.regularized()) {
            first.z = x.z;
            first.nu = x.nu;
            form.equality_solve(x.z.data(), x.nu.data());
            o.multiply_add(matrix::G, x.z.data(), d.data());
        } else {
            form.forward(x.z.data(), x.nu.data());
            form.inequality_products(x.z.data(), x.nu.data(), d.data());
        }
        for (std::size_t i = 0; i < d.size(); ++i) d[i] = e.h[i] - d[i];
        const bool guess = !form.regularized() && may_guess(o.m, o);
        const first_basis start = outer > 0 || from != nullptr ? first_basis::given
                                  : guess                      ? first_basis::guessed
                                                               : first_basis::none;
        const dual_outcome result = dual.solve(form.r_row(0), o.m, d, floor, active_set_limit(o, how), start);
        out.iterations += dual.steps;
        x.lambda = dual.lambda;
        if (result == dual_outcome::infeasible) {
            if (out.best.share <= 1) return;
            point direction;
            direction.resize(o);
            direction.lambda = dual.lambda;
            for (const int i : dual.basis) o.g_row_add(i, -direction.lambda[at(i)], direction.z.data());
            form.equality_solve(direction.z.data(), direction.nu.data());
            refine_farkas(e, form, dual, direction);
            if (check_farkas(e, direction, eps_certificate)) {
                out.x = direction;
                out.status = status::primal_infeasible;
            }
            return;
        }
        limited = limited || result == dual_outcome::limit;
        if (form.regularized()) {
            x.z = first.z;
            x.nu = first.nu;
            for (const int i : dual.basis) o.g_row_add(i, -x.lambda[at(i)], x.z.data());
            form.equality_solve(x.z.data(), x.nu.data());
        } else {
            multipliers.clear();
            for (const int i : dual.basis) multipliers.push_back(x.lambda[at(i)]);
            form.subtract_rows(dual.basis, multipliers.data(), x.z.data(), x.nu.data());
            form.backward(x.z.data(), x.nu.data());
        }
        if (unit != 1) {
            for (double& v : x.nu) v *= unit;
            for (double& v : x.lambda) v *= unit;
        }
        kkt.adopt(form, o, dual.basis, dual.factor(), dual.stride());
        finish(e, kkt, eps, x, out, at_work);
        // A point that just verifies may still be far off where rows differ much in size: go on while it pays.
        if (out.best.share <= (out.best.share < 0.5 * share ? close_enough : 1.0) || result != dual_outcome::optimal)
            return;
        if (outer > 0 && out.best.share > 1) {
            point ray;
            ray.resize(o);
            double moved = 0, size = 0;
            for (int j = 0; j < o.n; ++j) {
                ray.z[at(j)] = x.z[at(j)] - previous.z[at(j)];
                moved = std::max(moved, std::abs(ray.z[at(j)]));
                size = std::max(size, std::abs(x.z[at(j)]));
            }
            if (check_ray(e, ray, eps_certificate)) {
                out.x = ray;
                out.status = status::dual_infeasible;
                return;
            }
            if (moved <= 1e-15 * size) return;
        }
    }
}

void road::by_interior_point(const element& e, const dual_form& form, const settings& how, const tolerances& eps,
                             outcome& out) {
    serial_team team;
    primal_form linear(*e.data);
    const int limit = how.max_iter.value_or(interior_limit);
    interior_result result = interior_point(team, linear, e, eps, limit, 1e-1);
    out.iterations += result.iterations;
    limited = result.outcome == interior_outcome::limit && result.iterations >= limit;
    if (result.outcome == interior_outcome::infeasible || result.outcome == interior_outcome::unbounded) {
        out.x = result.direction;
        out.status =
            result.outcome == interior_outcome::infeasible ? status::primal_infeasible : status::dual_infeasible;
        return;
    }
    if (result.best.share < out.best.share) {
        out.best = result.best;
        out.accurate = false;
        out.x = result.x;
        out.basis.clear();
    }
    if (!(result.best.share < 1e8)) return;
    // The active set that the interior point has come to, solved as equalities.
    std::vector<int> rows;
    point x = result.x;
    for (int i = 0; i < e.data->m; ++i) {
        if (!e.absent(i) && x.lambda[at(i)] > result.s[at(i)])
            rows.push_back(i);
        else
            x.lambda[at(i)] = 0;
    }
    std::sort(rows.begin(), rows.end(),
              [&](int a, int b) { return x.lambda[at(a)] / result.s[at(a)] > x.lambda[at(b)] / result.s[at(b)]; });
    kkt.set_up(form, *e.data, rows, {});
    finish(e, kkt, eps, x, out, at_work);
    if (out.basis.empty()) out.basis = kkt.rows();
}

void road::without_shift(const element& e, const dual_form& form, const tolerances& eps, outcome& out) {
    const bool certified = out.status == status::primal_infeasible || out.status == status::dual_infeasible;
    if (certified || !(form.proximal() > 0) || !(out.best.share <= inaccurate) || out.best.relative <= exact) return;
    exact_kkt own;
    if (!own.set_up(*e.data, out.basis, {})) return;
    // The interior point leaves small multipliers on the other rows.
    point start = out.x;
    std::fill(start.lambda.begin(), start.lambda.end(), 0.0);
    for (const int i : out.basis) start.lambda[at(i)] = out.x.lambda[at(i)];
    finish(e, own, eps, start, out, at_work);
}

void road::conclude(const element& e, const settings& how, const tolerances& eps, bool limit_reached, outcome& out) {
    if (out.best.share <= 1) {
        out.status = status::solved;
        return;
    }
    point x;
    if (find_farkas(e, x, certificate_tolerance(eps))) {
        out.x = x;
        out.status = status::primal_infeasible;
    } else if (find_ray(e, x, certificate_tolerance(eps))) {
        out.x = x;
        out.status = status::dual_infeasible;
    } else if (limit_reached && how.max_iter) {
        out.status = status::max_iterations;
    } else if (out.best.share <= inaccurate) {
        out.status = status::solved_inaccurate;
    } else {
        out.status = limit_reached ? status::max_iterations : status::numerical_error;
    }
}

} // namespace optnet::solver
