// SPDX-License-Identifier: Apache-2.0
// Problems with matrices of their own lie in the lanes of a vector from eight on: what comes out for one is what
// it gets alone, and not a bit of it depends on the others.

#include "batches.hpp"
#include "catch.hpp"
#include "hard_families.hpp"
#include "solver/algorithm/dense_lanes.hpp"

#include <cmath>
#include <limits>

using namespace problems;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

struct size {
    int n, p, m;
};
/// Tiles of two and four rows with all their remainders, and blocks of eight; the last two are for the road alone.
const size all_sizes[] = {{1, 0, 1},   {2, 0, 2},    {3, 1, 2},   {5, 0, 5},   {6, 2, 3},    {8, 0, 8},    {9, 4, 5},
                          {10, 0, 10}, {11, 3, 7},   {15, 0, 15}, {17, 8, 9},  {24, 0, 24},  {24, 10, 14}, {25, 0, 25},
                          {40, 0, 40}, {50, 30, 20}, {50, 0, 50}, {64, 3, 60}, {101, 0, 30}, {10, 0, 30}};

/// Compares problem k of a batch with the same problem by itself. Both points carry the rounding of the condition, 1e5
/// at most for these data.
void compare(const dense<double>& d, const answer<double>& a, const answer<double>& g, std::int64_t k) {
    const dense<double> one = pick(d, {k});
    const answer<double> b = solve(one), h = gradient(one, b, {k});
    CHECK(name(a.at(k)) == name(b.at(0)));
    if (b.at(0) != status::solved) {
        CHECK(largest(g.z, k, d.n) == 0);
        CHECK(largest(g.lambda, k, d.m) == 0);
        return;
    }
    CHECK(shares(d, a, k, 1e-8) <= 1 + 1e-6L);
    const double near = 1e-8;
    CHECK(distance(a.z, k, b.z, 0, d.n) <= near * (1 + largest(b.z, 0, d.n)));
    CHECK(distance(a.nu, k, b.nu, 0, d.p) <= near * (1 + largest(b.nu, 0, d.p)));
    CHECK(distance(a.lambda, k, b.lambda, 0, d.m) <= near * (1 + largest(b.lambda, 0, d.m)));
    CHECK(distance(a.s, k, b.s, 0, d.m) <= near * (1 + largest(b.z, 0, d.n)));
    CHECK(distance(g.z, k, h.z, 0, d.n) <= near * (1 + largest(h.z, 0, d.n)));
    CHECK(distance(g.nu, k, h.nu, 0, d.p) <= near * (1 + largest(h.nu, 0, d.p)));
    CHECK(distance(g.lambda, k, h.lambda, 0, d.m) <= near * (1 + largest(h.lambda, 0, d.m)));
}

std::int64_t different(const dense<double>& d, const answer<double>& a, const answer<double>& b,
                       const std::vector<std::int64_t>& from) {
    std::int64_t count = 0;
    for (std::size_t k = 0; k < from.size(); ++k)
        count += same_bits(d, a, from[k], b, static_cast<std::int64_t>(k)) ? 0 : 1;
    return count;
}

} // namespace

TEST_CASE("in lanes as alone: the same status, point and gradient") {
    for (const size& s : all_sizes)
        for (const std::int64_t batch : {8, 13}) {
            const dense<double> d = random(s.n, s.p, s.m, batch, false, 5);
            const answer<double> a = solve(d), g = gradient(d, a, range(0, batch));
            for (std::int64_t k = 0; k < batch; ++k) {
                CAPTURE(s.n, s.p, s.m, batch, k);
                compare(d, a, g, k);
            }
        }
}

