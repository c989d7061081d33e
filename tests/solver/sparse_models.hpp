// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches whose matrices are mostly zeros, with solutions known otherwise: projections onto the probability simplex and
// onto chains.

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

} // namespace problems
