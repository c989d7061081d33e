// SPDX-License-Identifier: Apache-2.0
// Elements of a batch do not touch each other: not a bit, whatever one of them holds, and with any number of threads.

#include "catch.hpp"
#include "families.hpp"

#include <cstring>
#include <limits>

using namespace problems;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b, std::int64_t from, std::int64_t to) {
    if (from == to) return true; // an empty array has no address that memcmp may be given
    return std::memcmp(a.data() + from, b.data() + from, static_cast<std::size_t>(to - from) * sizeof(T)) == 0;
}

template <class T> bool same_element(const dense<T>& d, const answer<T>& a, const answer<T>& b, std::int64_t k) {
    return same_bits(a.z, b.z, k * d.n, (k + 1) * d.n) && same_bits(a.nu, b.nu, k * d.p, (k + 1) * d.p) &&
           same_bits(a.lambda, b.lambda, k * d.m, (k + 1) * d.m) && same_bits(a.s, b.s, k * d.m, (k + 1) * d.m) &&
           same_bits(a.status, b.status, k, k + 1) && same_bits(a.residuals, b.residuals, 3 * k, 3 * k + 3) &&
           same_bits(a.iterations, b.iterations, k, k + 1);
}

/// The answer to the same right-hand side for every element, as an answer.
template <class T> answer<T> gradient(const dense<T>& d, const answer<T>& a, int threads = 1) {
    answer<T> g = a;
    const view<T> v(d);
    std::vector<T> rz(g.z.size()), rnu(g.nu.size()), rl(g.lambda.size());
    for (auto* part : {&rz, &rnu, &rl})
        for (std::size_t i = 0; i < part->size(); ++i)
            (*part)[i] = static_cast<T>(std::sin(static_cast<double>(i + 1)));
    solver::kkt_solve(v.batch, *a.kept, threads, {rz.data(), rnu.data(), rl.data()},
                      {g.z.data(), g.nu.data(), g.lambda.data()});
    return g;
}

struct poison {
    const char* what;
    void (*put)(dense<double>&, std::int64_t k);
    status expected;
};

const poison poisons[] = {
    {"NaN in q", [](auto& d, std::int64_t k) { d.qat(k, 1) = nan_value; }, status::invalid_input},
    {"NaN in b", [](auto& d, std::int64_t k) { d.bat(k, 0) = nan_value; }, status::invalid_input},
    {"NaN in h", [](auto& d, std::int64_t k) { d.hat(k, 2) = nan_value; }, status::invalid_input},
    {"inf in q", [](auto& d, std::int64_t k) { d.qat(k, 0) = infinity; }, status::invalid_input},
    {"-inf in b", [](auto& d, std::int64_t k) { d.bat(k, 1) = -infinity; }, status::invalid_input},
    {"-inf in h", [](auto& d, std::int64_t k) { d.hat(k, 1) = -infinity; }, status::primal_infeasible},
    {"NaN in Q", [](auto& d, std::int64_t k) { d.Qat(k, 1, 0) = nan_value; }, status::invalid_input},
    {"NaN in A", [](auto& d, std::int64_t k) { d.Aat(k, 1, 0) = nan_value; }, status::invalid_input},
    {"NaN in G", [](auto& d, std::int64_t k) { d.Gat(k, 4, 3) = nan_value; }, status::invalid_input},
    {"inf in Q", [](auto& d, std::int64_t k) { d.Qat(k, 2, 2) = infinity; }, status::invalid_input},
    {"inf in A", [](auto& d, std::int64_t k) { d.Aat(k, 0, 0) = -infinity; }, status::invalid_input},
    {"inf in G", [](auto& d, std::int64_t k) { d.Gat(k, 0, 5) = infinity; }, status::invalid_input},
    {"indefinite Q", [](auto& d, std::int64_t k) { d.Qat(k, 3, 3) = -5; }, status::nonconvex},
    {"contradiction",
     [](auto& d, std::int64_t k) {
         for (int j = 0; j < d.n; ++j) d.Gat(k, 1, j) = -d.Gat(k, 0, j);
         d.hat(k, 0) = 1;
         d.hat(k, 1) = -2;
     },
     status::primal_infeasible},
};

} // namespace

