// SPDX-License-Identifier: Apache-2.0
// Form D with the equalities eliminated by pivots: what it solves satisfies the equations, its R is that of the form
// with all rows, and what it does not take goes on without pivots.

#include "batches.hpp"
#include "catch.hpp"
#include "sizes.hpp"
#include "solver/algorithm/active_kkt.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace problems;
using namespace optnet::solver;

namespace {

struct loaded {
    loaded(const dense<double>& d, kept_rows which) : seen(d), data(seen.batch, 0) {
        convex = form.set_up(data, 1e-8, which);
    }
    view<double> seen;
    operators data;
    dual_form form;
    bool convex = false;
};

/// Nothing in the first columns of A: the pivots are found behind them, among others that are small.
dense<double> scattered(int n, int p, int m, std::uint64_t seed) {
    dense<double> d = random<double>(n, p, m, 1, true, seed);
    for (int i = 0; i < p; ++i)
        for (int j = 0; j < n; ++j) d.Aat(0, i, j) *= j < n / 4 ? 0 : j % 3 == 0 ? 0.01 : 1;
    return d;
}

std::vector<dense<double>> samples() {
    return {random<double>(32, 7, 40, 1, true, 1),   random<double>(40, 39, 30, 1, true, 2),
            random<double>(50, 25, 60, 1, true, 3),  scattered(61, 30, 61, 4),
            random<double>(101, 50, 90, 1, true, 5), scattered(130, 70, 100, 6)};
}

} // namespace

TEST_CASE("a solve in two halves satisfies the equations") {
    for (const dense<double>& d : samples()) {
        const loaded x(d, kept_rows::on_demand);
        REQUIRE(x.convex);
        REQUIRE(x.form.is_reduced());
        numbers draw(9);
        std::vector<double> rz(at(d.n)), rnu(at(d.p));
        for (double& v : rz) v = draw.normal();
        for (double& v : rnu) v = draw.normal();
        std::vector<double> z = rz, nu = rnu;
        x.form.equality_solve(z.data(), nu.data());
        std::vector<double> left(at(d.n), 0.0), below(at(d.p), 0.0);
        x.data.multiply_add(matrix::Q, z.data(), left.data());
        x.data.multiply_transposed_add(matrix::A, nu.data(), left.data());
        x.data.multiply_add(matrix::A, z.data(), below.data());
        CAPTURE(d.n, d.p);
        CHECK(apart(left, rz) <= 1e-10 * (1 + largest(nu)));
        CHECK(apart(below, rnu) <= 1e-11 * (1 + largest(z)));
    }
}

TEST_CASE("R of any rows is that of the form with all of them, 0 for a row that depends on the equalities") {
    for (dense<double> d : samples()) {
        for (int j = 0; j < d.n; ++j) d.Gat(0, 7, j) = 2 * d.Aat(0, 1, j) - d.Aat(0, 4, j);
        const loaded all(d, kept_rows::all), few(d, kept_rows::on_demand);
        REQUIRE(few.convex);
        REQUIRE(few.form.is_reduced());
        std::vector<int> rows;
        for (int i = d.m - 1; i >= 0; i -= 2) rows.push_back(i);
        if (d.m % 2 != 0) std::replace(rows.begin(), rows.end(), 8, 7);
        if (std::find(rows.begin(), rows.end(), 7) == rows.end()) rows.push_back(7);
        const auto k = static_cast<std::int64_t>(rows.size());
        std::vector<double> r(at(k * k));
        few.form.gather(rows, r.data(), k);
        // The other form takes W W' from V V', which leaves the rounding of the latter.
        const std::int64_t width = d.n + d.p;
        std::vector<double> t(at(k * width));
        all.form.rows(rows.data(), k, t.data());
        double size = 0;
        for (std::int64_t i = 0; i < k; ++i) {
            const double* v = t.data() + i * width;
            size = std::max(size, std::inner_product(v, v + d.n, v, 0.0));
        }
        CAPTURE(d.n, d.p);
        for (std::int64_t i = 0; i < k; ++i) {
            for (std::int64_t j = 0; j <= i; ++j)
                CHECK(std::abs(r[at(i * k + j)] - all.form.r_row(rows[at(i)])[rows[at(j)]]) <= 1e-12 * size);
            if (rows[at(i)] == 7) CHECK(r[at(i * k + i)] == 0);
        }
    }
}

TEST_CASE("the system of active rows is solved as with all rows kept, also after the factors were handed over") {
    for (const dense<double>& d : samples()) {
        const loaded all(d, kept_rows::all);
        loaded few(d, kept_rows::on_demand);
        std::vector<int> rows;
        for (int i = 0; static_cast<int>(rows.size()) < std::min((d.n - d.p + 1) / 2, d.m / 3); ++i)
            rows.push_back(3 * i);
        active_kkt a, b;
        a.set_up(all.form, all.data, rows, {});
        b.set_up(few.form, few.data, rows, {});
        REQUIRE(b.rows() == rows);
        numbers draw(4);
        point x;
        x.resize(all.data);
        for (auto* v : {&x.z, &x.nu}) {
            for (double& value : *v) value = draw.normal();
        }
        for (const int i : rows) x.lambda[at(i)] = draw.normal();
        point y = x, z = x;
        a.solve(x);
        b.solve(y);
        dual_form slim;
        few.form.hand_over(slim, few.data);
        b.move_to(slim, few.data);
        b.trust();
        b.solve(z);
        CAPTURE(d.n, d.p);
        for (const point* other : {&y, &z}) {
            CHECK(apart(x.z, other->z) <= 1e-8 * (1 + largest(x.z)));
            CHECK(apart(x.nu, other->nu) <= 1e-8 * (1 + largest(x.nu)));
            CHECK(apart(x.lambda, other->lambda) <= 1e-8 * (1 + largest(x.lambda)));
        }
    }
}

TEST_CASE("what pivots do not serve has the form without: equal rows, few rows, a Q that is singular or not convex") {
    const dense<double> good = random<double>(40, 20, 40, 1, true, 7);
    CHECK(loaded(good, kept_rows::on_demand).form.is_reduced());

    dense<double> equal = good;
    for (int j = 0; j < 40; ++j) equal.Aat(0, 3, j) = equal.Aat(0, 9, j) * 4;
    equal.bat(0, 3) = 4 * equal.bat(0, 9);
    const loaded a(equal, kept_rows::on_demand);
    CHECK(a.convex);
    CHECK(!a.form.is_reduced());
    CHECK(solve(equal).at(0) == status::solved);

    CHECK(!loaded(random<double>(40, 5, 40, 1, true, 8), kept_rows::on_demand).form.is_reduced());

    // z_0 is fixed by an equality: Q is positive on what that leaves, and yet it is not convex, or singular.
    dense<double> fixed = good;
    for (int j = 0; j < 40; ++j) {
        fixed.Aat(0, 0, j) = j == 0 ? 1 : 0;
        fixed.Qat(0, 0, j) = fixed.Qat(0, j, 0) = 0;
    }
    fixed.bat(0, 0) = 0;
    std::fill(fixed.b.begin(), fixed.b.end(), 0.0);
    for (double& v : fixed.h) v = std::abs(v);
    const loaded b(fixed, kept_rows::on_demand);
    CHECK(b.convex);
    CHECK(!b.form.is_reduced());
    CHECK(solve(fixed).at(0) == status::solved);
    fixed.Qat(0, 0, 0) = -1;
    CHECK(!loaded(fixed, kept_rows::on_demand).convex);
    CHECK(solve(fixed).at(0) == status::nonconvex);
}
