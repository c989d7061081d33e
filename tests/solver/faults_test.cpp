// SPDX-License-Identifier: Apache-2.0
// Bad data of one problem: what must be said of it. The neighbours are the matter of batch_test.cpp.

#include "catch.hpp"
#include "claims.hpp"
#include "families.hpp"

#include <limits>

using namespace problems;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double z_distance(const answer<double>& a, const answer<double>& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.z.size(); ++i) most = std::max(most, std::abs(a.z[i] - b.z[i]));
    return most;
}

bool finite_or_absent(const answer<double>& a) {
    for (const auto* part : {&a.z, &a.nu, &a.lambda})
        for (const double v : *part)
            if (!std::isfinite(v)) return false;
    return true;
}

/// The gradient of sum(z) through the kept factors; every entry of d.
answer<double> gradient(const dense<double>& d, const answer<double>& a) {
    answer<double> g = a;
    const view<double> v(d);
    const std::vector<double> ones(g.z.size(), 1.0), zero_nu(g.nu.size(), 0.0), zero_lambda(g.lambda.size(), 0.0);
    solver::kkt_solve(v.batch, *a.kept, 1, {ones.data(), zero_nu.data(), zero_lambda.data()},
                      {g.z.data(), g.nu.data(), g.lambda.data()});
    return g;
}

} // namespace

TEST_CASE("absent rows: the solution is that without them, their slack infinite, their multiplier and gradient zero") {
    for (const double bound : {infinity, 1e20, 1e25}) {
        dense<double> with = random(10, 2, 16, 1, true, 3), without = with;
        without.m = 12;
        without.G.resize(12 * 10);
        without.h.resize(12);
        for (int i = 12; i < 16; ++i) with.hat(0, i) = bound;
        const answer<double> a = solve(with), b = solve(without);
        REQUIRE(a.at(0) == status::solved);
        REQUIRE(b.at(0) == status::solved);
        CHECK(z_distance(a, b) <= 1e-12);
        const answer<double> ga = gradient(with, a), gb = gradient(without, b);
        CHECK(z_distance(ga, gb) <= 1e-10);
        for (std::size_t i = 12; i < 16; ++i) {
            CHECK(a.s[i] == infinity);
            CHECK(a.lambda[i] == 0);
            CHECK(ga.lambda[i] == 0);
        }
    }
    dense<double> none = random(8, 2, 5, 1, true, 4), equalities = random(8, 2, 0, 1, true, 4);
    std::fill(none.h.begin(), none.h.end(), infinity);
    equalities.q = none.q;
    equalities.b = none.b;
    CHECK(z_distance(solve(none), solve(equalities)) <= 1e-12);
}

TEST_CASE("the bound of absence is a setting") {
    dense<double> d = random(6, 0, 4, 1, true, 9);
    d.hat(0, 0) = 500;
    optnet::settings how;
    how.infinite_bound = 400;
    CHECK(solve(d, how).s[0] == infinity);
    CHECK(std::isfinite(solve(d).s[0]));
}

TEST_CASE("h = -inf is infeasible") {
    dense<double> d = random(6, 1, 8, 1, true, 5);
    d.hat(0, 3) = -infinity;
    CHECK(solve(d).at(0) == status::primal_infeasible);
}

TEST_CASE("zero rows: absent, weakly active or impossible") {
    dense<double> d = random(8, 2, 10, 1, true, 6);
    for (int j = 0; j < 8; ++j) d.Gat(0, 4, j) = 0;
    d.hat(0, 4) = 1;
    const answer<double> loose = solve(d);
    REQUIRE(loose.at(0) == status::solved);
    CHECK(loose.lambda[4] == 0);
    CHECK(loose.s[4] == 1);
    d.hat(0, 4) = 0;
    const answer<double> touching = solve(d);
    REQUIRE(touching.at(0) == status::solved);
    CHECK(touching.lambda[4] == 0);
    CHECK(z_distance(touching, loose) <= 1e-12);
    CHECK(z_distance(gradient(d, touching), gradient(d, loose)) <= 1e-10);
    d.hat(0, 4) = -1e-17;
    CHECK(solve(d).at(0) == status::solved);
    d.hat(0, 4) = -1e-3;
    const answer<double> impossible = solve(d);
    CHECK(impossible.at(0) == status::primal_infeasible);
    CHECK(claims::farkas(d, impossible) <= 1e-8L);

    dense<double> e = random(8, 3, 6, 1, true, 7);
    for (int j = 0; j < 8; ++j) e.Aat(0, 1, j) = 0;
    e.bat(0, 1) = 0;
    CHECK(solve(e).at(0) == status::solved);
    e.bat(0, 1) = 2;
    const answer<double> contradiction = solve(e);
    CHECK(contradiction.at(0) == status::primal_infeasible);
    CHECK(claims::farkas(e, contradiction) <= 1e-8L);
}