TEST_CASE("a bad element leaves its neighbours as they are, bit for bit, and has no gradient") {
    const dense<double> clean = random(8, 2, 12, 5, false, 77);
    const answer<double> good = solve(clean);
    const answer<double> good_gradient = gradient(clean, good);
    for (std::int64_t k = 0; k < 5; ++k) REQUIRE(good.at(k) == status::solved);
    for (const poison& bad : poisons)
        for (const std::int64_t k : {0, 2, 4}) {
            CAPTURE(bad.what, k);
            dense<double> d = clean;
            bad.put(d, k);
            const answer<double> a = solve(d, {}, 2);
            CHECK(name(a.at(k)) == name(bad.expected));
            for (int j = 0; j < 8; ++j) CHECK(std::isnan(a.z[static_cast<std::size_t>(k * 8 + j)]));
            const answer<double> g = gradient(d, a);
            for (std::int64_t i = 0; i < 5; ++i) {
                if (i != k) {
                    CHECK(same_element(d, a, good, i));
                    CHECK(same_element(d, g, good_gradient, i));
                    continue;
                }
                for (int j = 0; j < 8; ++j) CHECK(g.z[static_cast<std::size_t>(i * 8 + j)] == 0);
                for (int j = 0; j < 2; ++j) CHECK(g.nu[static_cast<std::size_t>(i * 2 + j)] == 0);
                for (int j = 0; j < 12; ++j) CHECK(g.lambda[static_cast<std::size_t>(i * 12 + j)] == 0);
            }
        }
}

TEST_CASE("bad shared matrices fail every element alike") {
    for (const poison& bad : poisons) {
        dense<double> d = random(8, 2, 12, 3, true, 78);
        bad.put(d, 0);
        if (std::strstr(bad.what, " Q") == nullptr && std::strstr(bad.what, " A") == nullptr &&
            std::strstr(bad.what, " G") == nullptr)
            continue;
        const answer<double> a = solve(d);
        CAPTURE(bad.what);
        for (std::int64_t k = 0; k < 3; ++k) CHECK(a.at(k) == bad.expected);
    }
}

TEST_CASE("the bits do not depend on threads, on the place in the batch, nor on the time of day") {
    for (const bool shared : {true, false})
        for (const int which : {0, 5, 9, 20}) {
            // A batch of one family with different vectors, or different problems.
            std::vector<dense<double>> parts;
            for (std::uint64_t seed = 1; seed <= 7; ++seed) parts.push_back(make(which, seed));
            const dense<double>& first = parts[0];
            dense<double> d = zeros(first.n, first.p, first.m, 7, shared), reversed = d;
            for (std::int64_t k = 0; k < 7; ++k)
                for (dense<double>* to : {&d, &reversed}) {
                    const dense<double>& from = parts[static_cast<std::size_t>(to == &d ? k : 6 - k)];
                    const auto copy = [&](std::vector<double>& target, const std::vector<double>& source, bool own) {
                        if (own || k == 0)
                            std::copy(source.begin(), source.end(),
                                      target.begin() + (own ? k : 0) * static_cast<std::int64_t>(source.size()));
                    };
                    const dense<double>& matrices = shared ? first : from;
                    copy(to->Q, matrices.Q, !shared);
                    copy(to->A, matrices.A, !shared);
                    copy(to->G, matrices.G, !shared);
                    copy(to->q, from.q, true);
                    copy(to->b, shared ? first.b : from.b, true);
                    copy(to->h, shared ? first.h : from.h, true);
                }
            CAPTURE(shared, which);
            const answer<double> one = solve(d);
            const answer<double> one_gradient = gradient(d, one);
            for (const int threads : {1, 2, 3, 8}) {
                const answer<double> many = solve(d, {}, threads), g = gradient(d, many, threads);
                for (std::int64_t k = 0; k < 7; ++k) {
                    CHECK(same_element(d, one, many, k));
                    CHECK(same_element(d, one_gradient, g, k));
                }
            }
            const answer<double> backwards = solve(reversed, {}, 2);
            for (std::int64_t k = 0; k < 7; ++k) {
                const std::int64_t other = 6 - k;
                CHECK(std::memcmp(&one.z[static_cast<std::size_t>(k * d.n)],
                                  &backwards.z[static_cast<std::size_t>(other * d.n)],
                                  static_cast<std::size_t>(d.n) * sizeof(double)) == 0);
            }
        }
}

TEST_CASE("kept factors of another batch are refused") {
    const dense<double> three = random(6, 2, 8, 3, true, 41), two = random(6, 2, 8, 2, true, 41);
    const answer<double> a = solve(three);
    const view<double> v(two);
    CHECK_THROWS_WITH(solver::kkt_solve<double>(v.batch, *a.kept, 1, {}, {}),
                      "kkt_solve: the batch has 2 problems, but what was kept is of 3");
}