TEST_CASE("rows in other units, usual ones or not, have the same solution and multipliers in those units") {
    for (const size& s : all_sizes) {
        const dense<double> d = random(s.n, s.p, s.m, 8, false, 8);
        dense<double> e = d;
        const auto unit = [](std::int64_t k, int i) { // 1 in every third problem, and not in all rows of the others
            const int powers[] = {-24, 0, 3, -7, 15, 24, -16, 17};
            return k % 3 == 2 ? 1.0 : std::ldexp(1.0, powers[(k + i) % 8]);
        };
        for (std::int64_t k = 0; k < 8; ++k)
            for (int i = 0; i < s.m; ++i) {
                for (int j = 0; j < s.n; ++j) e.Gat(k, i, j) *= unit(k, i);
                e.h[static_cast<std::size_t>(k * s.m + i)] *= unit(k, i);
            }
        const answer<double> a = solve(d);
        answer<double> b = solve(e);
        for (std::int64_t k = 0; k < 8; ++k) {
            CAPTURE(s.n, s.p, s.m, k);
            REQUIRE(a.at(k) == status::solved);
            REQUIRE(b.at(k) == status::solved);
            for (int i = 0; i < s.m; ++i) b.lambda[static_cast<std::size_t>(k * s.m + i)] *= unit(k, i);
            const double near = 1e-8; // the rounding of the condition, as above
            CHECK(distance(a.z, k, b.z, k, d.n) <= near * (1 + largest(a.z, k, d.n)));
            CHECK(distance(a.nu, k, b.nu, k, d.p) <= near * (1 + largest(a.nu, k, d.p)));
            CHECK(distance(a.lambda, k, b.lambda, k, d.m) <= near * (1 + largest(a.lambda, k, d.m)));
        }
    }
}

TEST_CASE("not a bit depends on the lane, the neighbours, the size of the batch or the threads") {
    const dense<double> all[] = {random(10, 0, 10, 500, false, 3), random(11, 3, 7, 500, false, 4),
                                 random(17, 0, 17, 500, false, 7), random(40, 5, 35, 500, false, 6)};
    for (const dense<double>& d : all)
        for (const double eps : {1e-8, 1e-14}) { // with the second many leave the lanes
            CAPTURE(d.n, d.p, d.m, eps);
            optnet::settings how;
            how.eps_abs = how.eps_rel = eps;
            const answer<double> a = solve(d, how), g = gradient(d, a, range(0, d.batch));
            for (const std::int64_t count : {8, 9, 131, 499})
                for (const int threads : {1, 3}) {
                    const std::vector<std::int64_t> from = range(d.batch - 1, count, -1); // the last ones, backwards
                    const dense<double> part = pick(d, from);
                    const answer<double> b = solve(part, how, threads), h = gradient(part, b, from, threads);
                    CAPTURE(count, threads);
                    CHECK(different(d, a, b, from) == 0);
                    CHECK(different(d, g, h, from) == 0);
                }
        }
}

