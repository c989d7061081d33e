// SPDX-License-Identifier: Apache-2.0
// Form B where there is no solution or the data are not its kind, in the corners of its search, and in batches.

#include "bound_problems.hpp"
#include "catch.hpp"
#include "claims.hpp"

#include <algorithm>

using namespace problems;
using solver::block_kind;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr long double rounding = 1 + 1e-6L;

/// Problem i of one batch and k of another have the same numbers.
bool same(const std::vector<double>& a, std::int64_t i, const std::vector<double>& b, std::int64_t k, int count) {
    return std::equal(a.begin() + i * count, a.begin() + (i + 1) * count, b.begin() + k * count);
}

} // namespace

TEST_CASE("bounds: infeasible problems have certificates") {
    const auto say = [](const dense<double>& d) {
        const answer<double> a = solve(d);
        CHECK(by_form_b(a));
        CHECK(!left_to_others(a));
        CHECK(a.at(0) == status::primal_infeasible);
        CHECK(std::isnan(a.z[0]));
        CHECK(claims::farkas(d, a) <= 1e-14L);
        CHECK(largest(derivative_of(view<double>(d).batch, a)) == 0);
    };
    const dense<double> d = make({.signs_in_a = true, .repeated = 3, .empty = 2}, 30, 1, 5);
    SECTION("bounds that exclude each other") {
        dense<double> bad = d;
        for (int i = 0; i < d.m; ++i) // the first variable below some bounds < 0 and above others > 0
            if (d.Gat(0, i, 0) != 0) bad.hat(0, i) = -3;
        say(bad);
    }
    SECTION("an empty row below 0") {
        dense<double> bad = d;
        for (int i = 0; i < d.m; ++i) {
            bool empty = true;
            for (int j = 0; j < d.n; ++j) empty = empty && d.Gat(0, i, j) == 0;
            if (empty) bad.hat(0, i) = -1;
        }
        say(bad);
    }
    SECTION("a sum that the bounds do not allow") {
        for (const double sum : {-1.0, 51.0, 50.001}) {
            dense<double> box = zeros(50, 1, 100);
            numbers draw(3);
            for (int j = 0; j < 50; ++j) {
                box.Qat(0, j, j) = 1 + draw.uniform();
                box.qat(0, j) = 10 * draw.normal();
                box.Aat(0, 0, j) = box.Gat(0, j, j) = box.hat(0, j) = 1;
                box.Gat(0, 50 + j, j) = -1;
            }
            box.bat(0, 0) = sum;
            say(box);
        }
    }
    SECTION("by less than the tolerance: solved") {
        model x = simplex(4, 1, 2);
        x.b = {-1e-12};
        const answer<double> a = solve(x.problem());
        CHECK(a.at(0) == status::solved);
        x.b = {-1e-6};
        CHECK(solve(x.problem()).at(0) == status::primal_infeasible);
    }
}

