// SPDX-License-Identifier: Apache-2.0
#pragma once

// Seeded problems for tests, and a judge that recomputes everything in long double.

#include "optnet/solver/solve.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace problems {

using optnet::status;
namespace solver = optnet::solver;

/// Dense matrices of a batch, row-major; a matrix holds one copy if shared, else one per problem.
template <class T> struct dense {
    int n = 0, p = 0, m = 0;
    std::int64_t batch = 1;
    bool shared = true;
    std::vector<T> Q, A, G, q, b, h;

    T& Qat(std::int64_t k, int i, int j) { return Q[static_cast<std::size_t>(((shared ? 0 : k) * n + i) * n + j)]; }
    T& Aat(std::int64_t k, int i, int j) { return A[static_cast<std::size_t>(((shared ? 0 : k) * p + i) * n + j)]; }
    T& Gat(std::int64_t k, int i, int j) { return G[static_cast<std::size_t>(((shared ? 0 : k) * m + i) * n + j)]; }
    T& qat(std::int64_t k, int j) { return q[static_cast<std::size_t>(k * n + j)]; }
    T& bat(std::int64_t k, int i) { return b[static_cast<std::size_t>(k * p + i)]; }
    T& hat(std::int64_t k, int i) { return h[static_cast<std::size_t>(k * m + i)]; }
    T Qat(std::int64_t k, int i, int j) const { return const_cast<dense&>(*this).Qat(k, i, j); }
    T Aat(std::int64_t k, int i, int j) const { return const_cast<dense&>(*this).Aat(k, i, j); }
    T Gat(std::int64_t k, int i, int j) const { return const_cast<dense&>(*this).Gat(k, i, j); }
    T qat(std::int64_t k, int j) const { return const_cast<dense&>(*this).qat(k, j); }
    T bat(std::int64_t k, int i) const { return const_cast<dense&>(*this).bat(k, i); }
    T hat(std::int64_t k, int i) const { return const_cast<dense&>(*this).hat(k, i); }
};

template <class T = double> dense<T> zeros(int n, int p, int m, std::int64_t batch = 1, bool shared = true) {
    dense<T> d{n, p, m, batch, shared, {}, {}, {}, {}, {}, {}};
    const auto copies = static_cast<std::size_t>(shared ? 1 : batch), all = static_cast<std::size_t>(batch);
    const auto N = static_cast<std::size_t>(n), P = static_cast<std::size_t>(p), M = static_cast<std::size_t>(m);
    d.Q.resize(copies * N * N);
    d.A.resize(copies * P * N);
    d.G.resize(copies * M * N);
    d.q.resize(all * N);
    d.b.resize(all * P);
    d.h.resize(all * M);
    return d;
}

/// The solver's view of `d`, which must outlive it.
template <class T> class view {
public:
    explicit view(const dense<T>& d) : shape(solver::dense_structure(d.n, d.p, d.m)) {
        const auto matrix = [&](const std::vector<T>& v, int rows) {
            return solver::matrix_view<T>{v.data(), d.shared ? 0 : std::int64_t{rows} * d.n, d.n, 1};
        };
        data = {matrix(d.Q, d.n), matrix(d.A, d.p), matrix(d.G, d.m)};
        batch.shape = &shape;
        batch.batch = d.batch;
        batch.data = data.data();
        batch.q = {d.q.data(), d.n, 1};
        batch.b = {d.b.data(), d.p, 1};
        batch.h = {d.h.data(), d.m, 1};
    }
    view(const view&) = delete;
    view& operator=(const view&) = delete;

    solver::structure shape;
    std::vector<solver::matrix_view<T>> data;
    solver::problem<T> batch;
};

template <class T> struct answer {
    std::vector<T> z, nu, lambda, s;
    std::vector<std::int64_t> status, iterations;
    std::vector<double> residuals;
    std::shared_ptr<solver::factorization> kept;

    optnet::status at(std::int64_t k) const { return static_cast<optnet::status>(status[static_cast<std::size_t>(k)]); }
};

template <class T> answer<T> solve(const solver::problem<T>& batch, const optnet::settings& how = {}, int threads = 1) {
    const auto count = [&](int n) { return static_cast<std::size_t>(batch.batch * n); };
    answer<T> a{std::vector<T>(count(batch.shape->n)), std::vector<T>(count(batch.shape->p)),
                std::vector<T>(count(batch.shape->m)), std::vector<T>(count(batch.shape->m)),
                std::vector<std::int64_t>(count(1)),   std::vector<std::int64_t>(count(1)),
                std::vector<double>(count(3)),         nullptr};
    solver::solution<T> out{a.z.data(),      a.nu.data(),         a.lambda.data(),   a.s.data(),
                            a.status.data(), a.iterations.data(), a.residuals.data()};
    solver::solve(batch, how, threads, out, &a.kept);
    return a;
}

template <class T> answer<T> solve(const dense<T>& d, const optnet::settings& how = {}, int threads = 1) {
    const view<T> v(d);
    return solve(v.batch, how, threads);
}

