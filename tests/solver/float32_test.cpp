// SPDX-License-Identifier: Apache-2.0
// Float32 batches with shared matrices: what comes out is what double precision gets from the same data, rounded.

#include "catch.hpp"
#include "problems.hpp"

#include <cstring>

using namespace problems;

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class To, class From> dense<To> cast(const dense<From>& d) {
    dense<To> out = zeros<To>(d.n, d.p, d.m, d.batch, d.shared);
    const auto copy = [](const std::vector<From>& from, std::vector<To>& to) {
        for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<To>(from[i]);
    };
    copy(d.Q, out.Q);
    copy(d.A, out.A);
    copy(d.G, out.G);
    copy(d.q, out.q);
    copy(d.b, out.b);
    copy(d.h, out.h);
    return out;
}

template <class T> double largest(const std::vector<T>& v, std::int64_t k, std::int64_t width) {
    double most = 0;
    for (std::int64_t j = 0; j < width; ++j) most = std::max(most, std::abs(static_cast<double>(v[at(k * width + j)])));
    return most;
}

double distance(const std::vector<float>& a, const std::vector<double>& b, std::int64_t k, std::int64_t width) {
    double most = 0;
    for (std::int64_t j = 0; j < width; ++j)
        most = std::max(most, std::abs(static_cast<double>(a[at(k * width + j)]) - b[at(k * width + j)]));
    return most;
}

/// dz, dnu and dlambda for a right-hand side of its own per problem, the same in every precision.
template <class T> answer<T> gradient(const dense<T>& d, const answer<T>& a, std::int64_t first = 0, int threads = 1) {
    answer<T> g = a;
    const view<T> v(d);
    for (std::int64_t k = 0; k < d.batch; ++k) {
        numbers draw(1000 + static_cast<std::uint64_t>(first + k));
        const auto fill = [&](std::vector<T>& to, int width) {
            for (int j = 0; j < width; ++j) to[at(k * width + j)] = static_cast<T>(static_cast<float>(draw.normal()));
        };
        fill(g.z, d.n);
        fill(g.nu, d.p);
        fill(g.lambda, d.m);
    }
    const std::vector<T> rz = g.z, rnu = g.nu, rl = g.lambda;
    solver::kkt_solve<T>(v.batch, *a.kept, threads, {rz.data(), rnu.data(), rl.data()},
                         {g.z.data(), g.nu.data(), g.lambda.data()});
    return g;
}

/// Solves in float32, and the same numbers in float64 to 1e-10: as good as rounded, point, multipliers and gradients.
void compare(const dense<float>& d, const optnet::settings& how = {}) {
    const answer<float> a = solve(d, how), g = gradient(d, a);
    const dense<double> wide = cast<double>(d);
    optnet::settings exact = how;
    exact.eps_abs = exact.eps_rel = 1e-10;
    const answer<double> b = solve(wide, exact), e = gradient(wide, b);
    for (std::int64_t k = 0; k < d.batch; ++k) {
        CAPTURE(d.n, d.p, d.m, k);
        REQUIRE(b.at(k) == status::solved);
        CHECK(a.at(k) == status::solved);
        CHECK(static_cast<double>(shares(d, a, k, 1e-4)) <= 1);
        CHECK(distance(a.z, b.z, k, d.n) <= 1e-6 * (1e-30 + largest(b.z, k, d.n)));
        CHECK(distance(a.nu, b.nu, k, d.p) <= 1e-5 * (1e-30 + largest(b.nu, k, d.p)));
        CHECK(distance(a.lambda, b.lambda, k, d.m) <= 1e-5 * (1e-30 + largest(b.lambda, k, d.m)));
        const double size = std::max({largest(e.z, k, d.n), largest(e.nu, k, d.p), largest(e.lambda, k, d.m)});
        CHECK(distance(g.z, e.z, k, d.n) <= 1e-6 * size);
        CHECK(distance(g.nu, e.nu, k, d.p) <= 1e-6 * size);
        CHECK(distance(g.lambda, e.lambda, k, d.m) <= 1e-6 * size);
    }
}

} // namespace

TEST_CASE("float32: point, multipliers and gradients are those of double precision") {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        compare(random<float>(70, 0, 70, 40, true, seed));
        compare(random<float>(100, 30, 66, 33, true, seed));
        compare(random<float>(150, 5, 128, 9, true, seed));
    }
}

