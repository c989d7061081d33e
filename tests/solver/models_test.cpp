// SPDX-License-Identifier: Apache-2.0
// Models as the language lowers them, in blocks: denoising by total variation against the taut string, mini-Sudoku
// against the oracle.

#include "catch.hpp"
#include "derivative.hpp"
#include "models.hpp"

using namespace problems;
using reference::real;

namespace {

/// A constant piece [first, last) of the solution: its height is the mean of y there plus weight * push / length.
struct piece {
    int first, last;
    int push;
    real height;
};

/// argmin 1/2 |z - y|^2 + weight * sum |z_{i+1} - z_i| is the slope of the shortest path through the tube of that
/// radius around the running sums of y, fixed at both ends (the taut string; Davies & Kovac 2001). In long double.
std::vector<piece> taut_string(const double* y, int n, real weight) {
    std::vector<real> sums(static_cast<std::size_t>(n + 1), 0);
    for (int i = 0; i < n; ++i) sums[static_cast<std::size_t>(i + 1)] = sums[static_cast<std::size_t>(i)] + real(y[i]);
    std::vector<piece> pieces;
    int start = 0, side = 0; // the string leaves `start` at its sum + side * weight
    while (start < n) {
        const real from = sums[static_cast<std::size_t>(start)] + real(side) * weight;
        const auto slope = [&](int j, int at) {
            const real radius = j == n ? real(0) : real(at) * weight;
            return (sums[static_cast<std::size_t>(j)] + radius - from) / real(j - start);
        };
        int below = start + 1, above = start + 1, end = n, end_side = 0;
        for (int j = start + 1; j <= n; ++j) {
            if (slope(j, -1) > slope(above, 1)) { // must rise faster than it may: bends up at the upper wall
                end = above;
                end_side = 1;
                break;
            }
            if (slope(j, 1) < slope(below, -1)) {
                end = below;
                end_side = -1;
                break;
            }
            if (slope(j, -1) >= slope(below, -1)) below = j;
            if (slope(j, 1) <= slope(above, 1)) above = j;
        }
        if (end == n) end_side = 0;
        pieces.push_back({start, end, end_side - side, slope(end, end_side)});
        start = end;
        side = end_side;
    }
    return pieces;
}

/// K d = -(g, 0, 0) for every problem: d.z is the gradient of g'z by q.
std::vector<double> gradient_of_q(const solver::problem<double>& batch, const answer<double>& a,
                                  const std::vector<double>& g) {
    std::vector<double> r(g), d(a.z), nu(a.nu), lambda(a.lambda);
    for (double& v : r) v = -v;
    solver::kkt_solve<double>(batch, *a.kept, 1, {r.data(), nullptr, nullptr}, {d.data(), nu.data(), lambda.data()});
    return d;
}

} // namespace

TEST_CASE("total variation, 100 samples, 300 signals: the taut string, and its derivatives by y and by the weight") {
    const int n = 100;
    const std::int64_t batch = 300;
    for (const double weight : {0.5, 13.0, 60.0}) {
        model x = denoising(n, batch, weight, 11);
        const solver::problem<double> p = x.problem();
        const answer<double> a = solve(p, {}, 2);
        std::vector<double> g(a.z.size(), 0.0);
        numbers draw(3);
        for (std::int64_t k = 0; k < batch; ++k)
            for (int j = 0; j < n; ++j) g[static_cast<std::size_t>(k * x.shape.n + j)] = draw.normal();
        const std::vector<double> d = gradient_of_q(p, a, g);
        real worst = 0, worst_y = 0, worst_weight = 0;
        for (std::int64_t k = 0; k < batch; ++k) {
            const auto at = [&](int j) { return static_cast<std::size_t>(k * x.shape.n + j); };
            CAPTURE(weight, k, name(a.at(k)));
            REQUIRE(a.at(k) == status::solved);
            std::vector<double> y(n);
            for (int j = 0; j < n; ++j) y[static_cast<std::size_t>(j)] = -x.q[at(j)];
            real by_weight = 0;
            for (const piece& c : taut_string(y.data(), n, real(weight))) {
                const real length = real(c.last - c.first);
                real mean = 0;
                for (int j = c.first; j < c.last; ++j) mean += real(g[at(j)]) / length;
                for (int j = c.first; j < c.last; ++j) {
                    worst = std::max(worst, std::abs(real(a.z[at(j)]) - c.height));
                    worst_y = std::max(worst_y, std::abs(-real(d[at(j)]) - mean));
                }
                by_weight += mean * real(c.push);
            }
            real got = 0;
            for (int i = 0; i < n - 1; ++i) got += real(d[at(n + i)]);
            worst_weight = std::max(worst_weight, std::abs(got - by_weight));
        }
        CAPTURE(weight);
        // Data of size 100; gradients of size 1, and by the weight sums over some ten pieces.
        CHECK(static_cast<double>(worst) <= 1e-8);
        CHECK(static_cast<double>(worst_y) <= 1e-8);
        CHECK(static_cast<double>(worst_weight) <= 1e-8);
    }
}