TEST_CASE("a duplicated equality changes nothing but the split of its multiplier") {
    dense<double> once = random(10, 3, 12, 1, true, 8), twice = zeros(10, 4, 12);
    twice.Q = once.Q;
    twice.q = once.q;
    twice.G = once.G;
    twice.h = once.h;
    std::copy(once.A.begin(), once.A.end(), twice.A.begin());
    std::copy_n(once.A.begin(), 10, twice.A.begin() + 30);
    std::copy(once.b.begin(), once.b.end(), twice.b.begin());
    twice.b[3] = once.b[0];
    const answer<double> a = solve(once), b = solve(twice);
    REQUIRE(a.at(0) == status::solved);
    REQUIRE(b.at(0) == status::solved);
    CHECK(z_distance(a, b) <= 1e-9);
    CHECK(std::abs(b.nu[0] + b.nu[3] - a.nu[0]) <= 1e-8 * (1 + std::abs(a.nu[0])));
    CHECK(z_distance(gradient(once, a), gradient(twice, b)) <= 1e-8);
}

TEST_CASE("an equality written as two inequalities has no interior, and is solved") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        dense<double> d = random(10, 0, 12, 1, true, seed), equality = random(10, 1, 10, 1, true, seed);
        for (int j = 0; j < 10; ++j) {
            d.Gat(0, 1, j) = -d.Gat(0, 0, j);
            equality.Aat(0, 0, j) = d.Gat(0, 0, j);
        }
        d.hat(0, 1) = -d.hat(0, 0);
        equality.bat(0, 0) = d.hat(0, 0);
        equality.Q = d.Q;
        equality.q = d.q;
        equality.G.assign(d.G.begin() + 20, d.G.end());
        equality.h.assign(d.h.begin() + 2, d.h.end());
        CAPTURE(seed);
        const answer<double> a = solve(d), b = solve(equality);
        REQUIRE(a.at(0) == status::solved);
        REQUIRE(b.at(0) == status::solved);
        CHECK(shares(d, a, 0, 1e-8) <= 1 + 1e-6L);
        CHECK(z_distance(a, b) <=
              1e-7 * (1 + z_distance(a, answer<double>{std::vector<double>(10), {}, {}, {}, {}, {}, {}, nullptr})));
    }
}

TEST_CASE("Q with a negative eigenvalue is not convex; rounding below the setting is forgiven") {
    for (const double smallest : {-1.0, -1e-3, -1e-6}) {
        dense<double> d = zeros(3, 0, 6);
        d.Qat(0, 0, 0) = d.Qat(0, 1, 1) = 1;
        d.Qat(0, 2, 2) = smallest;
        for (int j = 0; j < 3; ++j) {
            d.Gat(0, j, j) = 1;
            d.Gat(0, 3 + j, j) = -1;
        }
        std::fill(d.h.begin(), d.h.end(), 1.0);
        std::fill(d.q.begin(), d.q.end(), 0.3);
        CAPTURE(smallest);
        const answer<double> a = solve(d);
        CHECK(a.at(0) == status::nonconvex);
        for (const double z : a.z) CHECK(std::isnan(z));
    }
    // Not on the diagonal: eigenvalues 3 and -1.
    dense<double> saddle = zeros(2, 0, 0);
    saddle.Q = {1, 2, 2, 1};
    CHECK(solve(saddle).at(0) == status::nonconvex);

    // 1 and epsilon, turned by a reflection so that no entry shows it.
    const auto turned = [](double epsilon) {
        dense<double> d = zeros(2, 0, 4);
        const double c = 0.6, s = 0.8;
        d.Q = {c * c + epsilon * s * s, c * s * (1 - epsilon), c * s * (1 - epsilon), s * s + epsilon * c * c};
        d.q = {1, -1};
        for (int j = 0; j < 2; ++j) d.Gat(0, j, j) = 1, d.Gat(0, 2 + j, j) = -1;
        std::fill(d.h.begin(), d.h.end(), 1.0);
        return d;
    };
    CHECK(solve(turned(-1e-6)).at(0) == status::nonconvex);
    CHECK(solve(turned(-1e-10)).at(0) != status::nonconvex);
    optnet::settings strict, lax;
    strict.convexity_tolerance = 1e-12;
    lax.convexity_tolerance = 1e-4;
    CHECK(solve(turned(-1e-10), strict).at(0) == status::nonconvex);
    CHECK(solve(turned(-1e-6), lax).at(0) != status::nonconvex);
}