TEST_CASE("neighbours that fail, or that are not for lanes, change no bit and get what they get alone") {
    const dense<double> d = random(9, 3, 6, 64, false, 11);
    const answer<double> a = solve(d), g = gradient(d, a, range(0, 64));
    dense<double> bad = d;
    bad.qat(1, 1) = nan_value;
    bad.Qat(2, 3, 4) = nan_value;
    bad.Qat(3, 0, 0) = inf;
    bad.Aat(4, 2, 8) = nan_value;
    bad.Gat(5, 5, 8) = -inf;
    bad.hat(8, 4) = -inf;
    bad.bat(9, 0) = inf;
    for (int i = 0; i < 6; ++i) bad.hat(10, i) = inf;               // all rows absent
    for (int i = 0; i < 6; ++i) bad.hat(11, i) = 1e21;              // so too
    for (int j = 0; j < 9; ++j) bad.Gat(12, 2, j) = 0;              // an empty row
    for (int j = 0; j < 9; ++j) bad.Gat(13, 2, j) = j == 4 ? 2 : 0; // a bound
    for (int i = 0; i < 9; ++i)
        for (int j = 0; j < 9; ++j) bad.Qat(16, i, j) = 0; // a linear program, without end or not
    for (int i = 0; i < 9; ++i)
        for (int j = 0; j < 9; ++j) bad.Qat(17, i, j) = i == j ? -1 : 0;   // not convex
    for (int j = 0; j < 9; ++j) bad.Aat(18, 1, j) = 2 * bad.Aat(18, 0, j); // dependent equalities
    bad.bat(18, 1) = 2 * bad.bat(18, 0);
    for (int j = 0; j < 9; ++j) bad.Gat(19, 1, j) = bad.Gat(19, 0, j); // a row twice
    bad.hat(19, 1) = bad.hat(19, 0);
    for (int j = 0; j < 9; ++j) bad.Gat(24, 1, j) = -bad.Gat(24, 0, j); // none is feasible
    bad.hat(24, 1) = -bad.hat(24, 0) - 1;
    for (int i = 0; i < 9; ++i) bad.Qat(25, i, 0) *= 1e6, bad.Qat(25, 0, i) *= 1e6; // columns of very different size
    for (int i = 0; i < 9; ++i)
        for (int j = 0; j < 9; ++j) bad.Qat(26, i, j) *= 1e-9; // a small objective
    for (int j = 0; j < 9; ++j) bad.Gat(27, 3, j) *= 1e-320;   // a row of denormal numbers
    for (int j = 0; j < 9; ++j) bad.Gat(28, 3, j) *= 1e305;    // one near overflow
    bad.hat(28, 3) = 1e19;
    for (int j = 0; j < 9; ++j) bad.Gat(29, 3, j) = bad.Aat(29, 0, j); // a row that the equalities fix
    bad.hat(29, 3) = bad.bat(29, 0) + 1;
    for (int i = 0; i < 9; ++i)
        for (int j = 0; j < 9; ++j) bad.Qat(30, i, j) = 1; // of rank 1
    const std::vector<std::int64_t> changed = {1,  2,  3,  4,  5,  8,  9,  10, 11, 12, 13,
                                               16, 17, 18, 19, 24, 25, 26, 27, 28, 29, 30};
    const answer<double> b = solve(bad, {}, 2), h = gradient(bad, b, range(0, 64), 2);
    for (std::int64_t k = 0; k < 64; ++k) {
        CAPTURE(k);
        if (std::find(changed.begin(), changed.end(), k) == changed.end()) {
            CHECK(same_bits(d, a, k, b, k));
            CHECK(same_bits(d, g, k, h, k));
            continue;
        }
        const answer<double> alone = solve(pick(bad, {k}));
        CHECK(name(b.at(k)) == name(alone.at(0)));
        if (b.at(k) == status::solved) {
            CHECK(shares(bad, b, k, 1e-8) <= 1 + 1e-6L);
            continue;
        }
        CHECK(largest(h.z, k, 9) == 0);
        CHECK(largest(h.nu, k, 3) == 0);
        CHECK(largest(h.lambda, k, 6) == 0);
    }
    for (const std::int64_t k : {1, 2, 3, 4, 5, 9}) CHECK(b.at(k) == status::invalid_input);
    for (const std::int64_t k : {8, 24}) CHECK(b.at(k) == status::primal_infeasible);
    for (const std::int64_t k : {10, 11, 12, 13, 18, 19, 25, 26, 29}) CHECK(b.at(k) == status::solved);
    CHECK(b.at(17) == status::nonconvex);
}

TEST_CASE("in lanes, too, a kink gets the mean of its one-sided derivatives") {
    // min 1/2 |z - y|^2 over z >= 0: at y_j = 0 the row is weakly active and dz_j = 1/2.
    const int n = 6;
    dense<double> d = zeros(n, 0, n, 10, false);
    for (std::int64_t k = 0; k < 10; ++k)
        for (int j = 0; j < n; ++j) {
            d.Qat(k, j, j) = 1, d.Gat(k, j, j) = -1;
            d.qat(k, j) = static_cast<double>((j + k) % 3) - 1; // -y: 1, 0 and -1 in turn
        }
    const answer<double> a = solve(d);
    const view<double> v(d);
    const std::vector<double> ones(at(10 * n), 1.0);
    std::vector<double> dz(at(10 * n));
    solver::kkt_solve<double>(v.batch, *a.kept, 1, {ones.data(), nullptr, nullptr}, {dz.data(), nullptr, nullptr});
    for (std::int64_t k = 0; k < 10; ++k)
        for (int j = 0; j < n; ++j) {
            CAPTURE(k, j);
            const double expected[] = {1, 0.5, 0};
            CHECK(std::abs(dz[at(k * n + j)] - expected[(j + k) % 3]) <= 1e-6);
        }
}

