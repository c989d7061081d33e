// SPDX-License-Identifier: Apache-2.0
// The derivative against closed forms, against differences of the oracle, and by its own symmetry.

#include "catch.hpp"
#include "derivative.hpp"
#include "families.hpp"

using namespace problems;
using derivative::direction;
using derivative::real;

namespace {

/// The gradient along a direction of the data is the oracle's difference; false where there is none to compare with.
bool differs_as_told(const reference::problem& x, const reference::solution& best, const derivative::cotangent& g,
                     const derivative::gradients& got, const direction& along) {
    real expected = 0;
    if (!derivative::difference(x, best, g, along, expected)) return false;
    const derivative::pairing p = derivative::pair(got, along);
    CAPTURE(static_cast<double>(expected), static_cast<double>(p.value), static_cast<double>(p.terms));
    // 1e-11: what the rounding of long double leaves of a difference over 1e-6.
    CHECK(static_cast<double>(std::abs(p.value - expected)) <=
          1e-8 * static_cast<double>(p.terms + std::abs(expected)) + 1e-11);
    return true;
}

} // namespace

TEST_CASE("every block's gradient agrees with differences of the oracle to 1e-8") {
    int tried = 0;
    for (const int which : {0, 1, 2, 8, 10, 12, 14, 16, 17, 18, 20, 22, 25, 26, 27, 29})
        for (std::uint64_t seed = 11; seed <= 13; ++seed) {
            const dense<double> d = make(which, seed);
            const reference::problem x = reference::element(d);
            const reference::solution best = reference::solve(x);
            CAPTURE(which, seed, static_cast<double>(best.error));
            // Only where the oracle's rows settle the solution can they be held while the data move.
            if (best.active.empty() && d.m > 0 && best.lambda.maxCoeff() > 0) continue;
            numbers draw(seed);
            const answer<double> a = solve(d);
            REQUIRE(a.at(0) == status::solved);
            const derivative::cotangent g = derivative::random_cotangent(d, draw);
            const derivative::gradients got = derivative::backward(d, a, g);
            for (const derivative::block b : derivative::all_blocks) {
                CAPTURE(static_cast<int>(b));
                tried += differs_as_told(x, best, g, got, derivative::random_direction(x, b, draw)) ? 1 : 0;
            }
        }
    CHECK(tried > 200);
}

TEST_CASE("where Q and the active rows only just settle z, solution and gradient are as exact") {
    int tried = 0;
    for (const int n : {20, 60})
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            const dense<double> d = just_settled(n, seed);
            const reference::problem x = reference::element(d);
            std::vector<int> all(static_cast<std::size_t>(d.m));
            for (int i = 0; i < d.m; ++i) all[static_cast<std::size_t>(i)] = i;
            const reference::solution best = reference::on_rows(x, all);
            CAPTURE(n, seed, static_cast<double>(best.error));
            REQUIRE(best.error < 1e-14L);
            const answer<double> a = solve(d);
            REQUIRE(a.at(0) == status::solved);
            // The condition number is 1e4 to 1e7 and residuals are 1e-16.
            for (int j = 0; j < n; ++j)
                CHECK(std::abs(a.z[static_cast<std::size_t>(j)] - static_cast<double>(best.z[j])) <= 1e-8);
            numbers draw(seed);
            const derivative::cotangent g = derivative::random_cotangent(d, draw);
            const derivative::gradients got = derivative::backward(d, a, g);
            for (const derivative::block b : {derivative::block::q, derivative::block::G, derivative::block::h}) {
                CAPTURE(static_cast<int>(b));
                tried += differs_as_told(x, best, g, got, derivative::random_direction(x, b, draw)) ? 1 : 0;
            }
        }
    CHECK(tried >= 12);
}

TEST_CASE("the same with a weakly active row, where the derivative lies between the one-sided ones") {
    for (const int n : {12, 20})
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {
            const dense<double> d = just_settled(n, seed, 1);
            const reference::problem x = reference::element(d);
            std::vector<int> all(static_cast<std::size_t>(d.m));
            for (int i = 0; i < d.m; ++i) all[static_cast<std::size_t>(i)] = i;
            const reference::solution best = reference::on_rows(x, all);
            CAPTURE(n, seed);
            const answer<double> a = solve(d);
            REQUIRE(a.at(0) == status::solved);
            for (int j = 0; j < n; ++j)
                CHECK(std::abs(a.z[static_cast<std::size_t>(j)] - static_cast<double>(best.z[j])) <= 1e-8);
            numbers draw(seed);
            derivative::cotangent g = derivative::random_cotangent(d, draw);
            g.lambda.setZero();
            const derivative::gradients got = derivative::backward(d, a, g);
            // Without the row z does not move with its h; with it, as the oracle says.
            reference::problem moved = x;
            moved.h[d.m - 1] += 1;
            const real inside = g.z.dot(reference::on_rows(moved, all).z - best.z);
            const double share = static_cast<double>(got.h[d.m - 1] / inside);
            CHECK((share >= 0 && share <= 1 + 1e-8));
        }
}

