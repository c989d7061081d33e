// SPDX-License-Identifier: Apache-2.0
// The derivative's systems of problems that share their matrices, eight at a time, against the same one by one, which
// cuda_test.cpp compares with the definition.

#include "catch.hpp"
#include "cuda/host.hpp"
#include "sizes.hpp"

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

template <class T> struct derivatives { std::vector<T> z, nu, lambda; };

/// With a right-hand side of every kind, drawn from the number of the problem: it stays the same wherever that lies.
template <class T> derivatives<T> right_sides(const dense<T>& d, const std::vector<int>& names) {
    derivatives<T> r;
    for (const int name : names) {
        numbers draw(static_cast<std::uint64_t>(900 + name));
        for (int i = 0; i < d.n; ++i) r.z.push_back(static_cast<T>(draw.normal()));
        for (int i = 0; i < d.p; ++i) r.nu.push_back(static_cast<T>(draw.normal()));
        for (int i = 0; i < d.m; ++i) r.lambda.push_back(static_cast<T>(draw.normal()));
    }
    return r;
}

template <class T> derivatives<T> derivative(host::batch<T>& b, const derivatives<T>& r, bool together) {
    const T left = std::numeric_limits<T>::quiet_NaN();
    derivatives<T> d{std::vector<T>(r.z.size(), left), std::vector<T>(r.nu.size(), left),
                     std::vector<T>(r.lambda.size(), left)};
    cuda::serial_team one;
    b.together = together;
    b.kkt_solve(one, {r.z.data(), r.nu.data(), r.lambda.data()}, {d.z.data(), d.nu.data(), d.lambda.data()});
    return d;
}

std::vector<int> first(std::int64_t batch) {
    std::vector<int> names(static_cast<std::size_t>(batch));
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = static_cast<int>(i);
    return names;
}

/// The largest difference of what groups find and what single problems find, relative to the size of the numbers.
template <class T> double apart_from_single(const dense<T>& d, bool sweeps) {
    const view<T> v(d);
    host::batch<T> b(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), cuda::arena::unlimited, {}, sweeps);
    cuda::serial_team one;
    b.solve(one);
    const derivatives<T> r = right_sides(d, first(d.batch));
    const derivatives<T> found = derivative(b, r, true), expected = derivative(b, r, false);
    double most = 0;
    const auto compare = [&](const std::vector<T>& of_groups, const std::vector<T>& of_single) {
        const std::vector<double> one_by_one(of_single.begin(), of_single.end());
        most = std::max(most, apart({of_groups.begin(), of_groups.end()}, one_by_one) / (1 + largest(one_by_one)));
        if (!std::all_of(of_groups.begin(), of_groups.end(), [](T value) { return std::isfinite(value); }))
            most = HUGE_VAL;
    };
    compare(found.z, expected.z);
    compare(found.nu, expected.nu);
    compare(found.lambda, expected.lambda);
    return most;
}

/// Both are refined on the user's data, with conditions below 1e5 (cuda_test.cpp).
constexpr double rounding = 1e-11;

/// Projections on the simplex. Of one in three, two bounds only touch: their factors come from another road.
dense<double> projections(std::int64_t batch) {
    dense<double> d = zeros(4, 1, 8, batch, true);
    for (int j = 0; j < 4; ++j) {
        d.Qat(0, j, j) = 1;
        d.Aat(0, 0, j) = 1;
        d.Gat(0, j, j) = -1;
        d.Gat(0, 4 + j, j) = 1;
    }
    numbers draw(4);
    for (std::int64_t k = 0; k < batch; ++k) {
        d.bat(k, 0) = 1;
        for (int j = 0; j < 4; ++j) {
            d.qat(k, j) = k % 3 == 1 ? (j < 2 ? -0.5 : 0.0) : draw.normal();
            d.hat(k, 4 + j) = 1;
        }
    }
    return d;
}

} // namespace

TEST_CASE("groups find what single problems find, whatever sizes and batches leave over") {
    const bool sweeps = GENERATE(true, false);
    struct one {
        int n, p, m;
    };
    for (const one& x : {one{1, 0, 1}, {3, 1, 2}, {8, 0, 8}, {9, 2, 17}, {31, 7, 33}, {40, 0, 64}, {70, 33, 40}})
        for (const std::int64_t batch : {1, 7, 8, 19}) {
            CAPTURE(sweeps, x.n, x.p, x.m, batch);
            CHECK(apart_from_single(random(x.n, x.p, x.m, batch, true, 3), sweeps) <= rounding);
        }
}

