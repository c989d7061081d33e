// SPDX-License-Identifier: Apache-2.0
// Form B: bounds with at most one equality. Closed forms, the other forms on random and awkward data, and gradients
// from differences of the oracle.

#include "bound_problems.hpp"
#include "catch.hpp"
#include "derivative.hpp"

using namespace problems;
using solver::block_kind;

namespace {

constexpr long double rounding = 1 + 1e-6L;

} // namespace

TEST_CASE("bounds: the projection onto the simplex, by sorting") {
    for (const int n : {1, 2, 7, 20, 100, 1001}) {
        model x = simplex(n, 3, at(n));
        const answer<double> a = solve(x.problem());
        REQUIRE(by_form_b(a));
        for (std::int64_t k = 0; k < 3; ++k) {
            CAPTURE(n, k);
            REQUIRE(a.at(k) == status::solved);
            std::vector<long double> y(at(n));
            for (std::size_t j = 0; j < y.size(); ++j) y[j] = -x.q[at(k * n) + j];
            std::vector<long double> down = y;
            std::sort(down.rbegin(), down.rend());
            long double sum = 0, threshold = 0;
            for (std::size_t j = 0; j < down.size(); ++j) {
                sum += down[j];
                const long double t = (sum - 1) / static_cast<long double>(j + 1);
                if (down[j] > t) threshold = t;
            }
            CHECK(std::abs(a.nu[at(k)] - static_cast<double>(threshold)) <= 1e-14);
            for (std::size_t j = 0; j < y.size(); ++j) {
                const auto z = static_cast<double>(std::max(0.0L, y[j] - threshold));
                CHECK(std::abs(a.z[at(k * n) + j] - z) <= 1e-14);
                CHECK(a.s[at(k * n) + j] == a.z[at(k * n) + j]);
                CHECK(std::abs(a.lambda[at(k * n) + j] - static_cast<double>(std::max(0.0L, threshold - y[j]))) <=
                      1e-14);
            }
        }
    }
}

TEST_CASE("bounds: without an equality every variable is clipped") {
    model x;
    const int n = 50;
    numbers draw(1);
    x.shape.n = n;
    x.shape.m = 2 * n;
    std::vector<double> d(at(n)), low(at(n)), high(at(n));
    for (double& v : d) v = std::pow(10.0, 12 * draw.uniform() - 6);
    for (std::size_t j = 0; j < at(n); ++j) low[j] = draw.normal(), high[j] = low[j] + draw.uniform();
    x.add(solver::matrix::Q, block_kind::diagonal, 0, 0, n, n, 1, d);
    x.add(solver::matrix::G, block_kind::identity, 0, 0, n, n, -1);
    x.add(solver::matrix::G, block_kind::identity, n, 0, n, n, 1);
    x.shape.groups = {{solver::row_kind::bound, 0, 2 * n, -1, false}};
    for (std::size_t j = 0; j < at(n); ++j) x.q.push_back(d[j] * draw.normal());
    for (const double v : low) x.h.push_back(-v);
    x.h.insert(x.h.end(), high.begin(), high.end());
    const answer<double> a = solve(x.problem());
    REQUIRE(by_form_b(a));
    REQUIRE(a.at(0) == status::solved);
    const std::vector<double> dz = derivative_of(x.problem(), a);
    for (std::size_t j = 0; j < at(n); ++j) {
        const double free = -x.q[j] / d[j], z = std::clamp(free, low[j], high[j]);
        CHECK(std::abs(a.z[j] - z) <= 4e-16 * std::abs(z));
        const double slope = d[j] * z + x.q[j];
        CHECK(std::abs(a.lambda[j] - (free < low[j] ? slope : 0)) <= 1e-15 * std::abs(x.q[j]));
        CHECK(std::abs(a.lambda[at(n) + j] - (free > high[j] ? -slope : 0)) <= 1e-15 * std::abs(x.q[j]));
        const double right = 1 + 0.25 * static_cast<double>(j % 5);
        CHECK(std::abs(dz[j] - (free == z ? right / d[j] : 0)) <= 1e-15 * std::abs(dz[j]));
    }
}