TEST_CASE("where active rows depend on each other, the derivative of z is still that of the oracle") {
    int tried = 0;
    for (const int which : {3, 4, 6, 9, 11, 13, 19, 23})
        for (std::uint64_t seed = 21; seed <= 22; ++seed) {
            const dense<double> d = make(which, seed);
            const reference::problem x = reference::element(d);
            const reference::solution best = reference::solve(x);
            CAPTURE(which, seed, static_cast<double>(best.error));
            numbers draw(seed);
            const answer<double> a = solve(d);
            REQUIRE(a.at(0) == status::solved);
            derivative::cotangent g = derivative::random_cotangent(d, draw);
            g.nu.setZero();
            g.lambda.setZero();
            const derivative::gradients got = derivative::backward(d, a, g);
            const direction along = derivative::random_direction(x, derivative::block::q, draw);
            // The oracle solved again: z is unique, its rows need not be.
            real values[2];
            const real h = 1e-6L;
            bool same = true;
            for (int side = 0; side < 2; ++side) {
                reference::problem moved = x;
                moved.q += (side == 0 ? h : -h) * along.q;
                const reference::solution there = reference::solve(moved);
                same = same && there.error < 1e-15L;
                values[side] = g.z.dot(there.z);
            }
            if (!same) continue;
            const real expected = (values[0] - values[1]) / (2 * h);
            const derivative::pairing p = derivative::pair(got, along);
            CAPTURE(static_cast<double>(expected), static_cast<double>(p.value), static_cast<double>(p.terms));
            CHECK(static_cast<double>(std::abs(p.value - expected)) <= 1e-7 * static_cast<double>(1 + p.terms));
            ++tried;
        }
    CHECK(tried >= 8);
}

TEST_CASE("kkt_solve is symmetric on every family") {
    for (int which = 0; which < static_cast<int>(families.size()); ++which) {
        const dense<double> d = make(which, 5);
        CAPTURE(which, families[static_cast<std::size_t>(which)].name);
        const view<double> v(d);
        const answer<double> a = solve(v.batch);
        REQUIRE(a.at(0) == status::solved);
        numbers draw(static_cast<std::uint64_t>(which));
        const auto random_point = [&] {
            // A right-hand side in the range of dependent rows: the image of a point.
            derivative::cotangent r = derivative::random_cotangent(d, draw);
            const reference::problem x = reference::element(d);
            const reference::vector w = r.z;
            r.nu = x.A * w;
            r.lambda = x.G * w;
            return r;
        };
        const derivative::cotangent r1 = random_point(), r2 = random_point();
        const derivative::cotangent d1 = derivative::kkt(d, a, r1), d2 = derivative::kkt(d, a, r2);
        const real left = derivative::dot(r1, d2), right = derivative::dot(r2, d1);
        const real terms = derivative::absolute_dot(r1, d2) + derivative::absolute_dot(r2, d1);
        CAPTURE(static_cast<double>(left), static_cast<double>(right), static_cast<double>(terms));
        CHECK(static_cast<double>(std::abs(left - right)) <= 1e-8 * static_cast<double>(terms));
        for (int i = 0; i < d.m; ++i)
            if (!(d.hat(0, i) < 1e20)) CHECK(d1.lambda[i] == 0);
    }
}

TEST_CASE("the Jacobian of a projection on the simplex is I - 11'/k on its support") {
    numbers draw(3);
    const int n = 12;
    dense<double> d = zeros(n, 1, n);
    for (int j = 0; j < n; ++j) {
        d.Qat(0, j, j) = d.Aat(0, 0, j) = 1;
        d.Gat(0, j, j) = -1;
        d.qat(0, j) = -0.5 * draw.normal();
    }
    d.b[0] = 1;
    const answer<double> a = solve(d);
    REQUIRE(a.at(0) == status::solved);
    double support = 0;
    for (const double z : a.z) support += z > 1e-9 ? 1 : 0;
    for (int i = 0; i < n; ++i) {
        derivative::cotangent g = derivative::zero_cotangent(d);
        g.z[i] = 1;
        const derivative::gradients got = derivative::backward(d, a, g);
        const bool in = a.z[static_cast<std::size_t>(i)] > 1e-9;
        for (int j = 0; j < n; ++j) {
            const bool both = in && a.z[static_cast<std::size_t>(j)] > 1e-9;
            const double expected = both ? (i == j ? 1.0 : 0.0) - 1 / support : 0.0;
            CHECK(std::abs(-static_cast<double>(got.q[j]) - expected) <= 1e-13);
        }
        // z moves with the sum as 1/k on the support.
        CHECK(std::abs(static_cast<double>(got.b[0]) - (in ? 1 / support : 0.0)) <= 1e-13);
    }
}