TEST_CASE("groups of float32 find the same, rounded") {
    for (const std::int64_t batch : {3, 17}) {
        CAPTURE(batch);
        CHECK(apart_from_single(random<float>(20, 3, 30, batch, true, 7), true) <= 0x1p-23);
    }
}

TEST_CASE("groups in which factors are of both kinds") {
    const dense<double> d = projections(11);
    const view<double> v(d);
    host::batch<double> b(v.batch, {});
    cuda::serial_team worker;
    b.solve(worker);
    int triangles = 0;
    for (std::int64_t k = 0; k < d.batch; ++k)
        triangles += b.factor(k).count[1] == static_cast<int>(cuda::factor_kind::triangle) ? 1 : 0;
    REQUIRE((triangles > 0 && triangles < d.batch));
    CHECK(apart_from_single(d, true) <= rounding);
}

TEST_CASE("regularized systems are refined problem by problem") {
    // Q is singular, and one equality is there twice.
    dense<double> d = random(12, 4, 20, 10, true, 5);
    for (int i = 0; i < d.n; ++i)
        for (int j = 0; j < d.n; ++j)
            if (i > 8 || j > 8) d.Qat(0, i, j) = 0;
    for (int j = 0; j < d.n; ++j) d.Aat(0, 3, j) = d.Aat(0, 2, j);
    for (std::int64_t k = 0; k < d.batch; ++k) d.bat(k, 3) = d.bat(k, 2);
    const view<double> v(d);
    host::batch<double> b(v.batch, {});
    cuda::serial_team one;
    b.solve(one);
    REQUIRE_FALSE(b.set(0).exact());
    derivatives<double> r = right_sides(d, first(d.batch));
    // The equality that is there twice would contradict itself.
    std::fill(r.nu.begin(), r.nu.end(), 0.0);
    std::fill(r.lambda.begin(), r.lambda.end(), 0.0);
    const derivatives<double> found = derivative(b, r, true), expected = derivative(b, r, false);
    CHECK(apart(found.z, expected.z) <= rounding * (1 + largest(expected.z)));
}

TEST_CASE("where ρ is larger than what Q has on the free directions conjugate gradients end it, beside others") {
    const bool sweeps = GENERATE(true, false), together = GENERATE(true, false);
    // Q of rank 16 in 64 variables of a box: 48 or so are at a bound, and on the others curvatures go down to 1e-3.
    constexpr int n = 64, rank = 16, batch = 11;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        dense<double> d = zeros(n, 0, 2 * n, batch, true);
        numbers draw(seed);
        std::vector<double> root(rank * n), g(batch * n);
        for (double& v : root) v = draw.normal();
        for (int i = 0; i < n; ++i) {
            for (int j = 0; j < n; ++j)
                for (int k = 0; k < rank; ++k)
                    d.Qat(0, i, j) +=
                        root[static_cast<std::size_t>(k * n + i)] * root[static_cast<std::size_t>(k * n + j)];
            d.Gat(0, i, i) = 1;
            d.Gat(0, n + i, i) = -1;
        }
        std::fill(d.h.begin(), d.h.end(), 1.0);
        for (double& v : d.q) v = draw.normal();
        for (double& v : g) v = draw.normal();
        const view<double> v(d);
        host::batch<double> b(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), cuda::arena::unlimited, {},
                              sweeps);
        cuda::serial_team one;
        b.solve(one);
        derivatives<double> r{g, {}, std::vector<double>(2 * n * batch, 0.0)};
        const derivatives<double> x = derivative(b, r, together);
        // Q dz + G'dλ = g, and dz = 0 where dλ is not.
        double worst = 0, size = 1;
        for (int k = 0; k < batch; ++k) {
            REQUIRE(b.out.at(k) == status::solved);
            for (int i = 0; i < n; ++i) {
                const double up = x.lambda[static_cast<std::size_t>(2 * n * k + i)],
                             down = x.lambda[static_cast<std::size_t>(2 * n * k + n + i)];
                double left = up - down - g[static_cast<std::size_t>(n * k + i)];
                for (int j = 0; j < n; ++j) left += d.Qat(0, i, j) * x.z[static_cast<std::size_t>(n * k + j)];
                const double dz = x.z[static_cast<std::size_t>(n * k + i)];
                worst = std::max({worst, std::abs(left), up != 0 || down != 0 ? std::abs(dz) : 0.0});
                size = std::max({size, std::abs(dz), std::abs(up - down)});
            }
        }
        CAPTURE(sweeps, together, seed);
        // What may be left without conjugate gradients, 1e-10 of a right-hand side, whose numbers are below 5.
        CHECK(worst <= 1e-9 * size);
    }
}

