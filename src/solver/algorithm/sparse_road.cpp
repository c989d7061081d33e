// SPDX-License-Identifier: Apache-2.0
// The road of a problem on the sparse form, and the active rows of its solution.

#include "solver/algorithm/active_rows.hpp"
#include "solver/algorithm/finish.hpp"
#include "solver/algorithm/hidden_rows.hpp"
#include "solver/algorithm/interior_point.hpp"
#include "solver/algorithm/lane_interior.hpp"
#include "solver/algorithm/sparse_form.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int interior_limit = 200;
/// The active rows are guessed at the start, then from this many tolerances on each time that is ten times better.
constexpr double next_guess = 1e5, better = 0.1;
/// Where Q is weak, points far apart are within the tolerance, and not all have the active rows of the solution. So the
/// interior point goes on beyond it while no guess is right: to this share of the tolerance, or from `close` on until
/// so many iterations have not halved it.
constexpr double goal = 1e-6, close = 0.1;
constexpr int patience = 3;
/// A slack of this share of its terms is 0 after refinement.
constexpr double rounding = 1e-13;
/// What the sparse form does not solve goes to the dense ones up to this size, n + p + m.
constexpr int most_dense = 1500;

double largest(const std::vector<double>& v) {
    double most = 0;
    for (const double x : v) most = std::max(most, std::abs(x));
    return most;
}

bool is_inside(const interior_iterate& it) {
    for (const auto* part : {&it.x.z, &it.x.nu, &it.x.lambda, &it.s})
        for (const double v : *part)
            if (!std::isfinite(v)) return false;
    return std::all_of(it.s.begin(), it.s.end(), [](double v) { return v > 0; });
}

/// λ > s, in units of the cost.
std::vector<char> active_by_size(const element& e, const std::vector<double>& lambda, const std::vector<double>& s) {
    const double unit = cost_unit(e);
    std::vector<char> active(s.size());
    for (std::size_t i = 0; i < s.size(); ++i)
        active[i] = !e.absent(static_cast<int>(i)) && lambda[i] > unit * s[i] ? 1 : 0;
    return active;
}

/// Those whose slack the last step left a smaller share of than of the multiplier (El-Bakry, Tapia & Zhang 1994).
std::vector<char> active_by_step(const element& e, const interior_rows& rows) {
    std::vector<char> active(rows.s.size());
    for (std::size_t i = 0; i < active.size(); ++i)
        active[i] = !e.absent(static_cast<int>(i)) && rows.ds[i] * rows.lambda[i] < rows.dlambda[i] * rows.s[i] ? 1 : 0;
    return active;
}

} // namespace

double cost_unit(const element& e) { return std::max({e.data->q_max, largest(e.q), 1e-300}); }

void road::run(const element& e, const sparse_matrices* form, const settings& how, const tolerances& eps, outcome& out,
               const warm_start* from, int spent, const interior_iterate* reached) {
    if (!begin(e, form != nullptr, out)) return;
    out.iterations = spent;
    by_sparse(e, *form, how, eps, from, reached, out);
    if (out.status == status::primal_infeasible || out.status == status::dual_infeasible) return;
    const operators& o = *e.data;
    dual_form dense;
    if (out.best.share > 1 && !(limited && how.max_iter) && std::int64_t{o.n} + o.p + o.m <= most_dense &&
        dense.set_up(o, how.convexity_tolerance, kept_rows::all)) {
        outcome again;
        run(e, &dense, how, eps, again);
        again.iterations += out.iterations;
        if (again.status == status::primal_infeasible || again.status == status::dual_infeasible ||
            again.best.share < out.best.share)
            out = again;
        return;
    }
    conclude(e, how, eps, limited, out);
}

