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

} // namespace

void dual_active_set::grow(std::int64_t least) {
    if (least <= ld) return;
    const std::int64_t wider = std::max<std::int64_t>(least, 2 * ld + 8);
    std::vector<double> next(at(wider * wider));
    for (std::size_t i = 0; i < basis.size(); ++i) std::copy_n(l.data() + static_cast<std::int64_t>(i) * ld, i + 1, next.data() + static_cast<std::int64_t>(i) * wider);
    l = std::move(next);
    ld = wider;
}

bool dual_active_set::append(int row) {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(basis.size());
    grow(k + 1);
    double* last = l.data() + k * ld;
    const double* r = form->r_row(row);
    for (std::int64_t i = 0; i < k; ++i) last[i] = r[basis[at(i)]];
    kernels.trsv_lower(l.data(), ld, k, last);
    pivot = r[row] - kernels.dot(last, last, k);
    tiny = dependent * r[row];
    basis.push_back(row);
    in_basis[at(row)] = 1;
    const bool independent = pivot > tiny;
    last[k] = independent ? std::sqrt(pivot) : 0.0;
    return independent;
}

void dual_active_set::remove(std::size_t place) {
    const auto k = static_cast<std::int64_t>(basis.size());
    in_basis[at(basis[place])] = 0;
    basis.erase(basis.begin() + static_cast<std::ptrdiff_t>(place));
    // The rows below move up; each has one entry too many, which a rotation of two columns takes away.
    for (std::int64_t i = static_cast<std::int64_t>(place); i + 1 < k; ++i) std::copy_n(l.data() + (i + 1) * ld, i + 2, l.data() + i * ld);
    for (std::int64_t i = static_cast<std::int64_t>(place); i + 1 < k; ++i) {
        double* row = l.data() + i * ld;
        const double length = std::hypot(row[i], row[i + 1]);
        if (length == 0) continue;
        const double c = row[i] / length, t = row[i + 1] / length;
        row[i] = length;
        for (std::int64_t j = i + 1; j + 1 < k; ++j) {
            double* other = l.data() + j * ld;
            const double a = other[i], b = other[i + 1];
            other[i] = c * a + t * b;
            other[i + 1] = c * b - t * a;
        }
    }
}

dual_outcome dual_active_set::solve(const dual_form& source, const std::vector<double>& d, const std::vector<double>& floor,
                                    int limit, bool warm) {
    const auto& kernels = cpu::dense<double>();
    form = &source;
    const auto m = static_cast<std::int64_t>(d.size());
    in_basis.assign(at(m), 0);
    steps = 0;
    std::vector<int> guess;
    if (warm) guess.swap(basis);
    basis.clear();
    if (!warm) lambda.assign(at(m), 0.0);
    for (const int row : guess) {
        if (!append(row)) remove(basis.size() - 1);
    }
    if (warm)
        for (std::int64_t i = 0; i < m; ++i)
            if (!in_basis[at(i)]) lambda[at(i)] = 0;
    bool singular = false;
    s.resize(at(m));
    for (; steps < limit; ++steps) {
        const auto k = static_cast<std::int64_t>(basis.size());
        x.resize(at(k));
        if (singular) {
            // R_WW x = 0 with the last entry 1: the objective falls along x without end, unless a multiplier reaches 0.
            const double* last = l.data() + (k - 1) * ld;
            for (std::int64_t i = 0; i + 1 < k; ++i) x[at(i)] = -last[i];
            kernels.trsv_lower_transposed(l.data(), ld, k - 1, x.data());
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
                return dual_outcome::infeasible;
            }
            for (std::int64_t i = 0; i < k; ++i) {
                double& value = lambda[at(basis[at(i)])];
                value = std::max(0.0, value + step * x[at(i)]);
            }
            lambda[at(basis[blocking])] = 0;
            const int row = basis.back();
            remove(basis.size() - 1);
            remove(blocking);
            singular = !append(row);
            continue;
        }
        for (std::int64_t i = 0; i < k; ++i) x[at(i)] = -d[at(basis[at(i)])];
        kernels.trsv_lower(l.data(), ld, k, x.data());
        kernels.trsv_lower_transposed(l.data(), ld, k, x.data());
        double step = 1;
        std::size_t blocking = basis.size();
        for (std::int64_t i = 0; i < k; ++i) {
            const double from = lambda[at(basis[at(i)])], to = x[at(i)];
            if (!(std::abs(to) < 1e300)) return dual_outcome::breakdown;
            if (to >= 0) continue;
            const double ratio = from <= 0 ? 0 : from / (from - to);
            if (ratio < step || blocking == basis.size()) {
                step = ratio;
                blocking = at(i);
            }
        }
        if (blocking < basis.size()) {
            for (std::int64_t i = 0; i < k; ++i) {
                double& value = lambda[at(basis[at(i)])];
                value = std::max(0.0, value + step * (x[at(i)] - value));
            }
            lambda[at(basis[blocking])] = 0;
            remove(blocking);
            continue;
        }
        std::copy(d.begin(), d.end(), s.begin());
        for (std::int64_t i = 0; i < k; ++i) {
            lambda[at(basis[at(i)])] = x[at(i)];
            kernels.axpy(x[at(i)], form->r_row(basis[at(i)]), s.data(), m);
        }
        // The most violated row enters, measured against the length of its row in the metric of P.
        std::int64_t entering = -1;
        double worst = 0;
        for (std::int64_t i = 0; i < m; ++i) {
            if (in_basis[at(i)] || !(s[at(i)] < -floor[at(i)])) continue;
            const double size = form->r_row(static_cast<int>(i))[i];
            const double merit = s[at(i)] * s[at(i)] / (size > 0 ? size : 1e-300);
            if (merit > worst && s[at(i)] < -rounding * (std::abs(d[at(i)]) + std::abs(s[at(i)] - d[at(i)]))) {
                worst = merit;
                entering = i;
            }
        }
        if (entering < 0) return dual_outcome::optimal;
        lambda[at(entering)] = 0;
        singular = !append(static_cast<int>(entering));
    }
    return dual_outcome::limit;
}

} // namespace optnet::solver
