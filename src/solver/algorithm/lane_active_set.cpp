// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_active_set.hpp"

#include "solver/algorithm/dual_form.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int lane_count = cpu::lanes<double>;
/// As in the dual active set: a pivot of this share of its diagonal entry is rounding, and so is a slack.
constexpr double dependent = 1e-11, rounding = 1e-13;

std::int64_t round_up(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }

} // namespace

void lane_active_set::solve(const double* R, std::int64_t rows, const double* d, const double* floor, int limit) {
    m = rows;
    r = R;
    right = d;
    todo.clear();
    for (std::size_t i = 0; i < problems.size(); ++i) {
        lane& p = problems[i];
        p.solved = p.exhausted = false;
        p.steps = 0;
        if (!p.wanted) continue;
        if (!p.started) p.rows.clear();
        p.lambda.assign(at(m), 0.0);
        p.inside.assign(at(m), 0.0);
        const double *own = d + static_cast<std::int64_t>(i) * m, *bar = floor + static_cast<std::int64_t>(i) * m;
        for (std::int64_t j = 0; !p.started && j < m; ++j)
            if (own[j] < -bar[j]) p.rows.push_back(static_cast<int>(j));
        for (const int j : p.rows) p.inside[at(j)] = 1.0;
        todo.push_back(i);
    }
    most_steps = limit;
    constexpr std::size_t width = lane_count;
    for (int count = 0; count < limit && !todo.empty(); ++count) {
        // Problems with as many rows share their lanes, so that little is spent on filling up.
        std::sort(todo.begin(), todo.end(), [&](std::size_t a, std::size_t b) {
            const std::size_t more = problems[a].rows.size(), less = problems[b].rows.size();
            return more != less ? more > less : a < b;
        });
        const auto padded = round_up(static_cast<std::int64_t>(todo.size()), dual_form::row_block);
        lambda.assign(at(padded * m), 0.0);
        s.resize(at(padded * m));
        std::fill(s.begin() + static_cast<std::ptrdiff_t>(todo.size()) * m, s.end(), 0.0);
        for (std::size_t first = 0; first < todo.size(); first += width)
            step(first, std::min(width, todo.size() - first));
        for (std::size_t i = 0; i < todo.size(); ++i)
            std::copy_n(d + static_cast<std::int64_t>(todo[i]) * m, m, s.data() + static_cast<std::int64_t>(i) * m);
        // R is symmetric.
        cpu::dense<double>().gemm_nn(s.data(), m, lambda.data(), m, r, m, padded, m, m, 1.0, 1.0);
        std::size_t left = 0;
        for (std::size_t i = 0; i < todo.size(); ++i) {
            const std::int64_t from = static_cast<std::int64_t>(todo[i]) * m;
            if (advance(problems[todo[i]], i, d + from, floor + from)) todo[left++] = todo[i];
        }
        todo.resize(left);
    }
    for (const std::size_t i : todo) problems[i].exhausted = true;
}

/// λ_W of up to `width` problems of `todo`, and their factors.
void lane_active_set::step(std::size_t first, std::size_t count) {
    constexpr int width = lane_count;
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
    kernels.lanes_cholesky(r, m, which.data(), counts.data(), k, dependent, l.data(), ld, inv.data());
    kernels.lanes_solve(l.data(), ld, inv.data(), k, x.data());
    // It may be the last step of those with positive multipliers: the factor is what the finish needs.
    std::array<double*, width> factors{};
    std::int64_t positive = 0;
    for (std::size_t c = 0; c < count; ++c) {
        auto& problem = problems[todo[first + c]];
        double* own = lambda.data() + static_cast<std::int64_t>(first + c) * m;
        const std::size_t size = problem.rows.size();
        bool all = true;
        for (std::size_t i = 0; i < size; ++i) {
            const double value = x[i * width + c];
            all = all && value >= 0;
            own[problem.rows[i]] = value;
        }
        if (!all) continue;
        problem.factor.resize(std::max(problem.factor.size(), at(k * k)));
        problem.stride = k;
        factors[c] = problem.factor.data();
        ++positive;
    }
    if (positive > 0) leave_factors(factors.data(), k, ld, positive);
}

/// Row i of L of every lane to factors[lane] + i k, where that is wanted.
void lane_active_set::leave_factors(double** factors, std::int64_t k, std::int64_t ld, std::int64_t wanted) {
    constexpr int width = lane_count;
    if (wanted < 3) {
        for (int c = 0; c < width; ++c)
            for (std::int64_t i = 0; factors[c] != nullptr && i < k; ++i)
                for (std::int64_t j = 0; j <= i; ++j) factors[c][i * k + j] = l[at((i * ld + j) * width + c)];
        return;
    }
    // In transposed tiles; the rows of the others go where nobody looks.
    nowhere.resize(at(k));
    std::array<double*, width> to;
    for (std::int64_t i = 0; i < k; ++i) {
        for (int c = 0; c < width; ++c) to[at(c)] = factors[c] == nullptr ? nowhere.data() : factors[c] + i * k;
        cpu::dense<double>().lanes_scatter(l.data() + i * ld * width, i + 1, to.data());
    }
}

/// Goes on to the next W; false if that is the same one or the step broke down.
bool lane_active_set::advance(lane& p, std::size_t place, const double* d, const double* floor) {
    const double* value = lambda.data() + static_cast<std::int64_t>(place) * m;
    const double* slack = s.data() + static_cast<std::int64_t>(place) * m;
    ++p.steps;
    next.resize(at(m));
    std::int64_t count = 0;
    const std::int64_t changes =
        cpu::dense<double>().next_set(value, slack, d, floor, m, rounding, p.inside.data(), next.data(), &count);
    if (changes < 0) {
        p.rows.clear();
        return false;
    }
    p.solved = changes == 0;
    if (!p.solved) p.rows.assign(next.begin(), next.begin() + count);
    if (p.solved || p.steps == most_steps)
        for (std::int64_t i = 0; i < m; ++i) p.lambda[at(i)] = value[i] > 0 ? value[i] : 0.0;
    return !p.solved;
}

} // namespace optnet::solver