TEST_CASE("the symmetric part of Q is what counts") {
    dense<double> d = random(8, 2, 10, 1, true, 12), skewed = d;
    for (int i = 0; i < 8; ++i)
        for (int j = 0; j < i; ++j) {
            skewed.Qat(0, i, j) += 0.5 * (i + 1);
            skewed.Qat(0, j, i) -= 0.5 * (i + 1);
        }
    const answer<double> a = solve(d), b = solve(skewed);
    REQUIRE(a.at(0) == status::solved);
    REQUIRE(b.at(0) == status::solved);
    CHECK(z_distance(a, b) <= 1e-11);
}

TEST_CASE("scaling rows, objective or columns does not change the solution") {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const dense<double> d = random(12, 3, 18, 1, true, seed);
        const answer<double> plain = solve(d);
        REQUIRE(plain.at(0) == status::solved);
        double size = 1;
        for (const double z : plain.z) size = std::max(size, std::abs(z));
        numbers draw(seed);
        CAPTURE(seed);
        dense<double> rows = d;
        for (int i = 0; i < 18; ++i) {
            const double factor = std::pow(10.0, 16 * draw.uniform() - 8);
            for (int j = 0; j < 12; ++j) rows.Gat(0, i, j) *= factor;
            rows.hat(0, i) *= factor;
        }
        const answer<double> a = solve(rows);
        CHECK(a.at(0) == status::solved);
        CHECK(z_distance(a, plain) <= 1e-6 * size);
        for (const double factor : {1e-8, 1e-3, 1e3, 1e8}) {
            dense<double> objective = d;
            for (auto* part : {&objective.Q, &objective.q})
                for (double& v : *part) v *= factor;
            const answer<double> b = solve(objective);
            CAPTURE(factor);
            CHECK(b.at(0) == status::solved);
            CHECK(z_distance(b, plain) <= 1e-6 * size);
        }
        dense<double> columns = d;
        std::vector<double> factors(12);
        for (int j = 0; j < 12; ++j) {
            const double f = factors[static_cast<std::size_t>(j)] = std::pow(10.0, 12 * draw.uniform() - 6);
            columns.qat(0, j) *= f;
            for (int i = 0; i < 12; ++i) {
                columns.Qat(0, i, j) *= f;
                columns.Qat(0, j, i) *= f;
            }
            for (int i = 0; i < 3; ++i) columns.Aat(0, i, j) *= f;
            for (int i = 0; i < 18; ++i) columns.Gat(0, i, j) *= f;
        }
        const answer<double> c = solve(columns);
        CHECK(c.at(0) == status::solved);
        for (std::size_t j = 0; j < 12; ++j) CHECK(std::abs(c.z[j] * factors[j] - plain.z[j]) <= 1e-6 * size);
    }
}

