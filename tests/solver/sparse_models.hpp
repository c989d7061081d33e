// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches whose matrices are mostly zeros: projections onto the probability simplex and onto chains, portfolios, the
// worst of several costs, assignments.

#include "models.hpp"

namespace problems {

/// minimize 1/2 |z|^2 + q'z over z >= 0, 1'z = 1 with q ~ N(0, 1).
inline model simplex(int n, std::int64_t batch, std::uint64_t seed) {
    using solver::block_kind;
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = x.shape.m = n;
    x.shape.p = 1;
    x.add(solver::matrix::Q, block_kind::identity, 0, 0, n, n, 1);
    x.add(solver::matrix::A, block_kind::dense, 0, 0, 1, n, 1, std::vector<double>(static_cast<std::size_t>(n), 1.0));
    x.add(solver::matrix::G, block_kind::identity, 0, 0, n, n, -1);
    x.shape.groups = {{solver::row_kind::bound, 0, n, -1, false}};
    x.b = {1};
    x.q.resize(static_cast<std::size_t>(batch * n));
    for (double& v : x.q) v = draw.normal();
    return x;
}

/// 100 points in R^d, n = 100 d, which stay near their places and near a smooth chain: with L the tridiagonal
/// (-1, 2, -1), Q = I/2 + (L x I)'(L x I), q = -10 N(0, 1), and no coordinate of neighbours (round the end too) differs
/// by more than 1.
inline model chain(int d, std::int64_t batch, std::uint64_t seed) {
    using solver::block_kind;
    constexpr int points = 100;
    const int n = points * d;
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = n;
    x.shape.m = 2 * n;
    const auto at = [](int i) { return static_cast<std::size_t>(i); };
    // L'L = (1, -4, 6, -4, 1) but for 5 in the first and last place of the diagonal; of a block beside the diagonal the
    // symmetric part counts.
    std::vector<double> diagonal(at(n), 6.5);
    for (int j = 0; j < d; ++j) diagonal[at(j)] = diagonal[at(n - 1 - j)] = 5.5;
    x.add(solver::matrix::Q, block_kind::diagonal, 0, 0, n, n, 1, diagonal);
    x.add(solver::matrix::Q, block_kind::identity, 0, d, n - d, n - d, -8);
    x.add(solver::matrix::Q, block_kind::identity, 0, 2 * d, n - 2 * d, n - 2 * d, 2);
    const int inner = n - d;
    for (int half = 0; half < 2; ++half) {
        const double sign = half == 0 ? 1 : -1;
        const int top = half * n;
        x.add(solver::matrix::G, block_kind::identity, top, 0, inner, inner, sign);
        x.add(solver::matrix::G, block_kind::identity, top, d, inner, inner, -sign);
        x.add(solver::matrix::G, block_kind::identity, top + inner, inner, d, d, sign);
        x.add(solver::matrix::G, block_kind::identity, top + inner, 0, d, d, -sign);
    }
    x.h.assign(at(2 * n), 1.0);
    x.shape.groups = {{solver::row_kind::general, 0, 2 * n, -1, false}};
    x.q.resize(static_cast<std::size_t>(batch * n));
    for (double& v : x.q) v = -10 * draw.normal();
    return x;
}

/// A portfolio of 7 assets over several periods, z = (w, u), n = 14 * periods: covariances of random returns, 1e-8 on
/// u, returns on w; 1'w_t = 1, w >= 0, u_t >= |w_t - w_{t-1}| with w_{-1} = 1/7, u >= 0, 1'u_t <= 1/2. Degenerate:
/// where w_t stays, three rows meet.
inline model portfolio(int periods, std::int64_t batch, std::uint64_t seed, double cost = 1e-8) {
    using solver::block_kind;
    using solver::matrix;
    constexpr int assets = 7;
    const int half = assets * periods, m = 4 * half + periods;
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = 2 * half;
    x.shape.p = periods;
    x.shape.m = m;
    for (int t = 0; t < periods; ++t) {
        std::vector<double> covariance(assets * assets, 0.0), returns(assets);
        for (int day = 0; day < 10; ++day) {
            for (double& v : returns) v = draw.normal();
            for (int i = 0; i < assets; ++i)
                for (int j = 0; j < assets; ++j) covariance[at(i * assets + j)] += returns[at(i)] * returns[at(j)] / 10;
        }
        x.add(matrix::Q, block_kind::dense, t * assets, t * assets, assets, assets, 1, covariance);
        x.add(matrix::A, block_kind::dense, t, t * assets, 1, assets, 1, std::vector<double>(assets, 1.0));
        x.add(matrix::G, block_kind::dense, 4 * half + t, half + t * assets, 1, assets, 1,
              std::vector<double>(assets, 1.0));
    }
    x.add(matrix::Q, block_kind::scaled_identity, half, half, half, half, 1, {cost});
    x.add(matrix::G, block_kind::identity, 0, 0, 2 * half, 2 * half, -1);
    for (int side = 0; side < 2; ++side) {
        const double sign = side == 0 ? 1 : -1;
        const int top = (2 + side) * half;
        x.add(matrix::G, block_kind::identity, top, 0, half, half, sign);
        x.add(matrix::G, block_kind::identity, top + assets, 0, half - assets, half - assets, -sign);
        x.add(matrix::G, block_kind::identity, top, half, half, half, -1);
    }
    x.shape.groups = {{solver::row_kind::bound, 0, 2 * half, -1, false},
                      {solver::row_kind::general, 2 * half, m - 2 * half, -1, false}};
    x.b.assign(at(periods), 1.0);
    x.h.assign(at(m), 0.0);
    for (int i = 0; i < assets; ++i) {
        x.h[at(2 * half + i)] = 1.0 / assets;
        x.h[at(3 * half + i)] = -1.0 / assets;
    }
    for (int t = 0; t < periods; ++t) x.h[at(4 * half + t)] = 0.5;
    x.q.assign(at(batch * 2 * half), 0.0);
    for (std::int64_t k = 0; k < batch; ++k)
        for (int j = 0; j < half; ++j) x.q[at(k * 2 * half + j)] = -0.3 * draw.normal();
    return x;
}

/// The worst of 20 costs beside a quadratic one: minimize x + 1/2 |z|^2 + q'z over |z| <= 1 and y_i'z - x <= h_i, n
/// variables (x, z). Q is 0 for x, by its structure or by its numbers, and only the rows y_i, which are full, hold it.
enum class zero_in_q { by_structure, by_number };
inline model worst_case(int n, std::int64_t batch, std::uint64_t seed, zero_in_q zero = zero_in_q::by_structure) {
    using solver::block_kind;
    using solver::matrix;
    constexpr int costs = 20;
    const int count = n - 1;
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = n;
    x.shape.m = costs + 2 * count;
    std::vector<double> y(at(costs * count));
    for (double& v : y) v = draw.normal() / std::sqrt(count);
    std::vector<double> ones(at(n), 1.0);
    ones[0] = 0;
    if (zero == zero_in_q::by_structure)
        x.add(matrix::Q, block_kind::identity, 1, 1, count, count, 1);
    else
        x.add(matrix::Q, block_kind::diagonal, 0, 0, n, n, 1, ones);
    x.add(matrix::G, block_kind::dense, 0, 0, costs, 1, 1, std::vector<double>(costs, -1.0));
    x.add(matrix::G, block_kind::dense, 0, 1, costs, count, 1, y);
    x.add(matrix::G, block_kind::identity, costs, 1, count, count, 1);
    x.add(matrix::G, block_kind::identity, costs + count, 1, count, count, -1);
    x.shape.groups = {{solver::row_kind::general, 0, costs, -1, false},
                      {solver::row_kind::bound, costs, 2 * count, -1, false}};
    x.h.assign(at(x.shape.m), 1.0);
    for (int i = 0; i < costs; ++i) x.h[at(i)] = draw.normal();
    x.q.assign(at(batch * n), 1.0);
    for (std::int64_t k = 0; k < batch; ++k)
        for (int j = 1; j < n; ++j) x.q[at(k * n + j)] = 0.5 * draw.normal();
    return x;
}

/// Conditional value at risk at 90 % (Rockafellar & Uryasev 2000) of a portfolio in equally likely scenarios, over
/// (w, a, u): weight/2 |w|^2 + q'w + a + 10 1'u / scenarios, with u_s >= -y_s'w - a, u >= 0, w >= 0, 1'w = 1. Q is 0
/// but for w, and the rows of scenarios are full in w.
inline model value_at_risk(int assets, int scenarios, std::int64_t batch, std::uint64_t seed, double weight = 0.1) {
    using solver::block_kind;
    using solver::matrix;
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    numbers draw(seed);
    model x;
    x.batch = batch;
    const int n = x.shape.n = assets + 1 + scenarios;
    x.shape.p = 1;
    x.shape.m = 2 * scenarios + assets;
    std::vector<double> losses(at(assets * scenarios));
    for (double& v : losses) v = -0.05 - 0.2 * draw.normal();
    x.add(matrix::Q, block_kind::scaled_identity, 0, 0, assets, assets, 1, {weight});
    x.add(matrix::A, block_kind::dense, 0, 0, 1, assets, 1, std::vector<double>(at(assets), 1.0));
    x.add(matrix::G, block_kind::dense, 0, 0, scenarios, assets, 1, losses);
    x.add(matrix::G, block_kind::dense, 0, assets, scenarios, 1, 1, std::vector<double>(at(scenarios), -1.0));
    x.add(matrix::G, block_kind::identity, 0, assets + 1, scenarios, scenarios, -1);
    x.add(matrix::G, block_kind::identity, scenarios, assets + 1, scenarios, scenarios, -1);
    x.add(matrix::G, block_kind::identity, 2 * scenarios, 0, assets, assets, -1);
    x.shape.groups = {{solver::row_kind::general, 0, scenarios, -1, false},
                      {solver::row_kind::bound, scenarios, scenarios + assets, -1, false}};
    x.b = {1};
    x.h.assign(at(x.shape.m), 0.0);
    x.q.assign(at(batch * n), 10.0 / scenarios);
    for (std::int64_t k = 0; k < batch; ++k) {
        for (int j = 0; j < assets; ++j) x.q[at(k * n + j)] = -0.1 * draw.uniform();
        x.q[at(k * n + assets)] = 1;
    }
    return x;
}

/// Huber's function of 2k residuals with outliers, written out, k unknowns: minimize 1/2 |u|^2 + q'u + 1't over
/// Xz - u - v = y, |v| <= t with the variables (z, u, v, t). Q is 0 but for u, and of an outlier's pair of rows one is
/// active.
inline model huber(int k, std::int64_t batch, std::uint64_t seed) {
    using solver::block_kind;
    using solver::matrix;
    const int count = 2 * k, u = k, v = k + count, t = k + 2 * count;
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = k + 3 * count;
    x.shape.p = count;
    x.shape.m = 2 * count;
    std::vector<double> rows(at(count * k));
    for (double& e : rows) e = draw.normal();
    x.add(matrix::Q, block_kind::identity, u, u, count, count, 1);
    x.add(matrix::A, block_kind::dense, 0, 0, count, k, 1, rows);
    x.add(matrix::A, block_kind::identity, 0, u, count, count, -1);
    x.add(matrix::A, block_kind::identity, 0, v, count, count, -1);
    for (const int side : {0, 1}) {
        x.add(matrix::G, block_kind::identity, side * count, v, count, count, side == 0 ? 1 : -1);
        x.add(matrix::G, block_kind::identity, side * count, t, count, count, -1);
    }
    x.shape.groups = {{solver::row_kind::general, 0, 2 * count, -1, false}};
    x.b.resize(at(count));
    for (double& e : x.b) e = 0.1 * draw.normal() + (draw.uniform() < 0.1 ? 5 * draw.normal() : 0);
    x.h.assign(at(2 * count), 0.0);
    x.q.assign(at(batch * x.shape.n), 0.0);
    for (std::int64_t i = 0; i < batch; ++i)
        for (int j = 0; j < count; ++j) {
            x.q[at(i * x.shape.n + u + j)] = 0.1 * draw.normal();
            x.q[at(i * x.shape.n + t + j)] = 1;
        }
    return x;
}

/// Costs 0, 1, 2 or 3 of k to k assignments, with many ties: linear programs with several degenerate solutions each.
inline model assignment(int k, std::int64_t batch, std::uint64_t seed) {
    using solver::block_kind;
    numbers draw(seed);
    model x;
    x.batch = batch;
    x.shape.n = x.shape.m = k * k;
    x.shape.p = 2 * k;
    for (int i = 0; i < k; ++i) {
        x.add(solver::matrix::A, block_kind::dense, i, i * k, 1, k, 1,
              std::vector<double>(static_cast<std::size_t>(k), 1.0));
        x.add(solver::matrix::A, block_kind::identity, k, i * k, k, k, 1);
    }
    x.add(solver::matrix::G, block_kind::identity, 0, 0, k * k, k * k, -1);
    x.shape.groups = {{solver::row_kind::bound, 0, k * k, -1, false}};
    x.b.assign(static_cast<std::size_t>(2 * k), 1.0);
    x.q.resize(static_cast<std::size_t>(batch * k * k));
    for (double& v : x.q) v = std::round(3 * draw.uniform());
    return x;
}

/// The same numbers in dense matrices.
inline dense<double> in_dense(const model& given) {
    model x = given;
    const solver::structure& s = x.shape;
    dense<double> d = zeros(s.n, s.p, s.m, x.batch);
    d.q = x.q;
    for (std::int64_t k = 0; k < x.batch; ++k) {
        std::copy(x.b.begin(), x.b.end(), d.b.begin() + k * s.p);
        std::copy(x.h.begin(), x.h.end(), d.h.begin() + k * s.m);
    }
    const solver::problem<double> batch = x.problem();
    for (const solver::block& b : s.blocks)
        for (int i = 0; i < b.rows; ++i)
            for (int j = 0; j < b.cols; ++j) {
                const bool is_dense = b.kind == solver::block_kind::dense, band = b.kind == solver::block_kind::banded;
                if (band ? j - i < b.first || j - i > b.last : !is_dense && i != j) continue;
                double v = b.scale;
                if (b.source >= 0) {
                    const auto& view = batch.data[b.source];
                    const bool one = b.kind == solver::block_kind::scaled_identity;
                    v *= view.data[(one ? 0 : i) * view.row_stride + (is_dense ? j
                                                                      : band   ? j - i - b.first
                                                                               : 0) *
                                                                         view.col_stride];
                }
                (b.where == solver::matrix::Q   ? d.Qat(0, b.row + i, b.col + j)
                 : b.where == solver::matrix::A ? d.Aat(0, b.row + i, b.col + j)
                                                : d.Gat(0, b.row + i, b.col + j)) += v;
            }
    return d;
}

} // namespace problems
