// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/shared_chunk.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The primal-dual method takes three to eight steps where it ends, a few more with hundreds of rows.
constexpr int lane_steps = 16;

void copy_row(const std::vector<double>& from, std::vector<double>& to, std::int64_t i, std::int64_t width) {
    std::copy_n(from.data() + i * width, width, to.data() + i * width);
}

} // namespace

template <class T>
void shared_chunk::run(const problem<T>& batch, std::int64_t first, int count, const operators& data,
                       const dual_form& form, const settings& how, const tolerances& eps,
                       const starting_points<T>& from) {
    n = data.n;
    p = data.p;
    m = data.m;
    precision = sizeof(T) == 8 ? 1e-12 : 1e-10;
    constexpr std::int64_t block = dual_form::row_block;
    rows = (count + block - 1) / block * block;
    for (array* a : {&q, &z, &qz, &atnu, &gtl, &rz, &best_z}) a->resize(at(rows * n));
    for (array* a : {&b, &nu, &az, &rnu, &best_nu}) a->resize(at(rows * p));
    for (array* a : {&h, &floor, &lambda, &d, &gz, &rlambda, &best_lambda, &best_gz}) a->resize(at(rows * m));
    std::fill(lambda.begin(), lambda.end(), 0.0);
    results.resize(std::max(results.size(), at(rows)));
    for (int i = 0; i < count; ++i) {
        result& own = results[at(i)];
        loaded.load(batch, first + i, data, how, eps.absolute > 0 ? eps.absolute : eps.relative);
        own.tried = loaded.finite && loaded.impossible_row < 0;
        own.best = {HUGE_VAL, HUGE_VAL, HUGE_VAL};
        own.iterations = 0;
        if (!own.tried) {
            clear(i);
            continue;
        }
        own.start.load(from, first + i, loaded);
        std::copy(loaded.q.begin(), loaded.q.end(), q.begin() + i * n);
        std::copy(loaded.b.begin(), loaded.b.end(), b.begin() + i * p);
        std::copy(loaded.h.begin(), loaded.h.end(), h.begin() + i * m);
        std::copy(loaded.floor.begin(), loaded.floor.end(), floor.begin() + i * m);
    }
    for (std::int64_t i = count; i < rows; ++i) clear(i);
    for (auto i = at(count); i < results.size(); ++i) results[i].tried = false;

    // z₀ stays between the two halves of the equality solve, where multipliers enter.
    for (std::size_t j = 0; j < z.size(); ++j) z[j] = -q[j];
    nu = b;
    form.forward_rows(z.data(), nu.data(), rows);
    form.inequality_products(z.data(), nu.data(), d.data(), rows);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = h[i] - d[i];
    find_active_sets(data, form, how);
    form.subtract_multipliers(lambda.data(), z.data(), nu.data(), rows);
    form.backward_rows(z.data(), nu.data(), rows);
    finish(data, form, eps);
}

template void shared_chunk::run(const problem<double>&, std::int64_t, int, const operators&, const dual_form&,
                                const settings&, const tolerances&, const starting_points<double>&);
template void shared_chunk::run(const problem<float>&, std::int64_t, int, const operators&, const dual_form&,
                                const settings&, const tolerances&, const starting_points<float>&);

/// Row i is no problem.
void shared_chunk::clear(std::int64_t i) {
    std::fill_n(q.begin() + i * n, n, 0.0);
    std::fill_n(b.begin() + i * p, p, 0.0);
    std::fill_n(h.begin() + i * m, m, 0.0);
    std::fill_n(floor.begin() + i * m, m, 0.0);
}

void shared_chunk::find_active_sets(const operators& data, const dual_form& form, const settings& how) {
    const int limit = active_set_limit(data, how);
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
        in_lanes(data, form, std::min(lane_steps, limit));
    }
    one_by_one(data, form, limit, several);
}

void shared_chunk::in_lanes(const operators& data, const dual_form& form, int limit) {
    lanes.solve(form.r_row(0), m, d.data(), floor.data(), limit);
    for (std::int64_t i = 0; i < rows; ++i) {
        result& own = results[at(i)];
        auto& found = lanes.problems[at(i)];
        if (!found.wanted) continue;
        own.iterations += found.steps;
        if (!found.solved) continue;
        own.settled = true;
        own.system.adopt(form, data, found.rows, std::move(found.factor), found.stride);
        std::copy_n(found.lambda.data(), m, lambda.data() + i * m);
    }
}