TEST_CASE("shared data and copies of them give the same solution") {
    const dense<double> shared = random(20, 4, 30, 6, true, 31);
    dense<double> own = zeros(20, 4, 30, 6, false);
    for (int k = 0; k < 6; ++k) {
        std::copy(shared.Q.begin(), shared.Q.end(), own.Q.begin() + k * 400);
        std::copy(shared.A.begin(), shared.A.end(), own.A.begin() + k * 80);
        std::copy(shared.G.begin(), shared.G.end(), own.G.begin() + k * 600);
    }
    own.q = shared.q;
    own.b = shared.b;
    own.h = shared.h;
    const answer<double> a = solve(shared), b = solve(own);
    const answer<double> ga = gradient(shared, a), gb = gradient(own, b);
    for (std::size_t i = 0; i < a.z.size(); ++i) {
        CHECK(std::abs(a.z[i] - b.z[i]) <= 1e-10);
        CHECK(std::abs(ga.z[i] - gb.z[i]) <= 1e-8 * (1 + std::abs(ga.z[i])));
    }
}

TEST_CASE("a vector can be shared by the batch, strided or absent") {
    const dense<double> d = random(6, 2, 8, 3, true, 41);
    dense<double> repeated = d;
    for (std::int64_t k = 1; k < 3; ++k) {
        for (int i = 0; i < 8; ++i) repeated.hat(k, i) = d.hat(0, i);
        for (int i = 0; i < 2; ++i) repeated.bat(k, i) = 0;
    }
    for (int i = 0; i < 2; ++i) repeated.bat(0, i) = 0;
    view<double> v(d);
    v.batch.h = {d.h.data(), 0, 1};
    v.batch.b = {nullptr, 0, 1};
    std::vector<double> spread(3 * 6 * 3);
    for (std::size_t i = 0; i < d.q.size(); ++i) spread[3 * i] = d.q[i];
    v.batch.q = {spread.data(), 18, 3};
    const answer<double> a = solve(v.batch), b = solve(repeated);
    for (std::int64_t k = 0; k < 3; ++k) CHECK(same_element(d, a, b, k));
}

TEST_CASE("transposed, strided and shifted matrices are read as they are") {
    const dense<double> d = random(7, 3, 9, 2, false, 43);
    const answer<double> plain = solve(d);
    dense<double> transposed = d; // column-major copies
    for (std::int64_t k = 0; k < 2; ++k)
        for (int j = 0; j < 7; ++j) {
            for (int i = 0; i < 7; ++i) transposed.Q[static_cast<std::size_t>(k * 49 + j * 7 + i)] = d.Qat(k, i, j);
            for (int i = 0; i < 3; ++i) transposed.A[static_cast<std::size_t>(k * 21 + j * 3 + i)] = d.Aat(k, i, j);
            for (int i = 0; i < 9; ++i) transposed.G[static_cast<std::size_t>(k * 63 + j * 9 + i)] = d.Gat(k, i, j);
        }
    view<double> v(transposed);
    v.data = {{transposed.Q.data(), 49, 1, 7}, {transposed.A.data(), 21, 1, 3}, {transposed.G.data(), 63, 1, 9}};
    v.batch.data = v.data.data();
    const answer<double> a = solve(v.batch);
    for (std::int64_t k = 0; k < 2; ++k) CHECK(same_element(d, plain, a, k));
}

TEST_CASE("float32: solved and verified in double, rounded at the end") {
    for (const bool shared : {true, false}) {
        const dense<float> d = random<float>(20, 3, 25, 4, shared, 51);
        const answer<float> a = solve(d);
        dense<double> wide = zeros(20, 3, 25, 4, shared);
        const auto widen = [](const std::vector<float>& from, std::vector<double>& to) {
            std::copy(from.begin(), from.end(), to.begin());
        };
        widen(d.Q, wide.Q);
        widen(d.A, wide.A);
        widen(d.G, wide.G);
        widen(d.q, wide.q);
        widen(d.b, wide.b);
        widen(d.h, wide.h);
        const answer<double> exact = solve(wide);
        for (std::int64_t k = 0; k < 4; ++k) {
            CHECK(a.at(k) == status::solved);
            for (int j = 0; j < 20; ++j) {
                const auto at = static_cast<std::size_t>(k * 20 + j);
                CHECK(std::abs(static_cast<double>(a.z[at]) - exact.z[at]) <= 1e-6 * (1 + std::abs(exact.z[at])));
            }
        }
        const answer<float> g = gradient(d, a);
        const answer<double> ge = gradient(wide, exact);
        double size = 1;
        for (const double x : ge.z) size = std::max(size, std::abs(x));
        for (std::size_t i = 0; i < g.z.size(); ++i)
            CHECK(std::abs(static_cast<double>(g.z[i]) - ge.z[i]) <= 1e-5 * size);
    }
}