TEST_CASE("clipping to a box passes the gradient inside and stops it at the bounds") {
    // argmin 1/2 (z - y)^2 over 0 <= z <= 1: z moves with y inside, with its bound outside.
    const std::vector<double> y = {-0.5, 0.25, 0.75, 1.5};
    dense<double> d = zeros(4, 0, 8);
    for (int j = 0; j < 4; ++j) {
        d.Qat(0, j, j) = 1;
        d.qat(0, j) = -y[static_cast<std::size_t>(j)];
        d.Gat(0, j, j) = -1;
        d.Gat(0, 4 + j, j) = 1;
        d.hat(0, 4 + j) = 1;
    }
    const answer<double> a = solve(d);
    REQUIRE(a.at(0) == status::solved);
    derivative::cotangent g = derivative::zero_cotangent(d);
    g.z << 1, 2, 3, 4;
    const derivative::gradients got = derivative::backward(d, a, g);
    const double of_q[] = {0, -2, -3, 0}, of_h[] = {-1, 0, 0, 0, 0, 0, 0, 4};
    for (int j = 0; j < 4; ++j) CHECK(std::abs(static_cast<double>(got.q[j]) - of_q[j]) <= 1e-15);
    for (int i = 0; i < 8; ++i) CHECK(std::abs(static_cast<double>(got.h[i]) - of_h[i]) <= 1e-15);
    // dL/dQ_jj = -z_j dz_j inside.
    CHECK(std::abs(static_cast<double>(got.Q(1, 1)) - -2 * 0.25) <= 1e-15);
    CHECK(std::abs(static_cast<double>(got.Q(2, 1)) - -(2 * 0.75 + 3 * 0.25) / 2) <= 1e-15);
}

TEST_CASE("at a kink the gradient is the mean of the one-sided derivatives") {
    // argmin 1/2 (z - y)^2 over z <= 0 at y = 0: one-sided derivatives 1 and 0.
    dense<double> d = zeros(1, 0, 1);
    d.Q[0] = d.G[0] = 1;
    const answer<double> a = solve(d);
    REQUIRE(a.at(0) == status::solved);
    derivative::cotangent g = derivative::zero_cotangent(d);
    g.z[0] = 1;
    const derivative::gradients got = derivative::backward(d, a, g);
    CHECK(std::abs(-static_cast<double>(got.q[0]) - 0.5) <= 1e-6);
    CHECK(std::abs(static_cast<double>(got.h[0]) - 0.5) <= 1e-6);
}

TEST_CASE("a linear program's vertex stays where it is, and moves with its rows") {
    // min -z over z <= h: dz/dq = 0, dz/dh = 1.
    dense<double> d = zeros(1, 0, 1);
    d.G[0] = 1;
    d.q[0] = -1;
    d.h[0] = 3;
    const answer<double> a = solve(d);
    REQUIRE(a.at(0) == status::solved);
    derivative::cotangent g = derivative::zero_cotangent(d);
    g.z[0] = 1;
    const derivative::gradients got = derivative::backward(d, a, g);
    CHECK(std::abs(static_cast<double>(got.q[0])) <= 1e-12);
    CHECK(std::abs(static_cast<double>(got.h[0]) - 1) <= 1e-12);
    CHECK(std::abs(static_cast<double>(got.G(0, 0)) + 3) <= 1e-11); // z = h / G
}

TEST_CASE("the gradient is that of the point, not of the tolerance") {
    for (const int which : {0, 10, 16, 20, 22}) {
        const dense<double> d = make(which, 7);
        numbers draw(1);
        const derivative::cotangent g = derivative::random_cotangent(d, draw);
        CAPTURE(which);
        std::vector<derivative::gradients> got;
        for (const double eps : {1e-6, 1e-11}) {
            optnet::settings how;
            how.eps_abs = how.eps_rel = eps;
            const answer<double> a = solve(d, how);
            REQUIRE(a.at(0) == status::solved);
            got.push_back(derivative::backward(d, a, g));
        }
        const double size = 1 + static_cast<double>(reference::largest(got[1].q));
        CHECK(static_cast<double>(reference::largest(got[0].q - got[1].q)) <= 1e-8 * size);
    }
}
