// SPDX-License-Identifier: Apache-2.0
// Problems that share their matrices are solved together from eight on: what comes out for one is what it gets alone,
// and not a bit of it depends on the others.

#include "batches.hpp"
#include "catch.hpp"
#include "families.hpp"

#include <array>
#include <limits>
#include <utility>

using namespace problems;

namespace {

/// Eight more problems with the matrices of `d`: its own vectors with another objective.
dense<double> with_other_objectives(const dense<double>& d, std::uint64_t seed) {
    dense<double> out = pick(d, std::vector<std::int64_t>(9, 0));
    numbers draw(seed);
    for (std::int64_t k = 1; k < 9; ++k)
        for (int j = 0; j < d.n; ++j) out.qat(k, j) *= 1 + 0.2 * draw.normal();
    return out;
}

} // namespace

TEST_CASE("every family: together and alone the same status, point and gradient") {
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (std::uint64_t seed = 1; seed <= 2; ++seed) {
            const family& f = families[at(which)];
            const dense<double> d = with_other_objectives(make(which, seed), seed);
            const answer<double> a = solve(d), g = gradient(d, a, range(0, 9));
            for (std::int64_t k = 0; k < 9; ++k) {
                CAPTURE(which, f.name, seed, k);
                const dense<double> one = pick(d, {k});
                const answer<double> b = solve(one);
                CHECK(name(a.at(k)) == name(b.at(0)));
                if (b.at(0) != status::solved) continue;
                CHECK(shares(d, a, k, 1e-8) <= 1 + 1e-6L);
                if (!f.unique) continue;
                CHECK(distance(a.z, k, b.z, 0, d.n) <= 1e-6 * (1 + largest(b.z, 0, d.n)));
                if (!f.unique_duals) continue;
                CHECK(distance(a.lambda, k, b.lambda, 0, d.m) <= 1e-6 * (1 + largest(b.lambda, 0, d.m)));
                const answer<double> h = gradient(one, b, {k});
                CHECK(distance(g.z, k, h.z, 0, d.n) <= 1e-6 * (1 + largest(h.z, 0, d.n)));
                CHECK(distance(g.nu, k, h.nu, 0, d.p) <= 1e-6 * (1 + largest(h.nu, 0, d.p)));
                CHECK(distance(g.lambda, k, h.lambda, 0, d.m) <= 1e-6 * (1 + largest(h.lambda, 0, d.m)));
            }
        }
}

TEST_CASE("not a bit depends on the place, the neighbours, the size of the batch or the threads") {
    // With few rows in lanes, with many one dual active set each, from nothing or from a guess; the second with
    // equalities, the third diagonal.
    const dense<double> all[] = {random(20, 0, 20, 1000, true, 3), random(30, 6, 20, 1000, true, 4),
                                 with_other_objectives(dc3(40, 20, 20, 5), 6), random(12, 2, 40, 1000, true, 7),
                                 random(40, 6, 60, 300, true, 8)};
    for (const dense<double>& d : all)
        for (const double eps : {1e-8, 1e-14}) { // with the second some refine further than their neighbours
            CAPTURE(d.n, d.p, d.m, eps);
            optnet::settings how;
            how.eps_abs = how.eps_rel = eps;
            const std::int64_t whole = d.batch;
            const answer<double> a = solve(d, how), g = gradient(d, a, range(0, whole));
            std::int64_t unsolved = 0;
            for (std::int64_t k = 0; k < whole; ++k) unsolved += a.at(k) == status::solved ? 0 : 1;
            if (eps > 1e-9) CHECK(unsolved == 0);
            for (const std::int64_t size : {8, 9, 128, 999})
                for (const int threads : {1, 3}) {
                    if (size > whole) continue;
                    const std::vector<std::int64_t> from = range(whole - 1, size, -1); // the last ones, backwards
                    const dense<double> part = pick(d, from);
                    const answer<double> b = solve(part, how, threads), h = gradient(part, b, from, threads);
                    std::int64_t different = 0;
                    for (std::int64_t k = 0; k < size; ++k)
                        different += same_bits(d, a, from[at(k)], b, k) && same_bits(d, g, from[at(k)], h, k) ? 0 : 1;
                    CAPTURE(size, threads);
                    CHECK(different == 0);
                }
        }
}

TEST_CASE("forward and backward pass may have different threads, and so different numbers of problems together") {
    const dense<double> d = random(100, 0, 100, 200, true, 5);
    const std::vector<std::int64_t> all = range(0, 200);
    const answer<double> a = solve(d, {}, 1), b = solve(d, {}, 4);
    const answer<double> g = gradient(d, a, all, 1);
    for (const auto& [from, threads] : {std::pair{&a, 4}, std::pair{&b, 1}, std::pair{&b, 4}}) {
        const answer<double> h = gradient(d, *from, all, threads);
        std::int64_t different = 0;
        for (std::int64_t k = 0; k < 200; ++k)
            different += same_bits(d, a, k, *from, k) && same_bits(d, g, k, h, k) ? 0 : 1;
        CAPTURE(threads);
        CHECK(different == 0);
    }
}

