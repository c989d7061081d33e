// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches with shared matrices whose every solution is degenerate: kinks, and rules that depend on each other.

#include "hard_families.hpp"
#include "models.hpp"

namespace problems {

/// Every problem has `tight` rows that hold at its solution, of which `strong` have a multiplier of 1/4 and more; which
/// ones, `order` says (k * m + i: the i-th row of problem k, the strong ones first). All numbers are multiples of 1/64
/// that float32 holds, too, so that the kinks are exact.
struct kinks {
    dense<double> data;
    std::vector<int> order;
    int tight, strong;
};

inline kinks make_kinks(int n, int m, int tight, int strong, std::int64_t batch, std::uint64_t seed) {
    kinks x{zeros(n, 0, m, batch), {}, tight, strong};
    dense<double>& d = x.data;
    numbers draw(seed);
    const auto eighth = [&] { return std::round(4 * draw.normal()) / 8; };
    std::vector<double> v(static_cast<std::size_t>(n)), z(static_cast<std::size_t>(n)), lambda, slack;
    for (double& e : v) e = (draw.below(3) - 1) / 2.0;
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j)
            d.Qat(0, i, j) = (i == j ? 2.0 : 0.0) + v[static_cast<std::size_t>(i)] * v[static_cast<std::size_t>(j)];
    for (double& e : d.G) e = eighth();
    for (std::int64_t k = 0; k < batch; ++k) {
        std::vector<int> rows(static_cast<std::size_t>(m));
        std::iota(rows.begin(), rows.end(), 0);
        for (int i = m - 1; i > 0; --i)
            std::swap(rows[static_cast<std::size_t>(i)], rows[static_cast<std::size_t>(draw.below(i + 1))]);
        lambda.assign(static_cast<std::size_t>(m), 0.0);
        slack.assign(static_cast<std::size_t>(m), 0.0);
        for (int i = 0; i < m; ++i) {
            const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]);
            if (i < strong) lambda[row] = (2 + draw.below(8)) / 8.0;
            if (i >= tight) slack[row] = (2 + draw.below(16)) / 8.0;
        }
        for (double& e : z) e = eighth();
        for (int i = 0; i < m; ++i) {
            d.hat(k, i) = slack[static_cast<std::size_t>(i)];
            for (int j = 0; j < n; ++j) d.hat(k, i) += d.Gat(0, i, j) * z[static_cast<std::size_t>(j)];
        }
        for (int j = 0; j < n; ++j) {
            d.qat(k, j) = 0;
            for (int c = 0; c < n; ++c) d.qat(k, j) -= d.Qat(0, j, c) * z[static_cast<std::size_t>(c)];
            for (int i = 0; i < m; ++i) d.qat(k, j) -= d.Gat(0, i, j) * lambda[static_cast<std::size_t>(i)];
        }
        x.order.insert(x.order.end(), rows.begin(), rows.end());
    }
    return x;
}

/// Mini-Sudoku once the layer has learned the rules: its 40 equalities are mixtures of the 64 true ones, of rank 40,
/// and about twice as many bounds as the solution has freedom hold.
inline dense<double> learned_sudoku(std::int64_t batch, std::uint64_t seed) {
    numbers draw(seed);
    const dense<double> rules = sudoku(draw, 0);
    dense<double> d = zeros(64, 40, 64, batch);
    for (int i = 0; i < 40; ++i)
        for (int rule = 0; rule < 64; ++rule) {
            const double share = draw.normal() / 8;
            for (int j = 0; j < 64; ++j) d.Aat(0, i, j) += share * rules.Aat(0, rule, j);
        }
    for (int j = 0; j < 64; ++j) {
        d.Qat(0, j, j) = 0.1;
        d.Gat(0, j, j) = -1;
    }
    d.q = mini_sudoku(batch, seed).q;
    for (std::int64_t k = 0; k < batch; ++k)
        for (int i = 0; i < 40; ++i)
            for (int j = 0; j < 64; ++j) d.bat(k, i) += 0.25 * d.Aat(0, i, j);
    return d;
}

} // namespace problems