TEST_CASE("data from 1e-12 to 1e12: no false claim") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        numbers draw(seed);
        dense<double> d = random(8, 2, 10, 1, true, seed);
        for (auto* part : {&d.q, &d.A, &d.G, &d.b, &d.h})
            for (double& v : *part) v *= std::pow(10.0, 24 * draw.uniform() - 12);
        const answer<double> a = solve(d);
        CAPTURE(seed, name(a.at(0)));
        switch (a.at(0)) {
        case status::solved: CHECK(shares(d, a, 0, 1e-8) <= 1 + 1e-3L); break;
        case status::primal_infeasible: CHECK(claims::farkas(d, a) <= 1e-8L * (1 + 1e-3L)); break;
        case status::dual_infeasible: CHECK(claims::ray(d, a) <= 1e-8L * (1 + 1e-3L)); break;
        default: CHECK(a.at(0) != status::invalid_input); break;
        }
    }
}

TEST_CASE("denormal and overflowing data end with a status and no claim that is false") {
    for (const double factor : {1e-310, 1e200, 1e305}) {
        for (int part = 0; part < 6; ++part) {
            dense<double> d = random(6, 1, 8, 1, true, 2);
            std::vector<double>* const all[] = {&d.Q, &d.q, &d.A, &d.b, &d.G, &d.h};
            for (double& v : *all[part]) v *= factor;
            const answer<double> a = solve(d);
            CAPTURE(factor, part, name(a.at(0)));
            switch (a.at(0)) {
            case status::solved:
                CHECK(finite_or_absent(a));
                CHECK(shares(d, a, 0, 1e-8) <= 1 + 1e-3L);
                break;
            case status::primal_infeasible: CHECK(claims::farkas(d, a) <= 1e-8L * (1 + 1e-3L)); break;
            case status::dual_infeasible: CHECK(claims::ray(d, a) <= 1e-8L * (1 + 1e-3L)); break;
            default: CHECK(a.at(0) != status::invalid_input); break;
            }
        }
    }
}

TEST_CASE("no variables, no rows, no problems") {
    dense<double> empty = zeros(0, 0, 2, 3);
    std::fill(empty.h.begin(), empty.h.end(), 1.0);
    empty.hat(2, 0) = -1;
    const answer<double> a = solve(empty);
    CHECK(a.at(0) == status::solved);
    CHECK(a.at(1) == status::solved);
    CHECK(a.at(2) == status::primal_infeasible);
    const answer<double> none = solve(zeros(4, 2, 3, 0));
    CHECK(none.status.empty());
    const view<double> v(zeros(4, 2, 3, 0));
    CHECK_NOTHROW(solver::kkt_solve<double>(v.batch, *none.kept, 2, {}, {}));
}

TEST_CASE("a limit on the steps ends the solve with the best point seen") {
    const dense<double> d = random(30, 0, 60, 1, true, 5);
    for (const int limit : {0, 1, 3}) {
        optnet::settings how;
        how.max_iter = limit;
        const answer<double> a = solve(d, how);
        CAPTURE(limit);
        CHECK(a.at(0) == status::max_iterations);
        CHECK(finite_or_absent(a));
        CHECK(std::isfinite(a.residuals[0]));
        CHECK(a.iterations[0] <= 2 * limit); // each of two roads has the limit
    }
}

TEST_CASE("settings that make no sense are refused by name") {
    const dense<double> d = random(4, 0, 2, 1, true, 1);
    const auto refuses = [&](auto change, const std::string& word) {
        optnet::settings how;
        change(how);
        try {
            solve(d, how);
        } catch (const std::invalid_argument& e) {
            CAPTURE(e.what());
            CHECK(std::string(e.what()).find(word) != std::string::npos);
            return;
        }
        FAIL("accepted a setting that makes no sense: " << word);
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    refuses([](auto& s) { s.eps_abs = -1; }, "eps_abs");
    refuses([&](auto& s) { s.eps_abs = nan; }, "eps_abs");
    refuses([&](auto& s) { s.eps_rel = nan; }, "eps_rel");
    refuses([](auto& s) { s.eps_rel = -1e-9; }, "eps_rel is -1e-09,");
    refuses([](auto& s) { s.eps_abs = s.eps_rel = 0; }, "eps_");
    refuses([](auto& s) { s.max_iter = -1; }, "max_iter");
    refuses([&](auto& s) { s.infinite_bound = nan; }, "infinite_bound");
    refuses([](auto& s) { s.convexity_tolerance = -1; }, "convexity_tolerance");
    refuses([](auto& s) { s.active_tolerance = -1; }, "active_tolerance");
}
