// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/shared_chunk.hpp"

#include "solver/algorithm/defaults.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The primal-dual method takes three to eight steps where it ends, a few more with hundreds of rows.
constexpr int lane_steps = 16;
/// So many steps of the dual active set take about as long as a guess where R is singular (measured).
int few_steps(std::int64_t m) { return static_cast<int>(8 + m / 6); }

} // namespace

void shared_chunk::points::resize(const operators& data, std::int64_t count) {
    n = data.n;
    p = data.p;
    m = data.m;
    for (array* a : {&z, &qz, &atnu, &gtl}) a->resize(at(count * n));
    for (array* a : {&nu, &az}) a->resize(at(count * p));
    for (array* a : {&lambda, &gz}) a->resize(at(count * m));
}

void shared_chunk::points::multiply(const operators& data, std::int64_t count) {
    data.multiply_rows(matrix::Q, z.data(), qz.data(), count);
    data.multiply_transposed_rows(matrix::A, nu.data(), atnu.data(), count);
    data.multiply_transposed_rows(matrix::G, lambda.data(), gtl.data(), count);
    data.multiply_rows(matrix::A, z.data(), az.data(), count);
    data.multiply_rows(matrix::G, z.data(), gz.data(), count);
}

void shared_chunk::points::copy_row(const points& other, std::int64_t from, std::int64_t to) {
    const auto copy = [&](const array& source, array& target, std::int64_t width) {
        std::copy_n(source.data() + from * width, width, target.data() + to * width);
    };
    copy(other.z, z, n), copy(other.qz, qz, n), copy(other.atnu, atnu, n), copy(other.gtl, gtl, n);
    copy(other.nu, nu, p), copy(other.az, az, p);
    copy(other.lambda, lambda, m), copy(other.gz, gz, m);
}

template <class T>
void shared_chunk::load(const problem<T>& batch, std::int64_t first, int count, const operators& data,
                        const settings& how, const tolerances& eps, const starting_points<T>& from) {
    const double eps_abs = eps.absolute > 0 ? eps.absolute : eps.relative;
    bool like_first = false; // what problems share is that of row 0, which is finite
    const auto copy_first = [&](array& a, std::int64_t i, std::int64_t width) {
        std::copy_n(a.data(), width, a.data() + i * width);
    };
    for (std::int64_t i = 0; i < count; ++i) {
        result& own = results[at(i)];
        own.best = {HUGE_VAL, HUGE_VAL, HUGE_VAL};
        own.iterations = 0;
        const bool same_q = like_first && batch.q.shared(), same_b = like_first && batch.b.shared(),
                   same_h = like_first && batch.h.shared();
        const found_in_numbers found = read_right_sides(
            batch, first + i, data.measures(), how, eps_abs, same_q ? nullptr : q.data() + i * n,
            same_b ? nullptr : b.data() + i * p, same_h ? nullptr : h.data() + i * m, floor.data() + i * m);
        own.tried = data.finite && found.finite && found.impossible_row < 0;
        own.start.usable = false;
        if (!own.tried) {
            clear(i);
            continue;
        }
        if (same_q) copy_first(q, i, n);
        if (same_b) copy_first(b, i, p);
        if (same_h) copy_first(h, i, m), copy_first(floor, i, m);
        like_first = like_first || i == 0;
        if (!from.given()) continue;
        loaded.load(batch, first + i, data, how, eps_abs);
        own.start.load(from, first + i, loaded);
    }
}

template <class T>
void shared_chunk::run(const problem<T>& batch, std::int64_t first, int count, const operators& data,
                       const dual_form& form, const dual_form::common_start& start, const settings& how,
                       const tolerances& eps, const starting_points<T>& from, bool gradient) {
    n = data.n;
    p = data.p;
    m = data.m;
    precision = sizeof(T) == 8 ? 1e-12 : 1e-10;
    constexpr std::int64_t block = dual_form::row_block;
    rows = (count + block - 1) / block * block;
    q.resize(at(rows * n));
    b.resize(at(rows * p));
    for (array* a : {&h, &floor}) a->resize(at(rows * m));
    x.resize(data, rows);
    std::fill(x.lambda.begin(), x.lambda.end(), 0.0);
    results.resize(std::max(results.size(), at(rows)));
    load(batch, first, count, data, how, eps, from);
    for (std::int64_t i = count; i < rows; ++i) clear(i);
    for (auto i = at(count); i < results.size(); ++i) results[i].tried = false;

    // z₀ stays between the two halves of the equality solve, where multipliers enter.
    x.nu = b;
    d = h;
    if (start.usable) {
        form.forward_rows(start, x.z.data(), x.nu.data(), rows);
    } else {
        for (std::size_t j = 0; j < q.size(); ++j) x.z[j] = -q[j];
        form.forward_rows(x.z.data(), x.nu.data(), rows);
    }
    form.subtract_products(start.usable ? &start : nullptr, x.z.data(), x.nu.data(), d.data(), rows);
    find_active_sets(data, form, how);
    form.subtract_multipliers(x.lambda.data(), x.z.data(), x.nu.data(), rows);
    form.backward_rows(x.z.data(), x.nu.data(), rows);
    finish(data, form, eps, gradient);
}