TEST_CASE("matrices in any order of memory, shared in part, float or with a factor come out as plain ones") {
    const dense<double> d = random(7, 2, 5, 9, false, 43);
    const answer<double> plain = solve(d);
    SECTION("transposed") {
        dense<double> t = d;
        for (std::int64_t k = 0; k < 9; ++k)
            for (int j = 0; j < 7; ++j) {
                for (int i = 0; i < 7; ++i) t.Q[at(k * 49 + j * 7 + i)] = d.Qat(k, i, j);
                for (int i = 0; i < 2; ++i) t.A[at(k * 14 + j * 2 + i)] = d.Aat(k, i, j);
                for (int i = 0; i < 5; ++i) t.G[at(k * 35 + j * 5 + i)] = d.Gat(k, i, j);
            }
        view<double> v(t);
        v.data = {{t.Q.data(), 49, 1, 7}, {t.A.data(), 14, 1, 2}, {t.G.data(), 35, 1, 5}};
        v.batch.data = v.data.data();
        CHECK(different(d, plain, solve(v.batch), range(0, 9)) == 0);
    }
    SECTION("one G for all") {
        view<double> v(d);
        v.data[2].batch_stride = 0;
        dense<double> repeated = d;
        for (std::int64_t k = 1; k < 9; ++k) std::copy_n(d.G.begin(), 35, repeated.G.begin() + k * 35);
        CHECK(different(d, solve(repeated), solve(v.batch), range(0, 9)) == 0);
    }
    SECTION("half of G twice as large: powers of two lose nothing") {
        dense<double> half = d;
        for (double& x : half.G) x *= 0.5;
        view<double> v(half);
        for (solver::block& b : v.shape.blocks)
            if (b.where == solver::matrix::G) b.scale = 2;
        CHECK(different(d, plain, solve(v.batch), range(0, 9)) == 0);
    }
    SECTION("Q counts by its symmetric part") {
        dense<double> turned = d;
        for (std::int64_t k = 0; k < 9; ++k)
            for (int i = 0; i < 7; ++i)
                for (int j = 0; j < i; ++j) turned.Qat(k, i, j) += 3, turned.Qat(k, j, i) -= 3;
        const answer<double> a = solve(turned), g = gradient(turned, a, range(0, 9));
        for (std::int64_t k = 0; k < 9; ++k) {
            compare(turned, a, g, k);
            CHECK(distance(a.z, k, plain.z, k, 7) <= 1e-8 * (1 + largest(plain.z, k, 7)));
        }
    }
    SECTION("float") {
        const dense<float> f = random<float>(7, 2, 5, 9, false, 43);
        dense<double> wide = zeros(7, 2, 5, 9, false);
        const auto widen = [](const std::vector<float>& from, std::vector<double>& to) {
            std::copy(from.begin(), from.end(), to.begin());
        };
        widen(f.Q, wide.Q), widen(f.A, wide.A), widen(f.G, wide.G);
        widen(f.q, wide.q), widen(f.b, wide.b), widen(f.h, wide.h);
        const answer<float> a = solve(f);
        optnet::settings how;
        how.eps_abs = how.eps_rel = 1e-4; // the tolerance of float
        const answer<double> exact = solve(wide, how);
        for (std::size_t i = 0; i < a.z.size(); ++i) CHECK(a.z[i] == static_cast<float>(exact.z[i]));
    }
}

