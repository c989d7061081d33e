// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/own_active_sets.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// As in the dual active set: a pivot of this share of its diagonal entry is rounding, and so is a slack.
constexpr double dependent = 1e-11, rounding = 1e-13;

} // namespace

void own_active_sets::solve(const double* R, std::int64_t rows, const double* d, const double* floor, int limit,
                            dense_lanes& to) {
    m = rows;
    begin(d, floor);
    for (int step = 0; step < limit && std::any_of(moving, moving + width, [](bool v) { return v; }); ++step) {
        factor(R, d, to);
        // Lanes that are done keep their W, whose factor is made again.
        for (int l = 0; l < width; ++l)
            if (moving[l]) moving[l] = advance(l, R + l * m * m, d + l * m, floor + l * m);
    }
}

void own_active_sets::begin(const double* d, const double* floor) {
    lambda.assign(at(width * m), 0.0);
    inside.assign(at(width * m), 0.0);
    s.resize(at(m));
    next.resize(at(m));
    factors.resize(at(m));
    for (int l = 0; l < width; ++l) {
        lane& own = problems[l];
        own.solved = false;
        own.steps = 0;
        moving[l] = own.wanted;
        if (!own.wanted || !own.started) own.rows.clear();
        for (std::int64_t i = 0; own.wanted && !own.started && i < m; ++i)
            if (d[l * m + i] < -floor[l * m + i]) own.rows.push_back(static_cast<int>(i));
        for (const int i : own.rows) inside[at(l * m + i)] = 1;
    }
}

/// x = −R_WW⁻¹ d_W in every lane.
void own_active_sets::factor(const double* R, const double* d, dense_lanes& to) {
    const auto& kernels = cpu::dense<double>();
    std::size_t most = 0;
    for (const lane& own : problems) most = std::max(most, own.rows.size());
    to.resize_sets(static_cast<std::int64_t>(most));
    x.assign(at(to.k * width), 0.0);
    const double* from[width];
    for (int l = 0; l < width; ++l) {
        const std::vector<int>& rows = problems[l].rows;
        from[l] = R + l * m * m;
        to.counts[at(l)] = static_cast<double>(rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            to.which[i * width + at(l)] = rows[i];
            x[i * width + at(l)] = -d[l * m + rows[i]];
        }
    }
    kernels.lanes_cholesky_each(from, m, to.which.data(), to.counts.data(), to.k, dependent, to.factor.data(),
                                to.distance(), to.factor_inverse.data());
    kernels.lanes_solve(to.factor.data(), to.distance(), to.factor_inverse.data(), to.k, x.data());
}

/// W⁺ = {i ∈ W: λ_i >= 0} ∪ {i ∉ W: s_i < 0}, s = R λ + d; false if that is W, or a step broke down.
bool own_active_sets::advance(int l, const double* R, const double* d, const double* floor) {
    const auto& kernels = cpu::dense<double>();
    lane& own = problems[l];
    double* values = lambda.data() + l * m;
    for (std::size_t i = 0; i < own.rows.size(); ++i) values[own.rows[i]] = factors[i] = x[i * width + at(l)];
    kernels.combine_rows(R, m, own.rows.data(), factors.data(), static_cast<std::int64_t>(own.rows.size()), d, m,
                         s.data());
    std::int64_t count = 0;
    const std::int64_t changes =
        kernels.next_set(values, s.data(), d, floor, m, rounding, inside.data() + l * m, next.data(), &count);
    ++own.steps;
    own.solved = changes == 0;
    if (changes == 0) return false;
    std::fill_n(values, m, 0.0);
    own.rows.assign(next.begin(), changes < 0 ? next.begin() : next.begin() + count);
    return changes > 0;
}

} // namespace optnet::solver