void road::by_sparse(const element& e, const sparse_matrices& form, const settings& how, const tolerances& eps,
                     const warm_start* from, const interior_iterate* reached, outcome& out) {
    const int limit = how.max_iter.value_or(interior_limit);
    double try_at = out.iterations > 0 ? next_guess : HUGE_VAL;
    near = from != nullptr;
    if (from != nullptr) {
        std::vector<char> active(at(e.data->m), 0);
        for (const int i : from->rows) active[at(i)] = e.absent(i) ? 0 : 1;
        if (finish_sparse(e, form, eps, limit, from->x, active, false, out)) return;
    }
    serial_team team;
    sparse_form linear(form);
    bool settled = false, moved = false;
    near = false;
    double least = HUGE_VAL;
    int idle = 0;
    const auto guess = [&](const verdict& judged, const point& x, const interior_rows& rows) {
        const std::vector<char> active = moved ? active_by_step(e, rows) : active_by_size(e, rows.lambda, rows.s);
        moved = true;
        idle = judged.share < 0.5 * least ? 0 : idle + 1;
        least = std::min(least, judged.share);
        if (least <= close && idle == patience) return true;
        if (!(judged.share <= try_at)) return false;
        try_at = std::min(better * judged.share, next_guess);
        settled = finish_sparse(e, form, eps, limit, x, active, true, out);
        near = true;
        return settled;
    };
    const auto further = [&](serial_team&, sparse_form& of, const element& given, interior_rows& rows) {
        rows.resize(given.h.size());
        of.begin(given);
        of.read(reached->x);
        rows.lambda = reached->x.lambda;
        rows.s = reached->s;
        return true;
    };
    const auto is_certified = [](const interior_result& r) {
        return r.outcome == interior_outcome::infeasible || r.outcome == interior_outcome::unbounded;
    };
    interior_result result;
    if (reached != nullptr && is_inside(*reached)) {
        result = interior_point(team, linear, e, eps, limit, goal, guess, further);
        out.iterations += result.iterations;
    }
    // From the start, too, where that was no good beginning.
    if (!settled && !is_certified(result) && !(result.best.share <= 1)) {
        moved = false;
        least = HUGE_VAL;
        result = interior_point(team, linear, e, eps, limit, goal, guess);
        out.iterations += result.iterations;
    }
    limited = result.outcome == interior_outcome::limit && result.iterations >= limit;
    if (settled) return;
    const bool certified = is_certified(result);
    if (certified && !(out.best.share <= 1)) {
        out.x = result.direction;
        out.status =
            result.outcome == interior_outcome::infeasible ? status::primal_infeasible : status::dual_infeasible;
        return;
    }
    if (result.best.share < out.best.share) {
        out.best = result.best;
        out.x = result.x;
        out.basis.clear();
    }
    if (!(result.best.share < 1e8)) return;
    // Where max_iter leaves no round the finish is one solve and no step, as on the dense forms.
    const int used = out.iterations, rounds = how.max_iter ? std::max(2 * limit, used + 1) : used + active_rounds;
    finish_sparse(e, form, eps, rounds, result.x, active_by_size(e, result.x.lambda, result.s), false, out);
    if (how.max_iter) out.iterations = std::min(out.iterations, 2 * limit);
    if (out.basis.empty()) out.basis = sparse.rows();
}

bool road::finish_sparse(const element& e, const sparse_matrices& form, const tolerances& eps, int limit,
                         const point& from, std::vector<char> active, bool on_the_way, outcome& out) {
    point x;
    x.resize(*e.data);
    std::vector<double> gz;
    std::vector<int> rows;
    bool precise = false;
    std::size_t fewest = active.size() + 1, last_wrong = fewest;
    const int rounds = std::min(on_the_way ? near_rounds : active_rounds, limit - out.iterations);
    for (int round = 0, idle = 0; round < rounds; ++round) {
        rows.clear();
        for (std::size_t i = 0; i < active.size(); ++i)
            if (active[i] != 0) rows.push_back(static_cast<int>(i));
        ++out.iterations;
        if (!sparse.set_up(form, rows, {})) return false;
        if (round == 0 && near) {
            // Where multipliers are not unique those of the centre are positive; those of least size need not be.
            correct(e, form, from, rows, x, gz);
        } else {
            for (std::size_t j = 0; j < e.q.size(); ++j) x.z[j] = -e.q[j];
            x.nu = e.b;
            x.lambda = e.h;
            precise ? sparse.solve(x, gz) : sparse.estimate(x, gz);
        }
        // What has the wrong sign changes sides.
        const double zero = precise ? rounding : estimated_zero, z_size = largest(x.z);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < active.size(); ++i) {
            const double over = gz[i] - e.h[i] - (e.floor[i] + zero * (std::abs(e.h[i]) + z_size));
            const bool turns = (active[i] != 0 ? -x.lambda[i] : over) > 0;
            active[i] = static_cast<char>(active[i] ^ static_cast<char>(turns));
            wrong += turns ? 1 : 0;
        }
        idle = wrong < fewest ? 0 : idle + 1;
        fewest = std::min(fewest, wrong);
        const auto count = static_cast<double>(wrong);
        if (on_the_way && (count > far_off(e.data->m) || (count > few_wrong && wrong > last_wrong))) return false;
        last_wrong = wrong;
        const bool last = round + 1 == rounds || idle == active_idle;
        if (wrong > 0 && !last) continue;
        for (double& v : x.lambda) v = std::max(0.0, v);
        finish(e, sparse, eps, x, out, at_work);
        if (wrong == 0 && out.best.share <= (precise ? 1.0 : close_enough)) return true;
        if (last) return false;
        precise = true;
    }
    return false;
}

