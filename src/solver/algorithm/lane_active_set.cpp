// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_active_set.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int width = cpu::lanes<double>;
/// As in the dual active set: a pivot of this share of its diagonal entry is rounding, and so is a slack.
constexpr double dependent = 1e-11;
constexpr double rounding = 1e-13;

std::int64_t round_up(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }

} // namespace

void lane_active_set::solve(const dual_form& form, std::int64_t rows, const double* d, const double* floor, int limit) {
    m = rows;
    right = d;
    todo.clear();
    for (std::size_t i = 0; i < problems.size(); ++i) {
        lane& p = problems[i];
        p.solved = false;
        p.steps = 0;
        if (!p.started) p.rows.clear();
        p.lambda.assign(at(m), 0.0);
        if (!p.wanted) continue;
        const double *own = d + static_cast<std::int64_t>(i) * m, *bar = floor + static_cast<std::int64_t>(i) * m;
        for (std::int64_t j = 0; !p.started && j < m; ++j)
            if (own[j] < -bar[j]) p.rows.push_back(static_cast<int>(j));
        todo.push_back(i);
    }
    for (int count = 0; count < limit && !todo.empty(); ++count) {
        // Problems with as many rows share their lanes, so that little is spent on filling up.
        std::sort(todo.begin(), todo.end(), [&](std::size_t a, std::size_t b) {
            const std::size_t more = problems[a].rows.size(), less = problems[b].rows.size();
            return more != less ? more > less : a < b;
        });
        const auto padded = round_up(static_cast<std::int64_t>(todo.size()), dual_form::row_block);
        lambda.assign(at(padded * m), 0.0);
        s.assign(at(padded * m), 0.0);
        for (std::size_t first = 0; first < todo.size(); first += width)
            step(form, first, std::min<std::size_t>(width, todo.size() - first));
        for (std::size_t i = 0; i < todo.size(); ++i)
            std::copy_n(d + static_cast<std::int64_t>(todo[i]) * m, m, s.data() + static_cast<std::int64_t>(i) * m);
        form.add_r_products(lambda.data(), s.data(), padded);
        std::size_t left = 0;
        for (std::size_t i = 0; i < todo.size(); ++i) {
            const std::int64_t from = static_cast<std::int64_t>(todo[i]) * m;
            if (advance(problems[todo[i]], i, d + from, floor + from)) todo[left++] = todo[i];
        }
        todo.resize(left);
    }
}

/// λ_W of up to `width` problems of `todo`, and their factors.
void lane_active_set::step(const dual_form& form, std::size_t first, std::size_t count) {
    const auto& kernels = cpu::dense<double>();
    const auto k = round_up(static_cast<std::int64_t>(problems[todo[first]].rows.size()), 4);
    which.assign(at(k * width), 0);
    x.assign(at(k * width), 0.0);
    counts.assign(width, 0.0);
    // An odd distance of rows: powers of two would meet in few places of the cache.
    const std::int64_t ld = k + 1;
    l.resize(std::max(l.size(), at(k * ld * width)));
    inv.resize(std::max(inv.size(), at(k * width)));
    for (std::size_t c = 0; c < count; ++c) {
        const std::size_t problem = todo[first + c];
        const std::vector<int>& rows = problems[problem].rows;
        counts[c] = static_cast<double>(rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            which[i * width + c] = rows[i];
            x[i * width + c] = -right[static_cast<std::int64_t>(problem) * m + rows[i]];
        }
    }
    kernels.lanes_cholesky(form.r_row(0), m, which.data(), counts.data(), k, dependent, l.data(), ld, inv.data());
    kernels.lanes_solve(l.data(), ld, inv.data(), k, x.data());
    for (std::size_t c = 0; c < count; ++c) {
        auto& problem = problems[todo[first + c]];
        double* own = lambda.data() + static_cast<std::int64_t>(first + c) * m;
        const std::size_t size = problem.rows.size();
        bool positive = true;
        for (std::size_t i = 0; i < size; ++i) {
            const double value = x[i * width + c];
            positive = positive && value >= 0;
            own[problem.rows[i]] = value;
        }
        problem.factor.clear();
        if (!positive) continue;
        // It may be the last step: the factor is what the finish needs.
        problem.factor.resize(size * size);
        for (std::size_t i = 0; i < size; ++i)
            for (std::size_t j = 0; j <= i; ++j) problem.factor[i * size + j] = l[(i * at(ld) + j) * width + c];
    }
}

/// Goes on to the next W; false if that is the same one or the step broke down.
bool lane_active_set::advance(lane& p, std::size_t place, const double* d, const double* floor) {
    const double *value = lambda.data() + static_cast<std::int64_t>(place) * m,
                 *slack = s.data() + static_cast<std::int64_t>(place) * m;
    ++p.steps;
    for (const int i : p.rows)
        if (!(std::abs(value[i]) < 1e300)) {
            p.rows.clear();
            return false;
        }
    // Without branches: which rows are violated is as good as random.
    inside.assign(at(m), 0);
    for (const int i : p.rows) inside[at(i)] = 1;
    next.resize(at(m));
    std::size_t count = 0;
    int changes = 0;
    for (std::int64_t i = 0; i < m; ++i) {
        const double least = std::max(floor[i], rounding * (std::abs(d[i]) + std::abs(slack[i] - d[i])));
        const int was = inside[at(i)], violated = slack[i] < -least ? 1 : 0, positive = value[i] >= 0 ? 1 : 0;
        const int is = (was & positive) | ((was ^ 1) & violated);
        changes += was ^ is;
        next[count] = static_cast<int>(i);
        count += static_cast<std::size_t>(is);
    }
    const bool same = changes == 0;
    next.resize(count);
    for (std::int64_t i = 0; i < m; ++i) p.lambda[at(i)] = value[i] > 0 ? value[i] : 0.0;
    p.solved = same;
    if (!same) p.rows = next;
    return !same;
}

} // namespace optnet::solver