TEST_CASE("bounds: claims hold in long double, and the other forms come to the same point and gradient") {
    const bound_kind kinds[] = {{},
                                {.p = 0},
                                {.units = 6, .signs_in_a = true},
                                {.zeros_in_a = true, .signs_in_a = true},
                                {.signs_in_a = true, .pinned = 0.2},
                                {.signs_in_a = true, .repeated = 9, .empty = 3},
                                {.p = 0, .units = 3, .pinned = 0.3, .repeated = 5, .empty = 1},
                                {.integers = true},
                                {.p = 0, .integers = true, .repeated = 6},
                                {.signs_in_a = true, .integers = true, .pinned = 0.1, .repeated = 4, .empty = 2}};
    int index = 0, clear = 0;
    for (const bound_kind& x : kinds) {
        ++index;
        for (std::uint64_t seed = 1; seed <= 25; ++seed) {
            const int n = 2 + static_cast<int>(seed * 7 % 40);
            const dense<double> d = make(x, n, 2, seed);
            const view<double> v(d);
            const answer<double> a = solve(v.batch), other = solve_by_other_forms(v.batch);
            REQUIRE(by_form_b(a));
            REQUIRE(!other.kept->by_bounds);
            for (std::int64_t k = 0; k < 2; ++k) {
                CAPTURE(index, seed, k, n);
                REQUIRE(a.at(k) == status::solved);
                CHECK(shares(d, a, k, 1e-8) <= rounding);
                CHECK(std::max({a.residuals[at(3 * k)], a.residuals[at(3 * k + 1)]}) <=
                      1e-12 * (1 + largest(d.q) + largest(a.lambda)));
            }
            if (other.at(0) != status::solved || other.at(1) != status::solved) continue;
            // "solved" leaves the others 1e-8 of the data; d >= 1e-6 of the largest.
            if (x.units <= 3) CHECK(distance(a.z, other.z) <= 1e-7 * (1 + largest(a.z)));
            if (x.units > 3 || left_to_others(a, 0) || left_to_others(a, 1)) continue;
            ++clear;
            const std::vector<double> da = derivative_of(v.batch, a), db = derivative_of(v.batch, other);
            CHECK(distance(da, db) <= 1e-6 * (1 + largest(da)));
        }
    }
    CHECK(clear > 100);
}

TEST_CASE("bounds: gradients by differences of the oracle, all six blocks") {
    int tried = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const bound_kind x{.p = static_cast<int>(seed % 4 != 0),
                           .zeros_in_a = true,
                           .signs_in_a = true,
                           .repeated = static_cast<int>(seed % 3)};
        const dense<double> d = make(x, 3 + static_cast<int>(seed % 6), 1, 100 + seed);
        const answer<double> a = solve(d);
        REQUIRE(a.at(0) == status::solved);
        const reference::problem given = reference::element(d);
        const reference::solution best = reference::solve(given);
        if (left_to_others(a) || !(best.error < 1e-15L) || best.margin() < 1e-4L) continue;
        numbers draw(seed);
        const derivative::cotangent g = derivative::random_cotangent(d, draw);
        const derivative::gradients found = derivative::backward(d, a, g);
        for (const derivative::block which : derivative::all_blocks) {
            if (which == derivative::block::A && d.p == 0) continue;
            if (which == derivative::block::b && d.p == 0) continue;
            const derivative::direction along = derivative::random_direction(given, which, draw);
            derivative::real expected = 0;
            if (!derivative::difference(given, best, g, along, expected)) continue;
            const derivative::pairing p = derivative::pair(found, along);
            CAPTURE(seed, static_cast<int>(which), static_cast<double>(p.value), static_cast<double>(expected));
            CHECK(static_cast<double>(std::abs(p.value - expected)) <=
                  1e-8 * static_cast<double>(std::max(1.0L, p.terms)));
            ++tried;
        }
    }
    CHECK(tried >= 24);
}

