// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/dual_active_set.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A pivot below this share of its diagonal entry is rounding: the row depends on the basis (u times the condition).
constexpr double dependent = 1e-11;
/// A slack above minus this, relative to the terms it is the sum of, is zero.
constexpr double rounding = 1e-13;
/// Where many rows depend on each other slacks can have more rounding than that, and rows go round in a circle for it:
/// this many in a row that are violated by no more than this share of their terms are none.
constexpr double slight = 1e-10;
constexpr int most_slight = 10;

} // namespace

dual_outcome dual_active_set::solve(const double* source, std::int64_t stride, const std::vector<double>& right,
                                    const std::vector<double>& floor, int limit, first_basis from) {
    r = source;
    r_stride = stride;
    begin(right, floor, from);
    if (from == first_basis::guessed || from == first_basis::nearby) guess(limit);
    bool singular = false;
    int fresh = -1; // the row that entered last
    int slightly = 0;
    for (; steps < limit; ++steps) {
        if (singular) {
            if (!singular_step(singular)) return dual_outcome::infeasible;
            continue;
        }
        std::size_t blocking = basis.size();
        if (!towards(blocking)) return dual_outcome::breakdown;
        if (blocking < basis.size()) {
            const int row = basis[blocking];
            remove(blocking);
            bar[at(row)] = -floors[row];
            if (row == fresh) {
                // In exact arithmetic the row that enters does not leave again: its violation was rounding. It waits
                // until another row has entered.
                bar[at(row)] = -HUGE_VAL;
                refused.push_back(row);
                fresh = -1;
            }
            continue;
        }
        if (fresh >= 0) {
            for (const int row : refused) bar[at(row)] = -floors[row];
            refused.clear();
        }
        const int entering = most_violated();
        if (entering < 0) return dual_outcome::optimal;
        const double slack = s[at(entering)], right_side = d[entering];
        slightly = -slack <= slight * (std::abs(right_side) + std::abs(slack - right_side)) ? slightly + 1 : 0;
        if (slightly > most_slight) return dual_outcome::optimal;
        lambda[at(entering)] = 0;
        bar[at(entering)] = -HUGE_VAL;
        singular = !append(entering);
        fresh = entering;
    }
    return dual_outcome::limit;
}

void dual_active_set::begin(const std::vector<double>& right, const std::vector<double>& floor, first_basis from) {
    d = right.data();
    floors = floor.data();
    refused.clear();
    m = static_cast<std::int64_t>(right.size());
    steps = 0;
    s.resize(at(m));
    bar.resize(at(m));
    inverse.resize(at(m));
    longest = 0;
    for (std::int64_t i = 0; i < m; ++i) {
        bar[at(i)] = -floor[at(i)];
        const double length = r[i * (r_stride + 1)];
        inverse[at(i)] = length > 0 ? 1 / length : 1e300;
        longest = std::max(longest, length);
    }
    if (from == first_basis::same) {
        lambda.resize(at(m), 0.0);
        for (const int row : basis) bar[at(row)] = -HUGE_VAL;
    } else if (from == first_basis::given) {
        append_given();
    } else {
        lambda.assign(at(m), 0.0);
        if (from != first_basis::nearby) basis.clear();
        if (from == first_basis::guessed) take_violated();
    }
}

void dual_active_set::append_given() {
    // All at once, and one by one where some depend on others.
    if (static_cast<std::int64_t>(basis.size()) <= m && factor_basis()) {
        for (const int row : basis) bar[at(row)] = -HUGE_VAL;
    } else {
        const std::vector<int> rows = basis;
        basis.clear();
        for (const int row : rows) {
            if (append(row))
                bar[at(row)] = -HUGE_VAL;
            else
                remove(basis.size() - 1);
        }
    }
    for (std::int64_t i = 0; i < m; ++i)
        if (bar[at(i)] != -HUGE_VAL) lambda[at(i)] = 0;
}

/// Steps from λ towards the solution on the basis; `blocking` is the place of the row whose multiplier reaches 0 first.
/// False if the solution is not finite.
bool dual_active_set::towards(std::size_t& blocking) {
    const auto k = static_cast<std::int64_t>(basis.size());
    x.assign(y.begin(), y.begin() + k);
    cpu::dense<double>().trsv_lower_transposed(l.data(), ld, k, x.data());
    double step = 1;
    for (std::int64_t i = 0; i < k; ++i) {
        const double from = lambda[at(basis[at(i)])], to = x[at(i)];
        if (!(std::abs(to) < 1e300)) return false;
        if (to >= 0) continue;
        const double ratio = from <= 0 ? 0 : from / (from - to);
        if (ratio < step || blocking == basis.size()) {
            step = ratio;
            blocking = at(i);
        }
    }
    if (blocking == basis.size()) {
        for (std::int64_t i = 0; i < k; ++i) lambda[at(basis[at(i)])] = x[at(i)];
        return true;
    }
    for (std::int64_t i = 0; i < k; ++i) {
        double& value = lambda[at(basis[at(i)])];
        value = std::max(0.0, value + step * (x[at(i)] - value));
    }
    lambda[at(basis[blocking])] = 0;
    return true;
}