template void shared_chunk::run(const problem<double>&, std::int64_t, int, const operators&, const dual_form&,
                                const dual_form::common_start&, const settings&, const tolerances&,
                                const starting_points<double>&, bool);
template void shared_chunk::run(const problem<float>&, std::int64_t, int, const operators&, const dual_form&,
                                const dual_form::common_start&, const settings&, const tolerances&,
                                const starting_points<float>&, bool);

/// Row i is no problem.
void shared_chunk::clear(std::int64_t i) {
    std::fill_n(q.begin() + i * n, n, 0.0);
    std::fill_n(b.begin() + i * p, p, 0.0);
    std::fill_n(h.begin() + i * m, m, 0.0);
    std::fill_n(floor.begin() + i * m, m, 0.0);
}

void shared_chunk::find_active_sets(const operators& data, const dual_form& form, const settings& how) {
    const int limit = step_limit(how, data.n, data.m);
    const bool several = goes_in_lanes(data.n, data.p, data.m);
    for (result& own : results) own.settled = false;
    if (several) {
        lanes.problems.resize(at(rows));
        const bool guessed = form.guesses().usable();
        if (guessed) guess.run(form.guesses(), m, rows, d.data(), floor.data());
        for (std::int64_t i = 0; i < rows; ++i) {
            const result& own = results[at(i)];
            auto& to = lanes.problems[at(i)];
            to.wanted = own.tried;
            to.started = own.tried && (own.start.usable || guessed);
            if (!to.started) continue;
            if (own.start.usable)
                to.rows = own.start.rows;
            else
                guess.rows(i, to.rows);
        }
        in_lanes(form, std::min(lane_steps, limit));
    }
    one_by_one(data, form, limit, several);
}

void shared_chunk::in_lanes(const dual_form& form, int limit) {
    lanes.solve(form.r_row(0), m, d.data(), floor.data(), limit);
    for (std::int64_t i = 0; i < rows; ++i) {
        result& own = results[at(i)];
        auto& found = lanes.problems[at(i)];
        if (!found.wanted) continue;
        own.iterations += found.steps;
        if (!found.solved) continue;
        own.settled = true;
        std::copy_n(found.lambda.data(), m, x.lambda.data() + i * m);
    }
}

/// The dual active set for what is left; it goes on from what the last step in lanes left positive. What does not end
/// soon from nothing begins again from a guess, which costs as much as many steps with few rows.
void shared_chunk::one_by_one(const operators& data, const dual_form& form, int limit, bool after_lanes) {
    const int soon = !after_lanes && form.guesses().usable() ? std::min(limit, few_steps(m)) : limit;
    late.clear();
    for (std::int64_t i = 0; i < rows; ++i) {
        result& own = results[at(i)];
        if (!own.tried || own.settled) continue;
        const bool started = after_lanes || own.start.usable;
        if (after_lanes) {
            const auto& found = lanes.problems[at(i)];
            dual.basis.clear();
            for (const int j : found.rows)
                if (found.lambda[at(j)] > 0) dual.basis.push_back(j);
            dual.lambda = found.lambda;
        } else if (own.start.usable) {
            dual.basis = own.start.rows;
            dual.lambda = own.start.x.lambda;
        }
        const int most = started ? limit : soon;
        if (alone(data, form, i, most, started) == dual_outcome::limit && most < limit) late.push_back(i);
    }
    if (late.empty()) return;
    constexpr std::int64_t block = dual_form::row_block;
    const auto size = static_cast<std::int64_t>(late.size()), count = (size + block - 1) / block * block;
    late_d.assign(at(count * m), 0.0);
    late_floor.assign(at(count * m), 0.0);
    for (std::int64_t c = 0; c < size; ++c) {
        std::copy_n(d.data() + late[at(c)] * m, m, late_d.data() + c * m);
        std::copy_n(floor.data() + late[at(c)] * m, m, late_floor.data() + c * m);
    }
    guess.run(form.guesses(), m, count, late_d.data(), late_floor.data());
    for (std::int64_t c = 0; c < size; ++c) {
        guess.rows(c, dual.basis);
        guess.multipliers(form.guesses(), c, dual.lambda);
        alone(data, form, late[at(c)], limit - soon, true);
    }
}