TEST_CASE("float32: rows that are almost the same, and units far apart") {
    SECTION("pairs of rows that differ in the fourth digit") {
        dense<float> d = random<float>(90, 0, 80, 24, true, 5);
        numbers draw(6);
        for (int i = 0; i < 80; i += 2) {
            for (int j = 0; j < 90; ++j)
                d.Gat(0, i + 1, j) = d.Gat(0, i, j) * (1 + 1e-4F * static_cast<float>(draw.normal()));
            for (std::int64_t k = 0; k < 24; ++k) d.hat(k, i + 1) = d.hat(k, i) + 1e-4F;
        }
        const answer<float> a = solve(d);
        const answer<double> b = solve(cast<double>(d));
        for (std::int64_t k = 0; k < 24; ++k) {
            REQUIRE(b.at(k) == status::solved);
            CHECK(a.at(k) == status::solved);
            CHECK(static_cast<double>(shares(d, a, k, 1e-4)) <= 1);
            CHECK(distance(a.z, b.z, k, 90) <= 1e-5 * (1 + largest(b.z, k, 90)));
        }
    }
    SECTION("an objective of 1e-12 and one of 1e12") {
        for (const float unit : {1e-12F, 1e12F}) {
            dense<float> d = random<float>(70, 0, 70, 16, true, 7);
            for (float& x : d.Q) x *= unit;
            for (float& x : d.q) x *= unit;
            const answer<float> a = solve(d);
            optnet::settings exact;
            exact.eps_abs = 0;
            exact.eps_rel = 1e-9;
            const answer<double> b = solve(cast<double>(d), exact);
            for (std::int64_t k = 0; k < 16; ++k) {
                CHECK(a.at(k) == status::solved);
                REQUIRE(b.at(k) == status::solved);
                CHECK(distance(a.z, b.z, k, 70) <= 1e-5 * largest(b.z, k, 70));
            }
        }
    }
    SECTION("right-hand sides beyond what a float squares") {
        dense<float> d = random<float>(70, 0, 70, 16, true, 8);
        for (float& x : d.q) x *= 1e25F;
        for (float& x : d.h) x *= 1e18F;
        const answer<float> a = solve(d);
        for (std::int64_t k = 0; k < 16; ++k) CHECK(a.at(k) == solve(cast<double>(d)).at(k));
    }
}

TEST_CASE("float32: degenerate and infeasible ones among others") {
    dense<float> d = random<float>(70, 2, 66, 24, true, 9);
    for (int j = 0; j < 70; ++j) d.Gat(0, 1, j) = d.Gat(0, 0, j); // the same row twice,
    for (std::int64_t k = 0; k < 24; ++k) d.hat(k, 1) = d.hat(k, 0);
    for (int j = 0; j < 70; ++j) d.Gat(0, 3, j) = -d.Gat(0, 2, j); // and a band,
    for (std::int64_t k = 0; k < 24; ++k) d.hat(k, 3) = 1 - d.hat(k, 2);
    for (const std::int64_t k : {std::int64_t{3}, std::int64_t{20}}) d.hat(k, 3) = -1 - d.hat(k, 2); // which is empty
    const answer<float> a = solve(d), g = gradient(d, a);
    for (std::int64_t k = 0; k < 24; ++k) {
        CAPTURE(k);
        if (k == 3 || k == 20) {
            CHECK(a.at(k) == status::primal_infeasible);
            CHECK(largest(g.z, k, d.n) == 0);
            continue;
        }
        CHECK(a.at(k) == status::solved);
        CHECK(static_cast<double>(shares(d, a, k, 1e-4)) <= 1);
        CHECK(largest(g.z, k, d.n) > 0);
        CHECK(std::isfinite(largest(g.z, k, d.n)));
    }
}

TEST_CASE("float32: not a bit depends on the place, the neighbours, the size of the batch or the threads") {
    const std::int64_t whole = 150;
    const dense<float> d = random<float>(80, 4, 72, whole, true, 10);
    const answer<float> a = solve(d), g = gradient(d, a);
    for (const std::int64_t size : {8, 9, 67, 149})
        for (const int threads : {1, 3}) {
            dense<float> part = d;
            const std::int64_t first = whole - size;
            part.batch = size;
            part.q.erase(part.q.begin(), part.q.begin() + first * d.n);
            part.b.erase(part.b.begin(), part.b.begin() + first * d.p);
            part.h.erase(part.h.begin(), part.h.begin() + first * d.m);
            part.h[1] = std::numeric_limits<float>::quiet_NaN(); // of the first, which is left out below
            const answer<float> b = solve(part, {}, threads), h = gradient(part, b, first, threads);
            std::int64_t different = 0;
            for (std::int64_t k = 1; k < size; ++k) {
                const auto same = [&](const auto& x, const auto& y, std::int64_t width) {
                    return std::memcmp(x.data() + (first + k) * width, y.data() + k * width,
                                       at(width) * sizeof(x[0])) == 0;
                };
                for (const auto& [x, y] : {std::pair{&a, &b}, std::pair{&g, &h}})
                    different += same(x->z, y->z, d.n) && same(x->nu, y->nu, d.p) && same(x->lambda, y->lambda, d.m) &&
                                         same(x->s, y->s, d.m) && same(x->iterations, y->iterations, 1)
                                     ? 0
                                     : 1;
            }
            CAPTURE(size, threads);
            CHECK(different == 0);
        }
}