void road::correct(const element& e, const sparse_matrices& form, const point& from, const std::vector<int>& rows,
                   point& x, std::vector<double>& gz) const {
    x = from;
    std::fill(x.lambda.begin(), x.lambda.end(), 0.0);
    for (const int i : rows) x.lambda[at(i)] = from.lambda[at(i)];
    products of;
    point r;
    form.multiply(x, of);
    e.residual(of, r);
    sparse.correct(r);
    for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] += r.z[j];
    for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += r.nu[i];
    for (const int i : rows) x.lambda[at(i)] += r.lambda[at(i)];
    gz.assign(x.lambda.size(), 0.0);
    form.multiply_g(x.z.data(), gz.data());
}

active_rows decide_active_rows(const element& e, const sparse_matrices& form, const settings& how, const outcome& done,
                               const central_point* known) {
    const operators& o = *e.data;
    active_rows decided;
    decided.rows = done.basis;
    std::vector<char> in_basis(at(o.m), 0);
    for (const int i : done.basis) in_basis[at(i)] = 1;
    // Between a multiplier and a slack form D has R_ii, which here would take a solve for every row.
    std::vector<double> gz(at(o.m)), slope = e.q;
    form.multiply_g(done.x.z.data(), gz.data());
    double dual_size = largest(e.q);
    std::fill(slope.begin(), slope.end(), 0.0);
    form.multiply_q(done.x.z.data(), slope.data());
    dual_size = std::max(dual_size, largest(slope));
    const double z_size = largest(done.x.z), relative = std::max(64.0 * o.n * 1.1e-16, how.active_tolerance);
    const auto size = [&](int i) { return std::abs(e.h[at(i)]) + z_size; };
    const auto strength = [&](int i, double multiplier) {
        return multiplier * form.compliance(i, dual_size > 0 ? size(i) / dual_size : 1.0);
    };
    bool doubtful = false;
    std::vector<int> all;
    for (int i = 0; i < o.m; ++i) {
        const bool tight = !e.absent(i) && e.h[at(i)] - gz[at(i)] <= relative * size(i);
        if (!in_basis[at(i)] && !tight) continue;
        all.push_back(i);
        // A row that any multiplier of the solution holds is active in the point of maximal support.
        in_basis[at(i)] = in_basis[at(i)] && strength(i, done.x.lambda[at(i)]) > relative * size(i);
        doubtful = doubtful || !in_basis[at(i)];
    }
    if (!doubtful) return decided;

    // The point of maximal support tells strong rows from weak ones, as on form D. The way there starts beside the
    // solution, where every row has room and a multiplier of the same strength.
    const auto look = [&] {
        serial_team team;
        sparse_form linear(form);
        const tolerances eps{1e-9, 1e-9};
        const auto beside = [&](serial_team&, sparse_form& at_point, const element&, interior_rows& rows) {
            rows.resize(at(o.m));
            at_point.begin(e);
            at_point.read(done.x);
            for (int i = 0; i < o.m; ++i) {
                const double room = std::max(off_boundary * size(i), 1e-300), unit_strength = strength(i, 1.0);
                const double multiplier = unit_strength > 0 ? room / unit_strength : room;
                rows.s[at(i)] = e.absent(i) ? 1.0 : std::max(e.h[at(i)] - gz[at(i)], room);
                rows.lambda[at(i)] = e.absent(i) ? 0.0 : std::max(done.x.lambda[at(i)], multiplier);
            }
            return true;
        };
        interior_result centre = interior_point(team, linear, e, eps, interior_limit, 1.0, interior::never{}, beside);
        if (!(centre.best.share <= 1)) centre = interior_point(team, linear, e, eps, interior_limit, 1.0);
        if (centre.best.share <= 1e3) return central_point{centre.x.lambda, centre.s, centre.x.z};
        return central_point{};
    };
    const central_point found = known != nullptr ? *known : look();
    if (found.lambda.empty()) return decided;
    decided.rows.clear();
    decided.degenerate = true;
    std::vector<char> strong;
    strong.reserve(all.size());
    for (const int i : all)
        strong.push_back(in_basis[at(i)] != 0 || strength(i, found.lambda[at(i)]) > 100 * found.s[at(i)] ? 1 : 0);
    add_hidden_rows(o, e.given(), found, all, strong);
    for (std::size_t k = 0; k < all.size(); ++k) {
        const int i = all[k];
        const double multiplier = found.lambda[at(i)], slack = found.s[at(i)];
        if (!strong[k] && slack > 100 * strength(i, multiplier)) continue;
        decided.rows.push_back(i);
        decided.ratios.push_back(strong[k] ? 0.0 : slack / multiplier);
    }
    return decided;
}

} // namespace optnet::solver