TEST_CASE("bounds: what is not of this kind, or not finite, is left to the other forms") {
    const dense<double> good = make({.signs_in_a = true}, 12, 3, 8);
    SECTION("entries beside the diagonal, rows with two entries, an objective that is flat or bends down") {
        for (int which = 0; which < 4; ++which) {
            dense<double> d = good;
            if (which == 0) d.Qat(0, 3, 5) = d.Qat(0, 5, 3) = 0.01;
            if (which == 1) {
                int row = 0;
                while (d.Gat(0, row, 4) == 0) ++row;
                d.Gat(0, row, 5) = 1e-3 * d.Gat(0, row, 4);
            }
            if (which == 2) d.Qat(0, 3, 3) = 0;
            if (which == 3) d.Qat(0, 3, 3) = -1;
            const answer<double> a = solve(d);
            CAPTURE(which);
            CHECK(!by_form_b(a));
            for (std::int64_t k = 0; k < 3; ++k) {
                if (which == 3) CHECK(a.at(k) == status::nonconvex);
                if (which < 2) CHECK(a.at(k) == status::solved);
                if (a.at(k) == status::solved) CHECK(shares(d, a, k, 1e-8) <= rounding);
            }
        }
    }
    SECTION("NaN and infinities, without a trace in the neighbours") {
        const answer<double> clean = solve(good);
        const double nan = std::numeric_limits<double>::quiet_NaN();
        for (int which = 0; which < 6; ++which) {
            dense<double> d = good;
            if (which == 0) d.qat(1, 2) = nan;
            if (which == 1) d.qat(1, 2) = -infinity;
            if (which == 2) d.bat(1, 0) = nan;
            if (which == 3) d.hat(1, 5) = nan;
            if (which == 4) d.hat(1, 5) = -infinity;
            if (which == 5) d.bat(1, 0) = infinity;
            const answer<double> a = solve(d);
            CAPTURE(which);
            CHECK(a.at(1) == (which == 4 ? status::primal_infeasible : status::invalid_input));
            const std::vector<double> da = derivative_of(view<double>(d).batch, a),
                                      dc = derivative_of(view<double>(good).batch, clean);
            for (const int k : {0, 2}) {
                CHECK(same(a.z, k, clean.z, k, 12));
                CHECK(same(da, k, dc, k, 12));
            }
            for (int j = 0; j < 12; ++j) CHECK(da[at(12 + j)] == 0);
        }
    }
    SECTION("NaN in any of several bounds of a variable, and in an empty row") {
        const dense<double> several = make({.signs_in_a = true, .repeated = 3, .empty = 2}, 30, 1, 5);
        REQUIRE(solve(several).at(0) == status::solved);
        for (int i = 0; i < several.m; ++i) {
            dense<double> d = several;
            d.hat(0, i) = std::numeric_limits<double>::quiet_NaN();
            CAPTURE(i);
            CHECK(solve(d).at(0) == status::invalid_input);
        }
    }
    SECTION("NaN in a matrix") {
        for (const auto part : {&dense<double>::Q, &dense<double>::A, &dense<double>::G}) {
            dense<double> d = good;
            (d.*part)[0] = std::numeric_limits<double>::quiet_NaN();
            CHECK(solve(d).at(0) == status::invalid_input);
        }
    }
    SECTION("a limit of no steps") {
        optnet::settings impatient;
        impatient.max_iter = 0;
        model x = simplex(20, 1, 1);
        CHECK(solve(x.problem(), impatient).at(0) == status::max_iterations);
    }
}

TEST_CASE("bounds: jumps, flat pieces and costs far above the point") {
    SECTION("no variable is between its bounds where the search begins") {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            numbers draw(seed);
            const int n = 30;
            dense<double> d = zeros(n, 1, 2 * n);
            for (int j = 0; j < n; ++j) {
                d.Qat(0, j, j) = std::pow(10.0, 4 * draw.uniform() - 2);
                d.qat(0, j) = 1e4 * draw.normal();
                d.Aat(0, 0, j) = (draw.uniform() < 0.5 ? -1 : 1) * std::pow(10.0, 4 * draw.uniform() - 2);
                d.Gat(0, j, j) = 1;
                d.Gat(0, n + j, j) = -1;
                d.hat(0, j) = 1;
                d.bat(0, 0) += d.Aat(0, 0, j) * draw.uniform();
            }
            const answer<double> a = solve(d);
            CAPTURE(seed);
            REQUIRE(a.at(0) == status::solved);
            // A hundredth of the tolerance is what the form asks of a point before it claims anything.
            CHECK(shares(d, a, 0, 1e-10) <= 1);
            CHECK(a.iterations[0] <= 60);
        }
    }
    SECTION("a common cost of 1e9 moves nothing but the price") {
        model x = simplex(100, 1, 3), high = x;
        for (double& v : x.q) v = std::round(v * 1024) / 1024;
        for (std::size_t j = 0; j < high.q.size(); ++j) high.q[j] = x.q[j] + 0x1p30;
        const answer<double> a = solve(x.problem()), b = solve(high.problem());
        REQUIRE(b.at(0) == status::solved);
        CHECK(distance(a.z, b.z) <= 1e-14);
        CHECK(std::abs(b.nu[0] + 0x1p30 - a.nu[0]) <= 0x1p-20);
    }
}