TEST_CASE("matrices that several threads set up have the bits of one thread") {
    // Large enough for parts; the last with more rows than variables, whose first guess is another.
    for (const auto& [n, p, m] : {std::array{180, 0, 180}, std::array{240, 120, 110}, std::array{150, 0, 230}}) {
        const dense<double> d = random(n, p, m, 8, true, 9);
        const std::vector<std::int64_t> all = range(0, 8);
        const answer<double> a = solve(d, {}, 1), g = gradient(d, a, all, 1);
        for (const int threads : {2, 5}) {
            const answer<double> b = solve(d, {}, threads), h = gradient(d, b, all, threads);
            for (std::int64_t k = 0; k < 8; ++k) {
                CAPTURE(n, p, m, threads, k);
                CHECK(a.at(k) == status::solved);
                CHECK(same_bits(d, a, k, b, k));
                CHECK(same_bits(d, g, k, h, k));
            }
        }
    }
}

TEST_CASE("seven and fewer are solved one by one, and differ from many by rounding alone") {
    const dense<double> d = random(20, 4, 16, 64, true, 3);
    const answer<double> a = solve(d);
    for (const std::int64_t size : {1, 7}) {
        const dense<double> part = pick(d, range(0, size));
        const answer<double> b = solve(part);
        for (std::int64_t k = 0; k < size; ++k)
            CHECK(distance(a.z, k, b.z, k, d.n) <= 1e-9 * (1 + largest(b.z, k, d.n)));
    }
}

TEST_CASE("neighbours that fail, or that go a longer way, change no bit") {
    const dense<double> d = random(16, 3, 12, 64, true, 11);
    const answer<double> a = solve(d), g = gradient(d, a, range(0, 64));
    dense<double> bad = d;
    const double inf = std::numeric_limits<double>::infinity();
    bad.qat(3, 1) = std::numeric_limits<double>::quiet_NaN();
    bad.bat(8, 0) = inf;
    bad.hat(9, 4) = -inf;
    for (int i = 0; i < 12; ++i) bad.hat(17, i) = inf;                         // all rows absent
    for (int i = 0; i < 12; ++i) bad.hat(18, i) = 1e21;                        // so too
    for (int j = 0; j < 16; ++j) bad.qat(33, j) *= 1e12;                       // far out
    for (int j = 0; j < 16; ++j) bad.qat(34, j) = j % 2 == 0 ? 1e300 : -1e300; // overflows
    const answer<double> b = solve(bad, {}, 2), h = gradient(bad, b, range(0, 64), 2);
    for (std::int64_t k = 0; k < 64; ++k) {
        CAPTURE(k);
        const bool changed = k == 3 || k == 8 || k == 9 || k == 17 || k == 18 || k == 33 || k == 34;
        if (!changed) {
            CHECK(same_bits(d, a, k, b, k));
            CHECK(same_bits(d, g, k, h, k));
            continue;
        }
        const answer<double> alone = solve(pick(bad, {k}));
        CHECK(name(b.at(k)) == name(alone.at(0)));
        if (b.at(k) == status::solved) {
            CHECK(distance(b.z, k, alone.z, 0, 16) <= 1e-9 * (1 + largest(alone.z, 0, 16)));
            continue;
        }
        CHECK(largest(h.z, k, 16) == 0);
        CHECK(largest(h.nu, k, 3) == 0);
        CHECK(largest(h.lambda, k, 12) == 0);
    }
    CHECK(b.at(3) == status::invalid_input);
    CHECK(b.at(8) == status::invalid_input);
    CHECK(b.at(9) == status::primal_infeasible);
    CHECK(b.at(17) == status::solved);
}

TEST_CASE("an infeasible problem among others is certified") {
    for (int which = 0; which < static_cast<int>(infeasible_names.size()); ++which) {
        const dense<double> d = pick(infeasible(which, 1e-2, 3), std::vector<std::int64_t>(12, 0));
        const answer<double> a = solve(d);
        for (std::int64_t k = 0; k < 12; ++k) {
            CAPTURE(infeasible_names[at(which)], k);
            CHECK(a.at(k) == status::primal_infeasible);
            double value = 0;
            for (int i = 0; i < d.p; ++i) value -= d.bat(k, i) * a.nu[at(k * d.p + i)];
            for (int i = 0; i < d.m; ++i) value -= d.hat(k, i) * a.lambda[at(k * d.m + i)];
            CHECK(std::abs(value - 1) <= 1e-9);
        }
    }
}

