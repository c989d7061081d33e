// SPDX-License-Identifier: Apache-2.0
#pragma once

// Gradients and bits of batches of sparse models.

#include "catch.hpp"
#include "problems.hpp"
#include "solver/factorization.hpp"

#include <cstring>

namespace problems {

inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// dz for a right-hand side that is the same for every problem.
template <class T> std::vector<T> derivative_of(const solver::problem<T>& batch, const answer<T>& a, int threads = 1) {
    std::vector<T> d(a.z), nu(a.nu), lambda(a.lambda), g(a.z.size());
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = T(1) + T(0.25) * static_cast<T>(i % at(batch.shape->n) % 5);
    solver::kkt_solve<T>(batch, *a.kept, threads, {g.data(), nullptr, nullptr}, {d.data(), nu.data(), lambda.data()});
    return d;
}

/// A'nu + G'lambda of answer k to a batch of one problem, [n]: what is unique where the multipliers are not.
inline std::vector<double> forces_of(const solver::problem<double>& one, const answer<double>& a, std::int64_t k) {
    const solver::operators data(one, 0);
    std::vector<double> sum(at(one.shape->n));
    const auto add = [&](solver::matrix where, const std::vector<double>& multipliers, std::int64_t rows,
                         const std::vector<double>& scale) {
        data.each(where, [&](int i, int j, double v) {
            sum[at(j)] += v / (data.z_scale[at(j)] * scale[at(i)]) * multipliers[at(k * rows + i)];
        });
    };
    add(solver::matrix::A, a.nu, one.shape->p, data.a_scale);
    add(solver::matrix::G, a.lambda, one.shape->m, data.g_scale);
    return sum;
}

inline bool same_bits(const std::vector<double>& a, std::int64_t i, const std::vector<double>& b, std::int64_t j,
                      int count) {
    return std::memcmp(a.data() + i * count, b.data() + j * count, at(count) * sizeof(double)) == 0;
}

/// `turned` holds the problems of `plain`, twelve or more, in the opposite order: the bits of each are the same, with
/// two threads, and in a part of the batch.
template <class Batch> void check_bits_of(Batch& plain, Batch& turned) {
    const int n = plain.x.shape.n, m = plain.x.shape.m;
    const std::int64_t batch = plain.x.batch;
    const answer<double> a = solve(plain.all(), {}, 1), b = solve(turned.all(), {}, 2), c = solve(plain.some(2, 9));
    REQUIRE(c.kept->lanes == solver::lanes_together);
    const std::vector<double> da = derivative_of(plain.all(), a), db = derivative_of(turned.all(), b, 2),
                              dc = derivative_of(plain.some(2, 9), c);
    for (std::int64_t k = 0; k < batch; ++k) {
        CAPTURE(k);
        CHECK(same_bits(a.z, k, b.z, batch - 1 - k, n));
        CHECK(same_bits(a.lambda, k, b.lambda, batch - 1 - k, m));
        CHECK(same_bits(da, k, db, batch - 1 - k, n));
        if (k < 2 || k >= 11) continue;
        CHECK(same_bits(a.z, k, c.z, k - 2, n));
        CHECK(same_bits(da, k, dc, k - 2, n));
    }
}

} // namespace problems