TEST_CASE("bounds: own matrices, float32, threads, starts: the same problem") {
    const bound_kind x{.signs_in_a = true, .pinned = 0.1, .repeated = 4, .empty = 1};
    const dense<double> d = make(x, 24, 40, 9);
    const answer<double> a = solve(d);
    SECTION("not a bit depends on the number of threads or on the batch") {
        const answer<double> b = solve(d, {}, 3);
        CHECK(a.z == b.z);
        CHECK(a.lambda == b.lambda);
        dense<double> one = d;
        one.batch = 1;
        one.q.assign(d.q.begin() + 7 * d.n, d.q.begin() + 8 * d.n);
        one.b.assign(1, d.b[7]);
        one.h.assign(d.h.begin() + 7 * d.m, d.h.begin() + 8 * d.m);
        CHECK(same(solve(one).z, 0, a.z, 7, d.n));
    }
    SECTION("blocks with numbers of each problem's own") {
        const int n = 15;
        const std::int64_t batch = 6;
        numbers draw(4);
        model s = simplex(n, batch, 4);
        s.shape.blocks[0] = {solver::matrix::Q, block_kind::diagonal, 0, 0, n, n, 0, 0, 1, 1.0};
        std::vector<double> weights(at(batch * n)), rows(at(batch * n));
        for (double& v : weights) v = 0.5 + draw.uniform();
        for (double& v : rows) v = 0.5 + draw.uniform();
        s.numbers.push_back(weights);
        solver::problem<double> all = s.problem();
        const solver::matrix_view<double> data[] = {{rows.data(), n, n, 1}, {weights.data(), n, 1, 1}};
        all.data = data;
        const answer<double> own = solve(all);
        REQUIRE(own.kept->by_bounds);
        REQUIRE(own.kept->bounds == nullptr);
        const std::vector<double> dz = derivative_of(all, own);
        for (std::int64_t k = 0; k < batch; ++k) {
            dense<double> one = zeros(n, 1, n);
            for (int j = 0; j < n; ++j) {
                one.Qat(0, j, j) = weights[at(k * n + j)];
                one.Aat(0, 0, j) = rows[at(k * n + j)];
                one.Gat(0, j, j) = -1;
                one.qat(0, j) = s.q[at(k * n + j)];
            }
            one.bat(0, 0) = 1;
            const answer<double> alone = solve(one);
            CHECK(same(alone.z, 0, own.z, k, n));
            const view<double> v(one);
            CHECK(same(derivative_of(v.batch, alone), 0, dz, k, n)); // n is a multiple of 5: the same right-hand side
        }
    }
    SECTION("float32: solved in double, rounded at the end") {
        const dense<double> given = make({.signs_in_a = true, .repeated = 4, .empty = 1}, 24, 40, 9);
        dense<float> f = zeros<float>(d.n, d.p, d.m, d.batch);
        const auto round = [](const std::vector<double>& from, std::vector<float>& to) {
            for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<float>(from[i]);
        };
        round(given.Q, f.Q), round(given.A, f.A), round(given.G, f.G), round(given.q, f.q), round(given.b, f.b);
        round(given.h, f.h);
        dense<double> exact = zeros(d.n, d.p, d.m, d.batch);
        const auto widen = [](const std::vector<float>& from, std::vector<double>& to) {
            for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<double>(from[i]);
        };
        widen(f.Q, exact.Q), widen(f.A, exact.A), widen(f.G, exact.G), widen(f.q, exact.q), widen(f.b, exact.b);
        widen(f.h, exact.h);
        const answer<float> narrow = solve(f);
        const answer<double> wide = solve(exact);
        for (std::int64_t k = 0; k < d.batch; ++k) {
            REQUIRE(wide.at(k) == status::solved);
            CHECK(narrow.at(k) == status::solved);
            for (int j = 0; j < d.n; ++j)
                CHECK(narrow.z[at(k * d.n + j)] == static_cast<float>(wide.z[at(k * d.n + j)]));
        }
    }
    SECTION("from any start") {
        const view<double> v(d);
        for (const double wrong : {0.0, 1e3, std::numeric_limits<double>::quiet_NaN()}) {
            std::vector<double> z = a.z, nu = a.nu, lambda = a.lambda;
            for (double& value : nu) value += wrong;
            answer<double> b = a;
            solver::solve<double>(
                v.batch, {}, 1,
                {b.z.data(), b.nu.data(), b.lambda.data(), nullptr, b.status.data(), b.iterations.data(), nullptr},
                nullptr, {{z.data(), d.n, 1}, {nu.data(), d.p, 1}, {lambda.data(), d.m, 1}});
            CHECK(distance(a.z, b.z) <= 1e-13 * (1 + largest(a.z)));
            if (wrong == 0)
                for (const std::int64_t steps : b.iterations) CHECK(steps <= 2);
        }
    }
}
