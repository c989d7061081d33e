// SPDX-License-Identifier: Apache-2.0
#pragma once

// Parts of batches, their gradients, and comparisons element by element, bit for bit or by distance.

#include "problems.hpp"

#include <cstring>

namespace problems {

inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Problems from[0], from[1], ... of a batch; with those of its matrices that are their own.
inline dense<double> pick(const dense<double>& d, const std::vector<std::int64_t>& from) {
    dense<double> out = zeros(d.n, d.p, d.m, static_cast<std::int64_t>(from.size()), d.shared);
    if (d.shared) {
        out.Q = d.Q;
        out.A = d.A;
        out.G = d.G;
    }
    for (std::size_t k = 0; k < from.size(); ++k) {
        const auto copy = [&](const std::vector<double>& source, std::vector<double>& target, int width) {
            std::copy_n(source.begin() + from[k] * width, width, target.begin() + static_cast<std::int64_t>(k) * width);
        };
        copy(d.q, out.q, d.n);
        copy(d.b, out.b, d.p);
        copy(d.h, out.h, d.m);
        if (d.shared) continue;
        copy(d.Q, out.Q, d.n * d.n);
        copy(d.A, out.A, d.p * d.n);
        copy(d.G, out.G, d.m * d.n);
    }
    return out;
}

inline std::vector<std::int64_t> range(std::int64_t first, std::int64_t count, std::int64_t step = 1) {
    std::vector<std::int64_t> all;
    all.reserve(at(count));
    for (std::int64_t i = 0; i < count; ++i) all.push_back(first + i * step);
    return all;
}

/// dz, dnu and dlambda for a right-hand side that depends on `number[k]` alone.
inline answer<double> gradient(const dense<double>& d, const answer<double>& a, const std::vector<std::int64_t>& number,
                               int threads = 1) {
    answer<double> g = a;
    const view<double> v(d);
    for (std::size_t k = 0; k < number.size(); ++k) {
        numbers draw(1000 + static_cast<std::uint64_t>(number[k]));
        for (int j = 0; j < d.n; ++j) g.z[k * at(d.n) + at(j)] = draw.normal();
        for (int j = 0; j < d.p; ++j) g.nu[k * at(d.p) + at(j)] = draw.normal();
        for (int j = 0; j < d.m; ++j) g.lambda[k * at(d.m) + at(j)] = draw.normal();
    }
    const std::vector<double> rz = g.z, rnu = g.nu, rl = g.lambda;
    solver::kkt_solve<double>(v.batch, *a.kept, threads, {rz.data(), rnu.data(), rl.data()},
                              {g.z.data(), g.nu.data(), g.lambda.data()});
    return g;
}

inline bool same_bits(const dense<double>& d, const answer<double>& a, std::int64_t i, const answer<double>& b,
                      std::int64_t k) {
    const auto same = [&](const auto& x, const auto& y, std::int64_t width) {
        return width == 0 || std::memcmp(x.data() + i * width, y.data() + k * width, at(width) * sizeof(x[0])) == 0;
    };
    return same(a.z, b.z, d.n) && same(a.nu, b.nu, d.p) && same(a.lambda, b.lambda, d.m) && same(a.s, b.s, d.m) &&
           same(a.status, b.status, 1) && same(a.residuals, b.residuals, 3) && same(a.iterations, b.iterations, 1);
}

inline double largest(const std::vector<double>& v, std::int64_t k, std::int64_t width) {
    double most = 0;
    for (std::int64_t j = 0; j < width; ++j) most = std::max(most, std::abs(v[at(k * width + j)]));
    return most;
}

inline double distance(const std::vector<double>& a, std::int64_t i, const std::vector<double>& b, std::int64_t k,
                       std::int64_t width) {
    double most = 0;
    for (std::int64_t j = 0; j < width; ++j)
        most = std::max(most, std::abs(a[at(i * width + j)] - b[at(k * width + j)]));
    return most;
}

} // namespace problems