TEST_CASE("a lane takes a factor with more rows than those of its neighbours have") {
    constexpr std::int64_t width = solver::dense_lanes::width;
    const auto number = [](std::int64_t i, std::int64_t j) {
        return i == j ? 4.0 + double(i) : 1.0 / double(1 + i + j);
    };
    const auto triangle = [&](std::int64_t k) {
        std::vector<double> L(at(k * k));
        for (std::int64_t i = 0; i < k; ++i)
            for (std::int64_t j = 0; j <= i; ++j) L[at(i * k + j)] = number(i, j);
        return L;
    };
    solver::dense_lanes lanes;
    lanes.resize(solver::dense_structure(9, 0, 9));
    lanes.resize_sets(3);
    const std::vector<int> few = {1, 4, 6}, many = {0, 2, 3, 5, 6, 7};
    for (int l = 0; l < width; ++l) lanes.put(l, few, triangle(3).data(), 3);
    lanes.put(2, many, triangle(6).data(), 6);
    CHECK(lanes.k == 8);
    // L L' x = L L' (1, 2, ...) in every lane.
    std::vector<double> x(at(lanes.k * width), 0.0);
    const auto rows = [&](std::int64_t l) { return std::int64_t{l == 2 ? 6 : 3}; };
    for (std::int64_t l = 0; l < width; ++l)
        for (std::int64_t i = 0; i < rows(l); ++i) {
            CHECK(lanes.which[at(i * width + l)] == (l == 2 ? many : few)[at(i)]);
            for (std::int64_t c = 0; c < rows(l); ++c)
                for (std::int64_t j = 0; j <= std::min(i, c); ++j)
                    x[at(i * width + l)] += number(i, j) * number(c, j) * double(c + 1);
        }
    optnet::solver::cpu::dense<double>().lanes_solve(lanes.factor.data(), lanes.distance(), lanes.factor_inverse.data(),
                                                     lanes.k, x.data());
    for (std::int64_t l = 0; l < width; ++l)
        for (std::int64_t i = 0; i < lanes.k; ++i) {
            CAPTURE(l, i);
            CHECK(std::abs(x[at(i * width + l)] - (i < rows(l) ? double(i + 1) : 0.0)) <= 1e-13);
        }
}

TEST_CASE("memory that is used again carries nothing over, and what is kept stays") {
    const dense<double> small = random(10, 2, 8, 16, false, 61), large = random(40, 5, 30, 16, false, 62),
                        wide = random(24, 0, 24, 16, false, 63);
    const answer<double> first = solve(small), other = solve(large);
    const answer<double> g = gradient(small, first, range(0, 16)), h = gradient(large, other, range(0, 16));
    for (int round = 0; round < 3; ++round) {
        static_cast<void>(solve(wide)); // dropped at once
        const answer<double> a = solve(large), b = solve(small);
        const std::vector<std::int64_t> all = range(0, 16);
        CHECK(different(large, other, a, all) == 0);
        CHECK(different(small, first, b, all) == 0);
        // The first factorizations are still there, and those of now say the same.
        CHECK(different(small, g, gradient(small, first, all), all) == 0);
        CHECK(different(large, h, gradient(large, other, all), all) == 0);
        CHECK(different(small, g, gradient(small, b, all), all) == 0);
        CHECK(different(large, h, gradient(large, a, all), all) == 0);
    }
}

TEST_CASE("a gradient whose solves are not looked at is as exact as one that was refined") {
    // The same problems with another tolerance: what is within a hundredth of 1e-14 is seldom, so most are refined.
    for (const size& s : {size{10, 2, 8}, size{40, 5, 30}}) {
        const dense<double> d = random(s.n, s.p, s.m, 16, false, 71);
        optnet::settings how;
        how.eps_abs = how.eps_rel = 1e-14;
        const answer<double> a = solve(d), b = solve(d, how);
        const answer<double> g = gradient(d, a, range(0, 16)), h = gradient(d, b, range(0, 16));
        for (std::int64_t k = 0; k < 16; ++k) {
            CAPTURE(s.n, k);
            if (b.at(k) != status::solved && b.at(k) != status::solved_inaccurate) continue;
            CHECK(distance(g.z, k, h.z, k, d.n) <= 1e-9 * (1 + largest(h.z, k, d.n)));
            CHECK(distance(g.lambda, k, h.lambda, k, d.m) <= 1e-9 * (1 + largest(h.lambda, k, d.m)));
        }
    }
}