TEST_CASE("where the derivative does not exist the mean of both sides is taken, together as alone") {
    // min 1/2 |z - y|^2 over z >= 0: at y_j = 0 the row is weakly active and dz_j = 1/2.
    const int n = 6;
    dense<double> d = zeros(n, 0, n, 10);
    for (int j = 0; j < n; ++j) d.Qat(0, j, j) = 1, d.Gat(0, j, j) = -1;
    for (std::int64_t k = 0; k < 10; ++k)
        for (int j = 0; j < n; ++j) d.qat(k, j) = static_cast<double>((j + k) % 3) - 1; // -y: 1, 0 and -1 in turn
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

TEST_CASE("vectors that a batch shares are as if every problem had them, and still no bit depends on the others") {
    // Dense and diagonal Q, with and without equalities, in lanes and one by one.
    const dense<double> all[] = {random(20, 0, 20, 40, true, 3), random(30, 6, 20, 40, true, 4),
                                 pick(dc3(40, 20, 20, 5), std::vector<std::int64_t>(40, 0)),
                                 random(12, 2, 40, 40, true, 7)};
    for (dense<double> d : all)
        for (const bool same_h : {false, true}) {
            numbers draw(11);
            for (std::int64_t k = 0; k < d.batch; ++k) {
                for (int j = 0; j < d.n; ++j) d.qat(k, j) = d.qat(0, j);
                for (int i = 0; i < d.p; ++i) d.bat(k, i) += 0.01 * draw.normal();
                for (int i = 0; i < d.m; ++i) d.hat(k, i) = same_h ? d.hat(0, i) : d.hat(k, i) + 0.1 * draw.uniform();
            }
            CAPTURE(d.n, d.p, d.m, same_h);
            const answer<double> separate = solve(d);
            view<double> v(d);
            v.batch.q.batch_stride = 0;
            if (same_h) v.batch.h.batch_stride = 0;
            const answer<double> a = solve(v.batch);
            for (std::int64_t k = 0; k < d.batch; ++k) {
                CHECK(name(a.at(k)) == name(separate.at(k)));
                if (separate.at(k) != status::solved) continue;
                CHECK(shares(d, a, k, 1e-8) <= 1 + 1e-6L);
                CHECK(distance(a.z, k, separate.z, k, d.n) <= 1e-9 * (1 + largest(separate.z, k, d.n)));
            }
            // The last nine by themselves.
            const dense<double> part = pick(d, range(31, 9));
            view<double> w(part);
            w.batch.q.batch_stride = 0;
            if (same_h) w.batch.h.batch_stride = 0;
            const answer<double> b = solve(w.batch);
            for (std::int64_t k = 0; k < 9; ++k) CHECK(same_bits(d, a, 31 + k, b, k));
        }
}

TEST_CASE("a q that problems share and that is not finite is the fault of each of them") {
    dense<double> d = random(10, 0, 10, 12, true, 3);
    d.q[4] = std::numeric_limits<double>::quiet_NaN();
    view<double> v(d);
    v.batch.q.batch_stride = 0;
    const answer<double> a = solve(v.batch);
    for (std::int64_t k = 0; k < d.batch; ++k) CHECK(a.at(k) == status::invalid_input);
}

TEST_CASE("more rows than n − p, or than lanes take: from a guess as from nothing") {
    struct {
        int n, p, m;
        std::int64_t batch;
    } const all[] = {{40, 0, 70, 24}, {60, 20, 70, 24}, {50, 16, 36, 24}, {280, 0, 264, 8}};
    for (const auto& [n, p, m, batch] : all) {
        dense<double> d = random(n, p, m, batch, true, 11);
        for (int j = 0; j < n; ++j) {
            d.Gat(0, 1, j) = d.Gat(0, 0, j);  // the same row twice,
            d.Gat(0, 3, j) = -d.Gat(0, 2, j); // and a band,
        }
        for (std::int64_t k = 0; k < batch; ++k) {
            d.hat(k, 1) = d.hat(k, 0);
            d.hat(k, 3) = 1 - d.hat(k, 2);
            d.hat(k, 4) = 1e20; // a row that is absent
        }
        d.hat(2, 3) = -1 - d.hat(2, 2); // which is empty
        d.qat(5, 0) = std::numeric_limits<double>::quiet_NaN();
        const answer<double> a = solve(d), g = gradient(d, a, range(0, batch));
        for (std::int64_t k = 0; k < batch; ++k) {
            CAPTURE(n, p, m, k);
            const dense<double> one = pick(d, {k});
            const answer<double> b = solve(one), h = gradient(one, b, {k});
            CHECK(name(a.at(k)) == name(b.at(0)));
            CHECK(a.at(k) == (k == 2 ? status::primal_infeasible : k == 5 ? status::invalid_input : status::solved));
            if (a.at(k) != status::solved) continue;
            CHECK(shares(d, a, k, 1e-8) <= 1);
            CHECK(distance(a.z, k, b.z, 0, n) <= 1e-8 * (1 + largest(b.z, 0, n)));
            CHECK(distance(g.z, k, h.z, 0, n) <= 1e-6 * (1 + largest(h.z, 0, n)));
        }
    }
}