/// The dual active set for what is left; it goes on from what the last step in lanes left positive.
void shared_chunk::one_by_one(const operators& data, const dual_form& form, int limit, bool after_lanes) {
    for (std::int64_t i = 0; i < rows; ++i) {
        result& own = results[at(i)];
        if (!own.tried || own.settled) continue;
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
        own_d.assign(d.begin() + i * m, d.begin() + (i + 1) * m);
        own_floor.assign(floor.begin() + i * m, floor.begin() + (i + 1) * m);
        own.tried = dual.solve(form, own_d, own_floor, limit, after_lanes || own.start.usable) == dual_outcome::optimal;
        own.iterations += dual.steps;
        if (!own.tried) continue;
        own.system.adopt(form, data, dual.basis, dual.factor(), dual.stride());
        std::copy_n(dual.lambda.data(), m, lambda.data() + i * m);
    }
}

/// The products of the points with the matrices.
void shared_chunk::multiply(const operators& data) {
    for (array* a : {&qz, &atnu, &gtl, &az, &gz}) std::fill(a->begin(), a->end(), 0.0);
    data.multiply_add_rows(matrix::Q, z.data(), qz.data(), rows);
    data.multiply_transposed_add_rows(matrix::A, nu.data(), atnu.data(), rows);
    data.multiply_transposed_add_rows(matrix::G, lambda.data(), gtl.data(), rows);
    data.multiply_add_rows(matrix::A, z.data(), az.data(), rows);
    data.multiply_add_rows(matrix::G, z.data(), gz.data(), rows);
}

void shared_chunk::finish(const operators& data, const dual_form& form, const tolerances& eps) {
    systems.assign(at(rows), nullptr);
    for (std::int64_t i = 0; i < rows; ++i)
        if (results[at(i)].tried) systems[at(i)] = &results[at(i)].system;
    multiply(data);
    const auto verdict_of = [&](std::int64_t i) {
        const evaluated x{row(z, i, n),    row(nu, i, p),  row(lambda, i, m), row(qz, i, n),
                          row(atnu, i, n), row(gtl, i, n), row(az, i, p),     row(gz, i, m)};
        return judge(data.measures(), given(static_cast<int>(i)), x, eps);
    };
    const auto take = [&](std::int64_t i, const verdict& v) {
        results[at(i)].best = v;
        copy_row(z, best_z, i, n);
        copy_row(nu, best_nu, i, p);
        copy_row(lambda, best_lambda, i, m);
        copy_row(gz, best_gz, i, m);
    };
    bool any = false;
    for (std::int64_t i = 0; i < rows; ++i) {
        if (systems[at(i)] == nullptr) continue;
        const verdict v = verdict_of(i);
        if (trustworthy(v, precision)) results[at(i)].system.trust();
        if (accurate(v, form.least_pivot(), row(z, i, n), at(n), precision)) {
            take(i, v);
            systems[at(i)] = nullptr;
        } else {
            any = true;
        }
    }
    for (int step = 0; step < finish_steps && any; ++step) {
        for (std::size_t j = 0; j < z.size(); ++j) rz[j] = -(qz[j] + q[j] + atnu[j] + gtl[j]);
        for (std::size_t i = 0; i < nu.size(); ++i) rnu[i] = b[i] - az[i];
        for (std::size_t i = 0; i < lambda.size(); ++i) rlambda[i] = h[i] - gz[i];
        kkt.solve_once(form, systems, {}, rz.data(), rnu.data(), rlambda.data(), rows);
        // Of a problem that is done the point stays or not: nobody looks at it any more.
        for (std::size_t j = 0; j < z.size(); ++j) z[j] += rz[j];
        for (std::size_t i = 0; i < nu.size(); ++i) nu[i] += rnu[i];
        for (std::size_t i = 0; i < lambda.size(); ++i) lambda[i] = std::max(0.0, lambda[i] + rlambda[i]);
        multiply(data);
        any = false;
        for (int i = 0; i < rows; ++i) {
            if (systems[at(i)] == nullptr) continue;
            const verdict& best = results[at(i)].best;
            const verdict v = verdict_of(i);
            const double before = best.share;
            if (v.share < before) take(i, v);
            // One step is the rule; another where it pays.
            if (best.share <= close_enough || !(v.share < 0.5 * before))
                systems[at(i)] = nullptr;
            else
                any = true;
        }
    }
}

} // namespace optnet::solver