TEST_CASE("bounds: where a slack and its multiplier are 0 the other forms decide") {
    // Projections of (1, 0) and (1 + 1e-13, 0) onto the simplex: a kink at the first vertex, where half of the
    // derivative is left.
    model x = simplex(2, 2, 1);
    x.q = {-1, 0, -1 - 1e-13, 0};
    const answer<double> a = solve(x.problem());
    const std::vector<double> right = {1, -1, 1, -1};
    std::vector<double> d(4);
    solver::kkt_solve<double>(x.problem(), *a.kept, 1, {right.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    for (std::int64_t k = 0; k < 2; ++k) {
        CHECK(a.at(k) == status::solved);
        CHECK(left_to_others(a, k));
        CHECK(std::abs(d[at(2 * k)] - 0.5) <= 1e-6);
    }
    // All variables at bounds: the equality depends on the rows that hold.
    dense<double> vertex = zeros(2, 1, 4);
    for (int j = 0; j < 2; ++j) {
        vertex.Qat(0, j, j) = vertex.Aat(0, 0, j) = vertex.Gat(0, j, j) = vertex.hat(0, j) = 1;
        vertex.Gat(0, 2 + j, j) = -1;
    }
    vertex.bat(0, 0) = 1;
    vertex.qat(0, 0) = -5;
    const answer<double> b = solve(vertex);
    REQUIRE(b.at(0) == status::solved);
    CHECK(left_to_others(b));
    CHECK(std::abs(b.z[0] - 1) + std::abs(b.z[1]) <= 1e-15);
    CHECK(largest(derivative_of(view<double>(vertex).batch, b)) <= 1e-7);
}

TEST_CASE("bounds: a kink without an equality has the mean of its two derivatives") {
    // max(0, x) at x = 0, and min(max(-1, x), 1) at -1 and 1, with rows of G of any size.
    const int n = 7;
    model x;
    x.shape.n = n;
    x.shape.m = 2 * n;
    const std::vector<double> d = {1, 2, 0.5, 1, 4, 1, 1}, size = {1, 0.5, 2, 1, 3, 1, 0.25},
                              at_point = {-1, 1, 0.3, -2, -1, 1 + 1e-14, 3};
    std::vector<double> below(size);
    for (double& v : below) v = -v;
    x.add(solver::matrix::Q, block_kind::diagonal, 0, 0, n, n, 1, d);
    x.add(solver::matrix::G, block_kind::diagonal, 0, 0, n, n, 1, size);
    x.add(solver::matrix::G, block_kind::diagonal, n, 0, n, n, 1, below);
    x.shape.groups = {{solver::row_kind::bound, 0, 2 * n, -1, false}};
    for (std::size_t j = 0; j < at(n); ++j) x.q.push_back(-d[j] * at_point[j]);
    for (int half = 0; half < 2; ++half) x.h.insert(x.h.end(), size.begin(), size.end());
    const answer<double> a = solve(x.problem()), other = solve_by_other_forms(x.problem());
    REQUIRE(a.at(0) == status::solved);
    REQUIRE(!left_to_others(a));
    const std::vector<double> share = {0.5, 0.5, 1, 0, 0.5, 0.5, 0}, dz = derivative_of(x.problem(), a);
    for (std::size_t j = 0; j < at(n); ++j)
        CHECK(std::abs(dz[j] - share[j] * (1 + 0.25 * static_cast<double>(j % 5)) / d[j]) <= 1e-15);
    // All of the system, for right-hand sides of the multipliers too.
    numbers draw(1);
    std::vector<double> rz(at(n)), rl(at(2 * n)), z(rz), l(rl), z_other(rz), l_other(rl);
    for (double& v : rz) v = draw.normal();
    for (double& v : rl) v = draw.normal();
    solver::kkt_solve<double>(x.problem(), *a.kept, 1, {rz.data(), nullptr, rl.data()}, {z.data(), nullptr, l.data()});
    solver::kkt_solve<double>(x.problem(), *other.kept, 1, {rz.data(), nullptr, rl.data()},
                              {z_other.data(), nullptr, l_other.data()});
    CHECK(distance(z, z_other) <= 1e-4); // the centre is known to 1e-9, its ratios to the root of that
    CHECK(distance(l, l_other) <= 1e-4 * largest(d) / 0.25);
}

TEST_CASE("bounds: the form is chosen from the blocks, and is said") {
    CHECK(make_plan(simplex(20, 1, 1).shape, true).chosen == solver::form::bounds);
    CHECK(make_plan(simplex(20, 1, 1).shape, true, false).chosen == solver::form::dual);
    CHECK(make_plan(chain(1, 1, 1).shape, true).chosen != solver::form::bounds);
    CHECK(make_plan(mini_sudoku(1, 1).shape, true).chosen != solver::form::bounds);
    const std::string text = solver::explain(simplex(1000, 1, 1).shape, true);
    CHECK(text.find("form B (bounds and one equality)") != std::string::npos);
    CHECK(text.find("chosen: form B") != std::string::npos);
    // Two rows of G that share a row of the matrix are no bounds, whatever their numbers.
    model x = simplex(20, 1, 1);
    x.add(solver::matrix::G, block_kind::identity, 0, 1, 19, 19, 1);
    CHECK(make_plan(x.shape, true).chosen != solver::form::bounds);
}