/// The dual active set of one problem: it stays `tried` if that ends.
dual_outcome shared_chunk::alone(const operators& data, const dual_form& form, std::int64_t i, int limit,
                                 bool started) {
    result& own = results[at(i)];
    own_d.assign(d.begin() + i * m, d.begin() + (i + 1) * m);
    own_floor.assign(floor.begin() + i * m, floor.begin() + (i + 1) * m);
    const dual_outcome end = dual.solve(form, own_d, own_floor, limit, started);
    own.tried = end == dual_outcome::optimal;
    own.iterations += dual.steps;
    if (!own.tried) return end;
    own.system.adopt(form, data, dual.basis, dual.factor(), dual.stride());
    std::copy_n(dual.lambda.data(), m, x.lambda.data() + i * m);
    return end;
}

/// The systems of problems that were settled in lanes.
void shared_chunk::adopt_factors(const operators& data, const dual_form& form, const std::vector<std::size_t>& which) {
    lanes.factor(which);
    for (const std::size_t i : which) {
        auto& found = lanes.problems[i];
        results[i].system.adopt(form, data, found.rows, std::move(found.factor), found.stride);
    }
}

void shared_chunk::finish(const operators& data, const dual_form& form, const tolerances& eps, bool gradient) {
    x.multiply(data, rows);
    todo.clear();
    std::vector<std::size_t> missing;
    for (std::int64_t i = 0; i < rows; ++i) {
        result& own = results[at(i)];
        own.refined = -1;
        if (!own.tried) continue;
        const verdict v = judge(data.measures(), given(static_cast<int>(i)), x.row(i), eps);
        own.trusted = trustworthy(v, precision) && of_like_size(data.q_max);
        const bool done = accurate(v, form.least_pivot(), row(x.z, i, n), at(n), precision);
        if (done)
            own.best = v;
        else
            todo.push_back(at(i));
        const bool in_lane = serves_in_lane(own, basis(static_cast<int>(i)));
        if (own.settled && (!done || (gradient && !in_lane))) missing.push_back(at(i));
        if (!own.settled && own.trusted) own.system.trust();
    }
    adopt_factors(data, form, missing);
    for (const std::size_t i : missing)
        if (results[i].trusted) results[i].system.trust();
    if (!todo.empty()) refine(data, form, eps);
}

/// Steps of refinement for those that are left.
void shared_chunk::refine(const operators& data, const dual_form& form, const tolerances& eps) {
    constexpr std::int64_t block = dual_form::row_block;
    const auto size = static_cast<std::int64_t>(todo.size()), count = (size + block - 1) / block * block;
    again.resize(data, count);
    improved.resize(data, count);
    rz.assign(at(count * n), 0.0);
    rnu.assign(at(count * p), 0.0);
    rlambda.assign(at(count * m), 0.0);
    systems.assign(at(count), nullptr);
    for (std::int64_t c = 0; c < size; ++c) {
        again.copy_row(x, static_cast<std::int64_t>(todo[at(c)]), c);
        systems[at(c)] = &results[todo[at(c)]].system;
    }
    for (std::int64_t c = size; c < count; ++c) again.copy_row(again, 0, c);
    bool any = true;
    for (int step = 0; step < finish_steps && any; ++step) {
        for (std::int64_t c = 0; c < size; ++c) {
            const evaluated at_c = again.row(c);
            const right_sides e = given(static_cast<int>(todo[at(c)]));
            for (std::int64_t j = 0; j < n; ++j)
                rz[at(c * n + j)] = -(at_c.qz[j] + e.q[j] + at_c.atnu[j] + at_c.gtl[j]);
            for (std::int64_t i = 0; i < p; ++i) rnu[at(c * p + i)] = e.b[i] - at_c.az[i];
            for (std::int64_t i = 0; i < m; ++i) rlambda[at(c * m + i)] = e.h[i] - at_c.gz[i];
        }
        kkt.solve_once(form, systems, {}, rz.data(), rnu.data(), rlambda.data(), count);
        // Of a problem that is done the point stays or not: nobody looks at it any more.
        for (std::size_t j = 0; j < rz.size(); ++j) again.z[j] += rz[j];
        for (std::size_t i = 0; i < rnu.size(); ++i) again.nu[i] += rnu[i];
        for (std::size_t i = 0; i < rlambda.size(); ++i) again.lambda[i] = std::max(0.0, again.lambda[i] + rlambda[i]);
        again.multiply(data, count);
        any = false;
        for (std::int64_t c = 0; c < size; ++c) {
            if (systems[at(c)] == nullptr) continue;
            result& own = results[todo[at(c)]];
            const verdict v = judge(data.measures(), given(static_cast<int>(todo[at(c)])), again.row(c), eps);
            const double before = own.best.share;
            if (v.share < before) {
                own.best = v;
                own.refined = c;
                improved.copy_row(again, c, c);
            }
            // One step is the rule; another where it pays.
            if (own.best.share <= close_enough || !(v.share < 0.5 * before))
                systems[at(c)] = nullptr;
            else
                any = true;
        }
    }
}

} // namespace optnet::solver
