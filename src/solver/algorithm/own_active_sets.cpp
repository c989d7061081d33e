// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/own_active_sets.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// As in the dual active set: a pivot of this share of its diagonal entry is rounding, and so is a slack.
constexpr double dependent = 1e-11, rounding = 1e-13;
/// The same in single precision.
constexpr float single = 1e-6F;
/// Where the first W is a guess most problems are done by then, and lanes would wait for the others; nine of ten
/// without one (measured).
constexpr int together = 3, without_guess = 7;
/// With fewer rows the steps that a guess saves take less time than it does.
constexpr std::int64_t least_selected = 17;
/// So many selections take turns; those of more leave the first-level cache.
constexpr int side_by_side = 4;

} // namespace

void own_active_sets::solve(const system* of, std::int64_t rows, std::int64_t apart, int limit, dense_lanes& to) {
    m = rows;
    stride = apart;
    begin(of);
    const auto any = [&] { return std::any_of(moving, moving + width, [](bool v) { return v; }); };
    const int most = m < least_selected ? without_guess : together;
    for (int step = 0; step < std::min(most, limit) && any(); ++step) {
        factor(of, to);
        // Lanes that are done keep their W, whose factor is made again.
        for (int l = 0; l < width; ++l)
            if (moving[l]) moving[l] = advance(l, of[l]);
    }
    for (int l = 0; l < width; ++l)
        if (moving[l]) go_on_alone(l, of[l], limit - problems[l].steps, to);
}

void own_active_sets::begin(const system* of) {
    lambda.assign(at(width * stride), 0.0);
    inside.assign(at(width * stride), 0.0);
    s.resize(at(stride));
    next.resize(at(stride));
    factors.resize(at(m));
    for (int l = 0; l < width; ++l) {
        lane& own = problems[l];
        own.solved = false;
        own.steps = 0;
        moving[l] = own.wanted;
        if (!own.wanted) own.rows.clear();
        if (own.wanted && !own.started && m < least_selected) take_violated(of[l], own.rows);
    }
    if (m >= least_selected) guess(of);
    for (int l = 0; l < width; ++l)
        for (const int i : problems[l].rows) inside[at(l * stride + i)] = 1;
}

/// The rows of a forward selection with multipliers that are not negative. It is a guess: single precision will do.
void own_active_sets::guess(const system* of) {
    const auto& kernels = cpu::dense<float>();
    constexpr std::int64_t vector = cpu::lanes<float>;
    const std::int64_t ld = (m + vector - 1) / vector * vector, size = (2 * m + 10) * ld;
    work.resize(at(side_by_side * size));
    next.resize(at(side_by_side * stride));
    for (int first = 0; first < width; first += side_by_side) {
        cpu::forward_selection<float> own[side_by_side];
        int which[side_by_side], count = 0;
        for (int l = first; l < first + side_by_side; ++l) {
            if (!moving[l] || problems[l].started) continue;
            float* room = work.data() + count * size;
            own[count] = {of[l].R,
                          of[l].d,
                          of[l].floor,
                          room,
                          room + (m + 9) * ld,
                          room + (2 * m + 9) * ld,
                          next.data() + count * stride,
                          0,
                          -1};
            which[count++] = l;
        }
        kernels.forward_sets(own, count, stride, m, single, single, ld);
        for (int c = 0; c < count; ++c) {
            kernels.trsv_lower_transposed(own[c].L, ld, own[c].count, own[c].x);
            take_selected(own[c], problems[which[c]].rows);
        }
    }
}

void own_active_sets::take_selected(const cpu::forward_selection<float>& from, std::vector<int>& rows) {
    std::fill_n(s.begin(), m, 0.0);
    for (std::int64_t i = 0; i < from.count; ++i) s[at(from.rows[i])] = from.x[i] >= 0 ? 1.0 : 0.0;
    std::size_t kept = 0;
    for (std::int64_t i = 0; i < m; ++i) { // as below
        from.rows[kept] = static_cast<int>(i);
        kept += s[at(i)] > 0 ? 1 : 0;
    }
    rows.assign(from.rows, from.rows + kept);
}

void own_active_sets::take_violated(const system& of, std::vector<int>& rows) {
    std::size_t count = 0;
    for (std::int64_t i = 0; i < m; ++i) { // without a branch: which rows they are cannot be foreseen
        next[count] = static_cast<int>(i);
        count += of.d[i] < -of.floor[i] ? 1 : 0;
    }
    rows.assign(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(count));
}

/// x = −R_WW⁻¹ d_W in every lane.
void own_active_sets::factor(const system* of, dense_lanes& to) {
    const auto& kernels = cpu::dense<double>();
    std::size_t most = 0;
    for (const lane& own : problems) most = std::max(most, own.rows.size());
    to.resize_sets(static_cast<std::int64_t>(most));
    x.assign(at(to.k * width), 0.0);
    const double* from[width];
    for (int l = 0; l < width; ++l) {
        const std::vector<int>& rows = problems[l].rows;
        from[l] = of[l].R;
        to.counts[at(l)] = static_cast<double>(rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            to.which[i * width + at(l)] = rows[i];
            x[i * width + at(l)] = -of[l].d[rows[i]];
        }
    }
    kernels.lanes_cholesky_each(from, stride, to.which.data(), to.counts.data(), to.k, dependent, to.factor.data(),
                                to.distance(), to.factor_inverse.data());
    kernels.lanes_solve(to.factor.data(), to.distance(), to.factor_inverse.data(), to.k, x.data());
}

/// W⁺ = {i ∈ W: λ_i >= 0} ∪ {i ∉ W: s_i < 0}, s = R λ + d; false if that is W, or a step broke down.
bool own_active_sets::advance(int l, const system& of) {
    const auto& kernels = cpu::dense<double>();
    lane& own = problems[l];
    double* values = lambda.data() + l * stride;
    for (std::size_t i = 0; i < own.rows.size(); ++i) values[own.rows[i]] = factors[i] = x[i * width + at(l)];
    kernels.combine_rows(of.R, stride, own.rows.data(), factors.data(), static_cast<std::int64_t>(own.rows.size()),
                         of.d, stride, s.data());
    std::int64_t count = 0;
    const std::int64_t changes = kernels.next_set(values, s.data(), of.d, of.floor, stride, rounding,
                                                  inside.data() + l * stride, next.data(), &count);
    ++own.steps;
    own.solved = changes == 0;
    if (changes == 0) return false;
    std::fill_n(values, stride, 0.0);
    own.rows.assign(next.begin(), changes < 0 ? next.begin() : next.begin() + count);
    return changes > 0;
}

/// From the last W on.
void own_active_sets::go_on_alone(int l, const system& of, int limit, dense_lanes& to) {
    lane& own = problems[l];
    own_d.assign(of.d, of.d + m);
    own_floor.assign(of.floor, of.floor + m);
    dual.basis = own.rows;
    own.solved = dual.solve(of.R, stride, own_d, own_floor, limit, first_basis::nearby) == dual_outcome::optimal;
    own.steps += dual.steps;
    if (!own.solved) return;
    own.rows = dual.basis;
    std::copy(dual.lambda.begin(), dual.lambda.end(), lambda.begin() + l * stride);
    to.put(l, own.rows, dual.factor().data(), dual.stride());
}

} // namespace optnet::solver
