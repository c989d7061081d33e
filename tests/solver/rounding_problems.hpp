// SPDX-License-Identifier: Apache-2.0
#pragma once

// Problems whose answer is a matter of rounding: of their data, of the sums that judge a point, or of the result.

#include "problems.hpp"

namespace problems {

/// min ½ x'Qx + q'x over |x| <= 1 with Q = L L' of rank 2, computed in float32, and q in its range.
inline dense<float> low_rank(int n, std::int64_t batch, bool shared, std::uint64_t seed) {
    numbers draw(seed);
    dense<float> d = zeros<float>(n, 0, 2 * n, batch, shared);
    for (std::int64_t k = 0; k < (shared ? 1 : batch); ++k) {
        std::vector<float> l(static_cast<std::size_t>(2 * n));
        for (float& v : l) v = static_cast<float>(draw.normal());
        const auto L = [&](int i, int c) { return l[static_cast<std::size_t>(2 * i + c)]; };
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) d.Qat(k, i, j) = L(i, 0) * L(j, 0) + L(i, 1) * L(j, 1);
        for (int j = 0; j < n; ++j) d.Gat(k, j, j) = 1, d.Gat(k, n + j, j) = -1;
    }
    std::fill(d.h.begin(), d.h.end(), 1.0F);
    for (std::int64_t k = 0; k < batch; ++k)
        for (int j = 0; j < n; ++j) d.qat(k, j) = d.Qat(k, j, 0) * static_cast<float>(draw.normal());
    return d;
}

/// Weak curvature and large costs: |x| is about 1e3 times `cost` and A x about 1, so that A x in double precision is
/// off by more than the tolerance, and no x of doubles need be within it.
inline dense<double> far_away(int n, std::int64_t batch, bool shared, double cost = 1e6) {
    dense<double> d = random(n, 1, 0, batch, shared, 5);
    for (double& v : d.Q) v *= 1e-3;
    for (double& v : d.q) v *= cost;
    return d;
}

/// The same with a diagonal Q and one equality; `draw` goes on.
inline dense<double> far_on_a_diagonal(int n, std::int64_t batch, numbers& draw) {
    dense<double> d = zeros<double>(n, 1, 0, batch);
    for (int j = 0; j < n; ++j) d.Qat(0, j, j) = 1e-3, d.Aat(0, 0, j) = draw.normal();
    for (double& v : d.q) v = 1e6 * draw.normal();
    for (double& v : d.b) v = draw.normal();
    return d;
}

/// min ½ 1e-20 |x|² + q'x with q = 1 but for the first problem of the batch, whose solution is (-1e50, -1e20).
inline dense<float> beyond_float32(std::int64_t batch) {
    dense<float> d = zeros<float>(2, 0, 0, batch);
    d.Q = {1e-20F, 0, 0, 1e-20F};
    std::fill(d.q.begin(), d.q.end(), 1.0F);
    d.qat(0, 0) = 1e30F;
    return d;
}

} // namespace problems
