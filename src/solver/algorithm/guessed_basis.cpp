// SPDX-License-Identifier: Apache-2.0
// Where the dual active set begins: a few steps of the primal-dual active set method (Hintermüller, Ito & Kunisch
// 2002), which turns all rows with a wrong sign at once and pays for it with a factorization.

#include "solver/algorithm/dual_active_set.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A pivot below this share of the largest R_ii gives the guess up.
constexpr double dependent = 1e-11;
/// A slack above minus this, relative to the terms it is the sum of, is zero.
constexpr double rounding = 1e-13;
/// Most steps of a guess.
constexpr int most_steps = 8;
/// With so few wrong signs on a basis of k rows the dual active set, one row at a time, takes less than a factorization
/// (measured).
std::size_t few(std::size_t k) { return 2 + k / 8; }
/// With so few violated rows there is nothing to guess.
constexpr std::size_t least_violated = 10;

} // namespace

/// The violated rows as a first W, if they are many.
void dual_active_set::take_violated() {
    for (std::int64_t i = 0; i < m; ++i)
        if (d[i] < bar[at(i)]) basis.push_back(static_cast<int>(i));
    if (basis.size() < least_violated) basis.clear();
}

/// Leaves a basis with its factor, y, and multipliers >= 0; an empty one where the guess leads nowhere.
void dual_active_set::guess(int limit) {
    if (basis.empty()) return;
    std::size_t before = at(m) + 1;
    for (int step = 0; step < most_steps && steps < limit; ++step, ++steps) {
        std::size_t changes = 0;
        if (static_cast<std::int64_t>(basis.size()) > m || !factor_basis()) return leave_guess(false);
        if (!turn_basis(changes)) return leave_guess(false);
        if (changes <= few(basis.size()) || changes >= 2 * before || step + 1 == most_steps) return leave_guess(true);
        before = std::min(before, changes);
        basis.swap(turned);
    }
    leave_guess(false);
}

/// The factor of R_WW, y and the multipliers x; false if a pivot is rounding.
bool dual_active_set::factor_basis() {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(basis.size());
    if (ld < k + 2) {
        ld = k + 10;
        l.resize(at(ld * ld));
        y.resize(at(ld));
        work.resize(at(3 * ld));
    }
    for (std::int64_t i = 0; i < k; ++i) {
        const double* row = r_row(basis[at(i)]);
        double* to = l.data() + i * ld;
        for (std::int64_t j = 0; j <= i; ++j) to[j] = row[basis[at(j)]];
        y[at(i)] = -d[basis[at(i)]];
    }
    if (!kernels.partial_cholesky(l.data(), k, k, ld, dependent * longest, nullptr)) return false;
    kernels.trsv_lower(l.data(), ld, k, y.data());
    x.assign(y.begin(), y.begin() + k);
    kernels.trsv_lower_transposed(l.data(), ld, k, x.data());
    return true;
}

/// `turned`: the rows of the basis with x >= 0 and the violated ones. False if x is not finite.
bool dual_active_set::turn_basis(std::size_t& changes) {
    const auto k = static_cast<std::int64_t>(basis.size());
    cpu::dense<double>().combine_rows(r, r_stride, basis.data(), x.data(), k, d, m, s.data());
    turned.clear();
    for (std::int64_t i = 0; i < k; ++i) {
        if (!(std::abs(x[at(i)]) < 1e300)) return false;
        bar[at(basis[at(i)])] = -HUGE_VAL;
        if (x[at(i)] >= 0) turned.push_back(basis[at(i)]);
    }
    std::size_t count = turned.size();
    changes = at(k) - count;
    turned.resize(count + at(m)); // written without a branch: which rows they are cannot be foreseen
    const std::size_t kept = count;
    for (std::int64_t i = 0; i < m; ++i) {
        const double size = std::abs(d[i]) + std::abs(s[at(i)] - d[i]);
        turned[count] = static_cast<int>(i);
        count += s[at(i)] < std::min(bar[at(i)], -rounding * size) ? 1 : 0;
    }
    turned.resize(count);
    changes += count - kept;
    for (const int row : basis) bar[at(row)] = -floors[row];
    return true;
}

/// Hands the basis over to the dual active set, without the rows whose multiplier is negative.
void dual_active_set::leave_guess(bool usable) {
    if (!usable) {
        basis.clear();
        return;
    }
    for (std::size_t i = 0; i < basis.size(); ++i) {
        lambda[at(basis[i])] = std::max(0.0, x[i]);
        bar[at(basis[i])] = -HUGE_VAL;
    }
    for (std::size_t i = basis.size(); i-- > 0;) {
        if (x[i] >= 0) continue;
        bar[at(basis[i])] = -floors[basis[i]];
        remove(i);
    }
}

} // namespace optnet::solver
