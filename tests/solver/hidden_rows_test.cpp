// SPDX-License-Identifier: Apache-2.0
// Inequalities that no feasible point leaves are equalities for the gradient, also where the solution needs none of
// their multipliers: on every form, alone and in batches.

#include "batches.hpp"
#include "catch.hpp"
#include "other_forms.hpp"
#include "solver/factorization.hpp"
#include "sparse_models.hpp"

#include <Eigen/Dense>

using namespace problems;

namespace {

enum class kind { opposite, fixed, fixed_singular, cycle, empty_simplex, needed };

/// Problems whose first `count` rows are tight at every feasible point; all others have room.
struct hidden {
    dense<double> d;
    int count;
};

/// Numbers are multiples of 1/8, so that the rows are tight exactly.
hidden make(kind of, int n, std::int64_t batch, bool shared, std::uint64_t seed) {
    constexpr int loose = 6;
    const bool is_fixed = of == kind::fixed || of == kind::fixed_singular;
    const int count = of == kind::cycle || of == kind::needed ? 5 : is_fixed ? 6 : 4;
    hidden x{zeros(n, 2, count + loose, batch, shared), count};
    dense<double>& d = x.d;
    numbers draw(seed);
    const auto eighth = [&] { return std::round(4 * draw.normal()) / 8; };
    for (std::int64_t k = 0; k < (shared ? 1 : batch); ++k) {
        std::vector<double> v(at(n));
        for (double& e : v) e = eighth();
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) d.Qat(k, i, j) = (i == j ? 2.0 : 0.0) + v[at(i)] * v[at(j)];
        if (of == kind::fixed_singular)
            for (int i = 0; i < count / 2; ++i)
                for (int j = 0; j < n; ++j) d.Qat(k, i, j) = d.Qat(k, j, i) = 0;
        for (int j = 0; j < n; ++j) {
            for (int i = 0; i < 2; ++i) d.Aat(k, i, j) = eighth();
            for (int i = 0; i < count + loose; ++i) d.Gat(k, i, j) = eighth();
            if (of == kind::empty_simplex) d.Aat(k, 0, j) = j < count ? 1 : 0;
            for (int i = 0; i < count; ++i) {
                const int half = i % (count / 2);
                if (of == kind::opposite && i >= count / 2) d.Gat(k, i, j) = -3 * d.Gat(k, half, j);
                if (is_fixed) d.Gat(k, i, j) = j != half ? 0 : i < count / 2 ? 1 : -1;
                if (of == kind::empty_simplex) d.Gat(k, i, j) = i == j ? -1 : 0;
            }
            if (of != kind::cycle && of != kind::needed) continue;
            d.Gat(k, count - 1, j) = 2 * d.Aat(k, 1, j); // the rows sum to one of A
            for (int i = 0; i < count - 1; ++i) d.Gat(k, count - 1, j) -= d.Gat(k, i, j);
        }
    }
    for (std::int64_t k = 0; k < batch; ++k) {
        std::vector<double> z(at(n));
        for (double& e : z) e = eighth();
        if (of == kind::empty_simplex) std::fill_n(z.begin(), count, 0.0);
        const double nu[] = {eighth(), eighth()};
        for (int i = 0; i < 2; ++i)
            for (int j = 0; j < n; ++j) d.bat(k, i) += d.Aat(k, i, j) * z[at(j)];
        for (int i = 0; i < count + loose; ++i) {
            d.hat(k, i) = i < count ? 0 : 1;
            for (int j = 0; j < n; ++j) d.hat(k, i) += d.Gat(k, i, j) * z[at(j)];
        }
        for (int j = 0; j < n; ++j) {
            if (of == kind::needed) d.qat(k, j) -= d.Gat(k, 0, j);
            for (int i = 0; i < 2; ++i) d.qat(k, j) -= d.Aat(k, i, j) * nu[i];
            for (int i = 0; i < n; ++i) d.qat(k, j) -= d.Qat(k, j, i) * z[at(i)];
        }
    }
    return x;
}