TEST_CASE("a hundred thousand small problems") {
    const std::int64_t batch = 100000;
    dense<double> d = zeros(2, 0, 2, batch);
    d.Q = {1, 0, 0, 1};
    d.G = {1, 0, 0, 1};
    for (std::int64_t k = 0; k < batch; ++k)
        d.qat(k, 0) = -static_cast<double>(k % 7) + 3, d.qat(k, 1) = static_cast<double>(k % 5) - 2;
    const answer<double> a = solve(d, {}, 2);
    std::int64_t wrong = 0;
    for (std::int64_t k = 0; k < batch; ++k)
        for (int j = 0; j < 2; ++j)
            wrong += std::abs(a.z[static_cast<std::size_t>(2 * k + j)] - std::min(0.0, -d.qat(k, j))) <= 1e-12 ? 0 : 1;
    CHECK(wrong == 0);
}

TEST_CASE("what a thread solved before changes no bit") {
    // Larger and smaller ones in between, on every form, with failures: what a thread keeps of them must not be seen.
    const std::vector<dense<double>> batches{random<double>(7, 2, 5, 1, true, 1),
                                             random<double>(40, 10, 60, 9, true, 2),
                                             random<double>(10, 0, 10, 16, true, 3),
                                             random<double>(10, 0, 10, 16, false, 4),
                                             random<double>(30, 5, 20, 12, true, 5),
                                             hard(5, 1),
                                             hard(13, 1),
                                             make(20, 1)};
    std::vector<answer<double>> first, first_gradient;
    for (const dense<double>& d : batches) {
        first.push_back(solve(d));
        first_gradient.push_back(gradient(d, first.back()));
    }
    for (std::size_t a = 0; a < batches.size(); ++a)
        for (std::size_t b = 0; b < batches.size(); ++b) {
            CAPTURE(a, b);
            dense<double> broken = batches[a];
            broken.q[0] = nan_value;
            solve(broken);
            const answer<double> again = solve(batches[b]), again_gradient = gradient(batches[b], again);
            for (std::int64_t k = 0; k < batches[b].batch; ++k) {
                CHECK(same_element(batches[b], again, first[b], k));
                CHECK(same_element(batches[b], again_gradient, first_gradient[b], k));
            }
        }
}

TEST_CASE("one right-hand side for all is that one for each, and minus dz comes beside dz") {
    // With an element that fails.
    struct {
        dense<double> d;
        const char* where;
    } cases[] = {{random(8, 2, 6, 70, true, 1), "together"},
                 {random(8, 2, 6, 21, false, 2), "lanes"},
                 {random(30, 2, 40, 3, false, 3), "alone"}};
    for (auto& [d, where] : cases) {
        INFO(where);
        d.qat(1, 0) = nan_value;
        const view<double> v(d);
        const answer<double> a = solve(d);
        REQUIRE(a.status[1] == static_cast<std::int64_t>(status::invalid_input));
        std::vector<double> rz(static_cast<std::size_t>(d.n)), rnu(static_cast<std::size_t>(d.p)),
            rl(static_cast<std::size_t>(d.m));
        numbers draw(4);
        for (auto* part : {&rz, &rnu, &rl})
            for (double& x : *part) x = draw.normal();
        const auto repeated = [&](const std::vector<double>& x) {
            std::vector<double> all;
            for (std::int64_t k = 0; k < v.batch.batch; ++k) all.insert(all.end(), x.begin(), x.end());
            return all;
        };
        const std::vector<double> all_rz = repeated(rz), all_rnu = repeated(rnu), all_rl = repeated(rl);
        answer<double> each = a, one = a;
        std::vector<double> minus(one.z.size(), nan_value);
        solver::kkt_solve<double>(v.batch, *a.kept, 2, {all_rz.data(), all_rnu.data(), all_rl.data()},
                                  {each.z.data(), each.nu.data(), each.lambda.data()});
        solver::kkt_solve<double>(v.batch, *a.kept, 2, {rz.data(), rnu.data(), rl.data()},
                                  {one.z.data(), one.nu.data(), one.lambda.data()}, true, minus.data());
        CHECK(one.z == each.z);
        CHECK(one.nu == each.nu);
        CHECK(one.lambda == each.lambda);
        for (double& x : minus) x = -x;
        CHECK(minus == one.z);
        CHECK(std::any_of(one.z.begin(), one.z.end(), [](double x) { return x != 0; }));
    }
}