/// Residuals in long double of the data as given, as shares of the tolerance that "solved" promises: at most 1 is kept.
/// Rows with h >= 1e20 are absent.
template <class T> long double shares(const dense<T>& d, const answer<T>& a, std::int64_t k, double eps) {
    using real = long double;
    const auto z = [&](int j) { return real(a.z[static_cast<std::size_t>(k * d.n + j)]); };
    const auto nu = [&](int i) { return real(a.nu[static_cast<std::size_t>(k * d.p + i)]); };
    const auto lambda = [&](int i) { return real(a.lambda[static_cast<std::size_t>(k * d.m + i)]); };
    real primal = 0, primal_size = 0, dual = 0, dual_size = 0, zqz = 0, qz_total = 0, bnu = 0, hl = 0;
    const auto most = [](real& to, real value) { to = std::isnan(value) ? HUGE_VALL : std::max(to, std::abs(value)); };
    for (int i = 0; i < d.p; ++i) {
        real az = 0;
        for (int j = 0; j < d.n; ++j) az += real(d.Aat(k, i, j)) * z(j);
        most(primal, az - d.bat(k, i));
        most(primal_size, az);
        most(primal_size, d.bat(k, i));
        bnu += real(d.bat(k, i)) * nu(i);
    }
    for (int i = 0; i < d.m; ++i) {
        if (!(lambda(i) >= 0)) return HUGE_VALL;
        if (d.hat(k, i) >= T(1e20)) {
            if (lambda(i) != 0) return HUGE_VALL;
            continue;
        }
        real gz = 0;
        for (int j = 0; j < d.n; ++j) gz += real(d.Gat(k, i, j)) * z(j);
        most(primal, std::max(real(0), gz - d.hat(k, i)));
        most(primal_size, gz);
        most(primal_size, d.hat(k, i));
        hl += real(d.hat(k, i)) * lambda(i);
    }
    for (int j = 0; j < d.n; ++j) {
        real qz = 0, an = 0, gl = 0;
        for (int i = 0; i < d.n; ++i) qz += (real(d.Qat(k, j, i)) + real(d.Qat(k, i, j))) / 2 * z(i);
        for (int i = 0; i < d.p; ++i) an += real(d.Aat(k, i, j)) * nu(i);
        for (int i = 0; i < d.m; ++i) gl += real(d.Gat(k, i, j)) * lambda(i);
        most(dual, qz + d.qat(k, j) + an + gl);
        for (const real v : {qz, real(d.qat(k, j)), an, gl}) most(dual_size, v);
        zqz += z(j) * qz;
        qz_total += real(d.qat(k, j)) * z(j);
    }
    const real gap = std::abs(zqz + qz_total + bnu + hl);
    const real gap_size = std::max(std::abs(zqz / 2 + qz_total), std::abs(zqz / 2 + bnu + hl));
    const auto share = [&](real residual, real size) { return residual / (eps + eps * size); };
    return std::max({share(primal, primal_size), share(dual, dual_size), share(gap, gap_size)});
}

/// Numbers in a fixed order from a seed, the same with every standard library.
class numbers {
public:
    explicit numbers(std::uint64_t seed) : random(seed) {}
    double uniform() { return static_cast<double>(random() >> 11) * 0x1p-53; }
    double normal() {
        const double r = std::sqrt(-2 * std::log(1 - uniform()));
        return r * std::cos(6.283185307179586 * uniform());
    }
    int below(int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); }

private:
    std::mt19937_64 random;
};

/// OptNet's timing experiment: Q = LL' + 1e-3 I, L uniform, G, z0, q normal, h = G z0 + s0, s0 uniform; with A normal,
/// b = A z0.
template <class T = double> dense<T> random(int n, int p, int m, std::int64_t batch, bool shared, std::uint64_t seed) {
    numbers draw(seed);
    dense<T> d = zeros<T>(n, p, m, batch, shared);
    for (std::int64_t k = 0; k < (shared ? 1 : batch); ++k) {
        std::vector<double> l(static_cast<std::size_t>(n * n));
        for (double& v : l) v = draw.uniform();
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) {
                double sum = i == j ? 1e-3 : 0.0;
                for (int c = 0; c < n; ++c)
                    sum += l[static_cast<std::size_t>(i * n + c)] * l[static_cast<std::size_t>(j * n + c)];
                d.Qat(k, i, j) = static_cast<T>(sum);
            }
        for (int i = 0; i < p; ++i)
            for (int j = 0; j < n; ++j) d.Aat(k, i, j) = static_cast<T>(draw.normal());
        for (int i = 0; i < m; ++i)
            for (int j = 0; j < n; ++j) d.Gat(k, i, j) = static_cast<T>(draw.normal());
    }
    for (std::int64_t k = 0; k < batch; ++k) {
        std::vector<double> z0(static_cast<std::size_t>(n));
        for (double& v : z0) v = draw.normal();
        for (int j = 0; j < n; ++j) d.qat(k, j) = static_cast<T>(draw.normal());
        for (int i = 0; i < p; ++i) {
            double sum = 0;
            for (int j = 0; j < n; ++j) sum += static_cast<double>(d.Aat(k, i, j)) * z0[static_cast<std::size_t>(j)];
            d.bat(k, i) = static_cast<T>(sum);
        }
        for (int i = 0; i < m; ++i) {
            double sum = draw.uniform();
            for (int j = 0; j < n; ++j) sum += static_cast<double>(d.Gat(k, i, j)) * z0[static_cast<std::size_t>(j)];
            d.hat(k, i) = static_cast<T>(sum);
        }
    }
    return d;
}

} // namespace problems