/// dz of min ½dz'Q dz − g'dz over A dz = 0 and G dz = 0 for the first rows.
Eigen::VectorXd by_definition(const hidden& x, std::int64_t k, const Eigen::VectorXd& g) {
    const dense<double>& d = x.d;
    Eigen::MatrixXd Q(d.n, d.n), E(d.p + x.count, d.n);
    for (int j = 0; j < d.n; ++j) {
        for (int i = 0; i < d.n; ++i) Q(i, j) = d.Qat(k, i, j);
        for (int i = 0; i < d.p; ++i) E(i, j) = d.Aat(k, i, j);
        for (int i = 0; i < x.count; ++i) E(d.p + i, j) = d.Gat(k, i, j);
    }
    Eigen::FullPivLU<Eigen::MatrixXd> lu(E);
    lu.setThreshold(1e-10);
    const Eigen::MatrixXd N = lu.kernel();
    return N * (N.transpose() * Q * N).ldlt().solve(N.transpose() * g);
}

std::vector<double> derivative_of(const solver::problem<double>& batch, const answer<double>& a,
                                  const Eigen::VectorXd& g) {
    std::vector<double> right, d(a.z);
    for (std::int64_t k = 0; k < batch.batch; ++k) right.insert(right.end(), g.begin(), g.end());
    solver::kkt_solve<double>(batch, *a.kept, 1, {right.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    return d;
}

Eigen::VectorXd some(int n) {
    numbers draw(3);
    Eigen::VectorXd g(n);
    for (double& e : g) e = draw.normal();
    return g;
}

} // namespace

TEST_CASE("rows that are tight at every feasible point are equalities for the gradient, dense and in batches") {
    for (const kind of :
         {kind::opposite, kind::fixed, kind::fixed_singular, kind::cycle, kind::empty_simplex, kind::needed})
        for (const int n : {9, 40})
            for (const std::int64_t batch : {1, 9, 40})
                for (const bool shared : {true, false}) {
                    const hidden x = make(of, n, batch, shared, 7);
                    const view<double> v(x.d);
                    const answer<double> a = solve(v.batch);
                    const Eigen::VectorXd g = some(n);
                    const std::vector<double> dz = derivative_of(v.batch, a, g);
                    for (std::int64_t k = 0; k < batch; ++k) {
                        CAPTURE(static_cast<int>(of), n, batch, shared, k);
                        REQUIRE(a.at(k) == status::solved);
                        const Eigen::VectorXd expected = by_definition(x, k, g);
                        double most = 0;
                        for (int j = 0; j < n; ++j) most = std::max(most, std::abs(dz[at(k * n + j)] - expected[j]));
                        // Q has eigenvalues from 2 to about 10, and the rows are as well conditioned.
                        CHECK(most <= 1e-9 * g.norm());
                    }
                }
}

TEST_CASE("the smallest problems without an interior: nothing moves") {
    const auto largest_derivative = [](const dense<double>& d) {
        double most = 0;
        for (int j = 0; j < d.n; ++j)
            for (const std::int64_t batch : {1, 8}) {
                const dense<double> all = pick(d, std::vector<std::int64_t>(at(batch), 0));
                const view<double> v(all);
                const answer<double> a = solve(v.batch);
                REQUIRE(a.at(0) == status::solved);
                for (const double x : derivative_of(v.batch, a, Eigen::VectorXd::Unit(d.n, j)))
                    most = std::max(most, std::abs(x));
            }
        return most;
    };
    dense<double> point = zeros(1, 0, 2); // 1 <= z <= 1
    point.Q = {1}, point.q = {-1}, point.G = {1, -1}, point.h = {1, -1};
    CHECK(largest_derivative(point) <= 1e-12);
    dense<double> corner = zeros(2, 0, 3); // z1 + z2 <= 0, z >= 0
    corner.Q = {1, 0, 0, 1}, corner.G = {1, 1, -1, 0, 0, -1};
    CHECK(largest_derivative(corner) <= 1e-12);
    dense<double> simplex = zeros(2, 1, 2); // z1 + z2 = 0, z >= 0
    simplex.Q = {1, 0, 0, 1}, simplex.q = {1, 1}, simplex.A = {1, 1}, simplex.G = {-1, 0, 0, -1};
    CHECK(largest_derivative(simplex) <= 1e-12);
}

TEST_CASE("on the sparse form, and on form B, variables between equal bounds do not move, and a sum of none does not") {
    constexpr int n = 120, held = 40;
    for (const std::int64_t batch : {1, 11})
        for (const bool by_bounds : {true, false}) {
            CAPTURE(batch, by_bounds);
            model x = simplex(n, batch, 1);
            x.shape.m = 2 * n;
            x.add(solver::matrix::G, solver::block_kind::identity, n, 0, n, n, 1);
            x.shape.groups = {{solver::row_kind::bound, 0, 2 * n, -1, false}};
            // z = 1/8 where q says so: the first ones have no other choice, those that follow have room.
            x.b = {n / 8.0};
            std::fill(x.q.begin(), x.q.end(), -0.125);
            x.h.assign(2 * n, 1.0);
            for (int j = 0; j < held; ++j) x.h[at(j)] = -0.125, x.h[at(n + j)] = 0.125;
            const Eigen::VectorXd g = some(n);
            const auto solved = [&](model& of) {
                const answer<double> a = by_bounds ? solve(of.problem()) : solve_by_other_forms(of.problem());
                for (std::int64_t k = 0; k < batch; ++k) REQUIRE(a.at(k) == status::solved);
                return derivative_of(of.problem(), a, g);
            };
            // Q = I: what is free moves with g less its mean.
            const double mean = g.tail(n - held).mean();
            const std::vector<double> dz = solved(x);
            double most = 0;
            for (std::int64_t k = 0; k < batch; ++k)
                for (int j = 0; j < n; ++j)
                    most = std::max(most, std::abs(dz[at(k * n + j)] - (j < held ? 0 : g[j] - mean)));
            CHECK(most <= 1e-9);
            // 1'z = 0 over z >= 0.
            model none = simplex(n, batch, 1);
            none.b = {0};
            std::fill(none.q.begin(), none.q.end(), 1.0);
            most = 0;
            for (const double v : solved(none)) most = std::max(most, std::abs(v));
            CHECK(most <= 1e-9);
        }
}

TEST_CASE("beside hidden equalities a kink stays one: the mean of the one-sided derivatives") {
    for (const std::int64_t batch : {1, 12}) {
        hidden x = make(kind::cycle, 20, batch, true, 5), with = x;
        // One more row is tight, and its multiplier 0.
        for (std::int64_t k = 0; k < batch; ++k) x.d.hat(k, x.count) -= 1;
        ++with.count;
        const Eigen::VectorXd g = some(20);
        const view<double> v(x.d);
        const answer<double> a = solve(v.batch);
        const std::vector<double> dz = derivative_of(v.batch, a, g);
        for (std::int64_t k = 0; k < batch; ++k) {
            CAPTURE(batch, k);
            REQUIRE(a.at(k) == status::solved);
            const Eigen::VectorXd mean = (by_definition(x, k, g) + by_definition(with, k, g)) / 2;
            double most = 0;
            for (int j = 0; j < 20; ++j) most = std::max(most, std::abs(dz[at(k * 20 + j)] - mean[j]));
            // In lanes D is that of the path's end; alone that of the last iterate, about 1e-5 from it where the rows
            // have a centre, and here they have none.
            CHECK(most <= (batch > 1 ? 1e-9 : 1e-2) * g.norm());
        }
    }
}
