// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches with block structure, as the language lowers them: denoising by total variation and mini-Sudoku.

#include "problems.hpp"

#include <numeric>

namespace problems {

/// A structure with its numbers. Matrices are shared by the batch; q is given per problem, b and h are shared (empty:
/// 0).
struct model {
    solver::structure shape;
    std::int64_t batch = 1;
    std::vector<std::vector<double>> numbers;
    std::vector<double> q, b, h;
    std::vector<solver::matrix_view<double>> data{};

    void add(solver::matrix where, solver::block_kind kind, int row, int col, int rows, int cols, double scale,
             std::vector<double> values = {}, int first = 0, int last = 0) {
        solver::block x{where, kind, row, col, rows, cols, first, last, -1, scale};
        if (kind != solver::block_kind::identity) {
            x.source = static_cast<int>(numbers.size());
            numbers.push_back(std::move(values));
        }
        shape.blocks.push_back(x);
    }

    /// The view stays valid until this changes.
    solver::problem<double> problem() {
        data.clear();
        for (const solver::block& x : shape.blocks) {
            if (x.source < 0) continue;
            const bool banded = x.kind == solver::block_kind::banded, is_dense = x.kind == solver::block_kind::dense;
            const int width = banded ? x.last - x.first + 1 : is_dense ? x.cols : 1;
            data.push_back({numbers[static_cast<std::size_t>(x.source)].data(), 0, width, 1});
        }
        return {&shape,
                batch,
                data.data(),
                {q.data(), shape.n, 1},
                {b.empty() ? nullptr : b.data(), 0, 1},
                {h.empty() ? nullptr : h.data(), 0, 1}};
    }
};

/// Signals of OptNet's denoising experiment: 1 to 9 constant pieces of heights 10 ... 99 and noise of deviation 10,
/// [batch, n].
inline std::vector<double> noisy_steps(int n, std::int64_t batch, std::uint64_t seed) {
    numbers draw(seed);
    std::vector<double> y(static_cast<std::size_t>(batch * n));
    for (std::int64_t k = 0; k < batch; ++k) {
        std::vector<char> starts(static_cast<std::size_t>(n), 0);
        const int pieces = 1 + draw.below(9);
        for (int i = 1; i < pieces; ++i) starts[static_cast<std::size_t>(1 + draw.below(n - 1))] = 1;
        double height = 10 + draw.below(90);
        for (int j = 0; j < n; ++j) {
            if (starts[static_cast<std::size_t>(j)] != 0) height = 10 + draw.below(90);
            y[static_cast<std::size_t>(k * n + j)] = height + 10 * draw.normal();
        }
    }
    return y;
}

/// minimize 1/2 |z - y|^2 + weight 1't over |Dz| <= t, variables (z, t): Q is singular. D, [rows, n], is the first
/// difference as a band, or dense if one is given.
inline model denoising(int n, std::int64_t batch, double weight, std::uint64_t seed,
                       const std::vector<double>& dense_d = {}) {
    using solver::block_kind;
    const int rows = dense_d.empty() ? n - 1 : static_cast<int>(dense_d.size()) / n;
    model x;
    x.batch = batch;
    x.shape.n = n + rows;
    x.shape.m = 2 * rows;
    x.add(solver::matrix::Q, block_kind::identity, 0, 0, n, n, 1);
    for (const int sign : {1, -1}) {
        const int top = sign > 0 ? 0 : rows;
        if (dense_d.empty()) {
            std::vector<double> band(static_cast<std::size_t>(2 * rows));
            for (std::size_t i = 0; i < band.size(); ++i) band[i] = i % 2 == 0 ? 1 : -1;
            x.add(solver::matrix::G, block_kind::banded, top, 0, rows, n, sign, band, 0, 1);
        } else {
            x.add(solver::matrix::G, block_kind::dense, top, 0, rows, n, sign, dense_d);
        }
        x.add(solver::matrix::G, block_kind::identity, top, n, rows, rows, -1);
    }
    x.shape.groups = {{solver::row_kind::epigraph, 0, 2 * rows, n, false}};
    const std::vector<double> y = noisy_steps(n, batch, seed);
    x.q.assign(static_cast<std::size_t>(batch * x.shape.n), weight);
    for (std::int64_t k = 0; k < batch; ++k)
        for (int j = 0; j < n; ++j)
            x.q[static_cast<std::size_t>(k * x.shape.n + j)] = -y[static_cast<std::size_t>(k * n + j)];
    return x;
}

/// OptNet's mini-Sudoku layer before training: Q = 0.1 I, z >= 0, A z = A 1 with A ~ U(0, 1), [40, 64], and q minus a
/// puzzle of 4 to 8 given cells in one-hot code.
inline model mini_sudoku(std::int64_t batch, std::uint64_t seed) {
    using solver::block_kind;
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = x.shape.m = 64;
    x.shape.p = 40;
    std::vector<double> rules(40 * 64);
    for (double& v : rules) v = draw.uniform();
    x.b.assign(40, 0.0);
    for (std::size_t i = 0; i < rules.size(); ++i) x.b[i / 64] += rules[i];
    x.add(solver::matrix::Q, block_kind::scaled_identity, 0, 0, 64, 64, 1, {0.1});
    x.add(solver::matrix::A, block_kind::dense, 0, 0, 40, 64, 1, rules);
    x.add(solver::matrix::G, block_kind::identity, 0, 0, 64, 64, -1);
    x.shape.groups = {{solver::row_kind::bound, 0, 64, -1, false}};
    x.q.assign(static_cast<std::size_t>(batch * 64), 0.0);
    for (std::int64_t k = 0; k < batch; ++k) {
        std::vector<int> digits = {0, 1, 2, 3}, cells(16);
        std::iota(cells.begin(), cells.end(), 0);
        for (int i = 3; i > 0; --i)
            std::swap(digits[static_cast<std::size_t>(i)], digits[static_cast<std::size_t>(draw.below(i + 1))]);
        for (int i = 15; i > 0; --i)
            std::swap(cells[static_cast<std::size_t>(i)], cells[static_cast<std::size_t>(draw.below(i + 1))]);
        const int given = 4 + draw.below(5);
        for (int i = 0; i < given; ++i) {
            // A valid board: row r shifted by 2 for every row, by 1 for every second.
            const int cell = cells[static_cast<std::size_t>(i)], r = cell / 4, c = cell % 4;
            const int digit = digits[static_cast<std::size_t>((c + 2 * r + r / 2) % 4)];
            x.q[static_cast<std::size_t>(k * 64 + 4 * cell + digit)] = -1;
        }
    }
    return x;
}

} // namespace problems
