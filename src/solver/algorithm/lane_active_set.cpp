// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/lane_active_set.hpp"

#include "solver/algorithm/dual_form.hpp"
#include "solver/algorithm/factor_lanes.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr int lane_count = cpu::lanes<double>;
/// As in the dual active set: a slack of this share of its terms is rounding.
constexpr double rounding = 1e-13;

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

/// The factors of up to `width` problems, one per lane.
void lane_active_set::factor_group(const std::size_t* members, std::size_t count) {
    constexpr int width = lane_count;
    std::size_t most = 0;
    for (std::size_t c = 0; c < count; ++c) most = std::max(most, problems[members[c]].rows.size());
    k = round_up(static_cast<std::int64_t>(most), 4);
    which.assign(at(k * width), 0);
    counts.assign(width, 0.0);
    l.resize(std::max(l.size(), at(k * distance() * width)));
    inv.resize(std::max(inv.size(), at(k * width)));
    for (std::size_t c = 0; c < count; ++c) {
        const std::vector<int>& rows = problems[members[c]].rows;
        counts[c] = static_cast<double>(rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) which[i * width + c] = rows[i];
    }
    cpu::dense<double>().lanes_cholesky(r, m, which.data(), counts.data(), k, factor_lanes::dependent, l.data(),
                                        distance(), inv.data());
}

/// λ_W of up to `width` problems of `todo`.
void lane_active_set::step(std::size_t first, std::size_t count) {
    constexpr int width = lane_count;
    factor_group(todo.data() + first, count);
    x.assign(at(k * width), 0.0);
    for (std::size_t c = 0; c < count; ++c) {
        const std::vector<int>& rows = problems[todo[first + c]].rows;
        const double* own = right + static_cast<std::int64_t>(todo[first + c]) * m;
        for (std::size_t i = 0; i < rows.size(); ++i) x[i * width + c] = -own[rows[i]];
    }
    cpu::dense<double>().lanes_solve(l.data(), distance(), inv.data(), k, x.data());
    for (std::size_t c = 0; c < count; ++c) {
        const std::vector<int>& rows = problems[todo[first + c]].rows;
        double* own = lambda.data() + static_cast<std::int64_t>(first + c) * m;
        for (std::size_t i = 0; i < rows.size(); ++i) own[rows[i]] = x[i * width + c];
    }
}

void lane_active_set::factor(const std::vector<std::size_t>& which_problems) {
    for (std::size_t first = 0; first < which_problems.size(); first += lane_count) {
        const std::size_t count = std::min<std::size_t>(lane_count, which_problems.size() - first);
        factor_group(which_problems.data() + first, count);
        leave_factors(which_problems.data() + first, count);
    }
}

/// The rows of L from the lanes to their problems.
void lane_active_set::leave_factors(const std::size_t* members, std::size_t count) {
    constexpr int width = lane_count;
    // In transposed tiles; the lanes of nobody go where nobody looks.
    nowhere.resize(at(k));
    std::array<double*, width> to;
    for (std::size_t c = 0; c < width; ++c) {
        to[c] = nullptr;
        if (c >= count) continue;
        lane& own = problems[members[c]];
        own.factor.resize(std::max(own.factor.size(), at(k * k)));
        own.stride = k;
        to[c] = own.factor.data();
    }
    std::array<double*, width> row;
    for (std::int64_t i = 0; i < k; ++i) {
        for (std::size_t c = 0; c < width; ++c) row[c] = to[c] == nullptr ? nowhere.data() : to[c] + i * k;
        cpu::dense<double>().lanes_scatter(l.data() + i * distance() * width, i + 1, row.data());
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