TEST_CASE("no bit depends on who is in the group: failed problems, and gradients that are not numbers") {
    constexpr std::int64_t batch = 11;
    const dense<double> d = random(20, 3, 30, batch, true, 6);
    const auto solved = [&](const dense<double>& of, const std::vector<int>& names, int nan) {
        const view<double> v(of);
        host::batch<double> b(v.batch, {});
        cuda::serial_team one;
        b.solve(one);
        derivatives<double> r = right_sides(of, names);
        if (nan >= 0) r.z[static_cast<std::size_t>(nan) * 20] = std::numeric_limits<double>::quiet_NaN();
        return derivative(b, r, true).z;
    };
    const std::vector<double> before = solved(d, first(batch), -1);

    dense<double> spoilt = d;
    spoilt.qat(3, 0) = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> after = solved(spoilt, first(batch), 5);
    for (std::size_t i = 0; i < before.size(); ++i) {
        const std::size_t k = i / 20;
        if (k == 3) CHECK(after[i] == 0);
        if (k == 5) continue;
        if (k != 3) CHECK(after[i] == before[i]);
    }
    CHECK(std::isnan(after[5 * 20]));

    dense<double> turned = d;
    std::vector<int> names;
    for (int k = 0; k < static_cast<int>(batch); ++k) {
        const int from = (k + 4) % static_cast<int>(batch);
        names.push_back(from);
        for (int j = 0; j < d.n; ++j) turned.qat(k, j) = d.q[static_cast<std::size_t>(from * d.n + j)];
        for (int i = 0; i < d.p; ++i) turned.bat(k, i) = d.b[static_cast<std::size_t>(from * d.p + i)];
        for (int i = 0; i < d.m; ++i) turned.hat(k, i) = d.h[static_cast<std::size_t>(from * d.m + i)];
    }
    const std::vector<double> moved = solved(turned, names, -1);
    for (std::size_t k = 0; k < static_cast<std::size_t>(batch); ++k)
        for (std::size_t j = 0; j < 20; ++j)
            REQUIRE(moved[k * 20 + j] == before[static_cast<std::size_t>(names[k]) * 20 + j]);
}

TEST_CASE("what is not trusted is refined, whoever is beside it") {
    constexpr std::int64_t batch = 13;
    const bool sweeps = GENERATE(true, false);
    const dense<double> d = random(40, 5, 50, batch, true, 8);
    const view<double> v(d);
    host::batch<double> b(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), cuda::arena::unlimited, {}, sweeps);
    cuda::serial_team one;
    b.solve(one);
    const auto with = [&](auto trusted) {
        for (std::int64_t k = 0; k < batch; ++k) {
            REQUIRE(b.factor(k).count[0] > 0);
            b.factor(k).count[2] = trusted(k) ? 1 : 0;
        }
        return derivative(b, right_sides(d, first(batch)), true).z;
    };
    const std::vector<double> once = with([](std::int64_t) { return true; });
    const std::vector<double> refined = with([](std::int64_t) { return false; });
    const std::vector<double> mixed = with([](std::int64_t k) { return k % 3 == 0; });
    CHECK(once != refined);
    CHECK(apart(once, refined) <= rounding * (1 + largest(refined)));
    for (std::size_t i = 0; i < mixed.size(); ++i) CHECK(mixed[i] == (i / 40 % 3 == 0 ? once : refined)[i]);
}

TEST_CASE("factors are trusted where a solve left rounding, and Q is of like size as the rows") {
    const auto trusted = [](const dense<double>& d) {
        const view<double> v(d);
        host::batch<double> b(v.batch, {});
        cuda::serial_team one;
        b.solve(one);
        std::int64_t count = 0;
        for (std::int64_t k = 0; k < d.batch; ++k) count += b.factor(k).count[2];
        return count;
    };
    dense<double> d = random(20, 3, 30, 9, true, 9);
    // The last one's objective is 0.03: its gap is within rounding, and not within 1e-12 of that.
    CHECK(trusted(d) >= 8);
    for (double& entry : d.Q) entry *= 1e-7;
    for (double& entry : d.q) entry *= 1e-7;
    CHECK(trusted(d) == 0);
}