TEST_CASE("a learned difference matrix: the gradient by D against differences of the oracle") {
    const int n = 12, rows = 11;
    int tried = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        numbers draw(seed);
        std::vector<double> dense_d(static_cast<std::size_t>(rows * n));
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < n; ++j)
                dense_d[static_cast<std::size_t>(i * n + j)] = (j == i ? 1 : j == i + 1 ? -1 : 0) + 0.3 * draw.normal();
        model x = denoising(n, 1, 13, seed, dense_d);
        const answer<double> a = solve(x.problem());
        REQUIRE(a.at(0) == status::solved);
        // The same in dense matrices, for the oracle.
        dense<double> same = zeros(n + rows, 0, 2 * rows);
        same.q = x.q;
        for (int j = 0; j < n; ++j) same.Qat(0, j, j) = 1;
        for (int i = 0; i < rows; ++i)
            for (int half = 0; half < 2; ++half) {
                for (int j = 0; j < n; ++j)
                    same.Gat(0, i + half * rows, j) =
                        (half == 0 ? 1 : -1) * dense_d[static_cast<std::size_t>(i * n + j)];
                same.Gat(0, i + half * rows, n + i) = -1;
            }
        const reference::problem problem = reference::element(same);
        const reference::solution best = reference::solve(problem);
        CAPTURE(seed, static_cast<double>(best.error));
        for (int j = 0; j < n; ++j)
            CHECK(std::abs(a.z[static_cast<std::size_t>(j)] - static_cast<double>(best.z[j])) <= 1e-8 * 100);
        derivative::cotangent g = derivative::zero_cotangent(same);
        for (int j = 0; j < n; ++j) g.z[j] = real(draw.normal());
        // D moves in both halves of G.
        derivative::direction along = derivative::random_direction(problem, derivative::block::G, draw);
        along.G.setZero();
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < n; ++j) {
                along.G(i, j) = real(draw.normal());
                along.G(i + rows, j) = -along.G(i, j);
            }
        real expected = 0;
        if (!derivative::difference(problem, best, g, along, expected)) continue;
        const derivative::pairing got = derivative::pair(derivative::backward(same, a, g), along);
        CAPTURE(static_cast<double>(got.value), static_cast<double>(expected));
        CHECK(static_cast<double>(std::abs(got.value - expected)) <= 1e-8 * static_cast<double>(1 + got.terms));
        ++tried;
    }
    CHECK(tried >= 3);
}

TEST_CASE("mini-Sudoku with random rules: solved, and the oracle's point") {
    model x = mini_sudoku(128, 5);
    const answer<double> a = solve(x.problem(), {}, 2);
    dense<double> same = zeros(64, 40, 64);
    for (int j = 0; j < 64; ++j) same.Qat(0, j, j) = 0.1, same.Gat(0, j, j) = -1;
    same.A = x.numbers[1];
    same.b = x.b;
    for (std::int64_t k = 0; k < 128; ++k) {
        CAPTURE(k, name(a.at(k)));
        REQUIRE(a.at(k) == status::solved);
        CHECK(a.residuals[static_cast<std::size_t>(3 * k)] <= 1e-10);
        if (k % 16 != 0) continue;
        std::copy_n(x.q.begin() + k * 64, 64, same.q.begin());
        const reference::solution best = reference::solve(reference::element(same));
        REQUIRE(best.error <= 1e-15L);
        for (int j = 0; j < 64; ++j)
            CHECK(std::abs(a.z[static_cast<std::size_t>(k * 64 + j)] - static_cast<double>(best.z[j])) <= 1e-9);
    }
}