/// R_WW x = 0 with the last entry 1: the objective falls along x without end, unless a multiplier reaches 0. False in
/// the first case, with `lambda` the direction.
bool dual_active_set::singular_step(bool& singular) {
    const auto k = static_cast<std::int64_t>(basis.size());
    const double* last = l.data() + (k - 1) * ld;
    x.resize(at(k));
    for (std::int64_t i = 0; i + 1 < k; ++i) x[at(i)] = -last[i];
    cpu::dense<double>().trsv_lower_transposed(l.data(), ld, k - 1, x.data());
    x[at(k - 1)] = 1;
    double step = HUGE_VAL;
    std::size_t blocking = 0;
    for (std::int64_t i = 0; i + 1 < k; ++i) {
        if (x[at(i)] >= 0) continue;
        const double ratio = -lambda[at(basis[at(i)])] / x[at(i)];
        if (ratio < step) {
            step = ratio;
            blocking = at(i);
        }
    }
    if (step == HUGE_VAL) {
        std::fill(lambda.begin(), lambda.end(), 0.0);
        for (std::int64_t i = 0; i < k; ++i) lambda[at(basis[at(i)])] = std::max(0.0, x[at(i)]);
        return false;
    }
    for (std::int64_t i = 0; i < k; ++i) {
        double& value = lambda[at(basis[at(i)])];
        value = std::max(0.0, value + step * x[at(i)]);
    }
    const int row = basis.back(), leaving = basis[blocking];
    lambda[at(leaving)] = 0;
    bar[at(leaving)] = -floors[leaving];
    remove(basis.size() - 1);
    remove(blocking);
    singular = !append(row);
    return true;
}

/// The most violated row, measured against the length of its row in the metric of P; -1 if there is none.
int dual_active_set::most_violated() {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(basis.size());
    kernels.combine_rows(r, r_stride, basis.data(), x.data(), k, d, m, s.data());
    return static_cast<int>(kernels.most_violated(s.data(), d, bar.data(), inverse.data(), m, rounding));
}

void dual_active_set::grow(std::int64_t least) {
    if (least > ld) {
        const std::int64_t wider = std::max<std::int64_t>(least, 2 * ld + 8);
        std::vector<double> next(at(wider * wider));
        for (std::size_t i = 0; i < basis.size(); ++i)
            std::copy_n(l.data() + static_cast<std::int64_t>(i) * ld, i + 1,
                        next.data() + static_cast<std::int64_t>(i) * wider);
        l = std::move(next);
        ld = wider;
    }
    if (y.size() < at(ld)) y.resize(at(ld));
    if (work.size() < at(3 * ld)) work.resize(at(3 * ld));
}

bool dual_active_set::append(int row) {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(basis.size());
    grow(k + 2);
    const double* own = r_row(row);
    for (std::int64_t i = 0; i < k; ++i) work[at(i)] = own[basis[at(i)]];
    const double pivot = kernels.cholesky_append(l.data(), ld, k, work.data(), own[row]);
    const bool independent = pivot > dependent * own[row];
    double* last = l.data() + k * ld;
    if (!independent) last[k] = 0;
    y[at(k)] = independent ? (-d[row] - kernels.dot(last, y.data(), k)) / last[k] : 0.0;
    basis.push_back(row);
    return independent;
}

void dual_active_set::remove(std::size_t place) {
    const auto k = static_cast<std::int64_t>(basis.size());
    if (at(k - 1) != place) {
        // y follows the rotations of L as one more row; the entry that they leave behind the diagonal is dropped.
        double* extra = l.data() + k * ld;
        std::copy_n(y.data(), k, extra);
        extra[k] = 1;
        cpu::dense<double>().cholesky_delete(l.data(), ld, k + 1, static_cast<std::int64_t>(place), work.data());
        std::copy_n(l.data() + (k - 1) * ld, k - 1, y.data());
    }
    basis.erase(basis.begin() + static_cast<std::ptrdiff_t>(place));
}

} // namespace optnet::solver
