// SPDX-License-Identifier: Apache-2.0
// One problem takes the rows of G into form D as it needs them, and guesses its first basis: what comes out is what the
// form with all rows gives, from no basis at all.

#include "batches.hpp"
#include "catch.hpp"
#include "hard_families.hpp"
#include "sizes.hpp"
#include "solver/algorithm/road.hpp"
#include "solver/plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace problems;
using namespace optnet::solver;

namespace {

constexpr tolerances eps{1e-8, 1e-8};

/// One problem with its form D.
struct loaded {
    loaded(const dense<double>& d, kept_rows which) : seen(d), data(seen.batch, 0) {
        convex = form.set_up(data, 1e-8, which);
        e.load(seen.batch, 0, data, {}, 1e-8);
    }

    view<double> seen;
    operators data;
    dual_form form;
    element e;
    bool convex = false;
};

/// d = h − G z₀.
std::vector<double> slacks(const loaded& x) {
    std::vector<double> z = x.e.q, nu = x.e.b, d(at(x.data.m));
    for (double& v : z) v = -v;
    x.form.forward(z.data(), nu.data());
    x.form.inequality_products(z.data(), nu.data(), d.data());
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = x.e.h[i] - d[i];
    return d;
}

std::vector<int> sorted(std::vector<int> v) {
    std::sort(v.begin(), v.end());
    return v;
}

/// Bounds on every variable above and below, behind a diagonal Q.
dense<double> boxed(int n, int p, std::uint64_t seed) {
    dense<double> d = random<double>(n, p, 2 * n, 1, true, seed);
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j)
            if (i != j) d.Qat(0, i, j) = 0;
    std::fill(d.G.begin(), d.G.end(), 0.0);
    for (int j = 0; j < n; ++j) {
        d.Gat(0, j, j) = 1;
        d.Gat(0, n + j, j) = -2;
        d.hat(0, j) = 0.3;
        d.hat(0, n + j) = 0.7;
    }
    std::fill(d.b.begin(), d.b.end(), 0.0); // 0 is inside
    return d;
}

} // namespace

TEST_CASE("rows that come one after the other make the same R") {
    dense<double> dependent = random<double>(20, 6, 40, 1, true, 3);
    for (int j = 0; j < 20; ++j) dependent.Gat(0, 7, j) = 2 * dependent.Aat(0, 1, j) - dependent.Aat(0, 4, j);
    for (const dense<double>& d : {random<double>(20, 0, 40, 1, true, 1), random<double>(30, 13, 50, 1, true, 2),
                                   dependent, boxed(20, 0, 4), boxed(20, 7, 5)}) {
        const loaded all(d, kept_rows::all), few(d, kept_rows::on_demand);
        REQUIRE(all.convex);
        REQUIRE(few.convex);
        REQUIRE(!few.form.has_r());
        std::vector<int> order(at(d.m));
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), std::mt19937(7));
        working_rows rows;
        rows.begin(few.form, few.data);
        for (int first = 0, count = 1; first < d.m; first += count, count += 5)
            rows.add({order.begin() + first, order.begin() + std::min(d.m, first + count)});
        REQUIRE(rows.count() == d.m);
        double size = 0;
        for (int i = 0; i < d.m; ++i) size = std::max(size, all.form.r_row(i)[i]);
        for (int i = 0; i < d.m; ++i) {
            CHECK(rows.holds(i));
            for (int j = 0; j < d.m; ++j)
                CHECK(std::abs(rows.r()[i * rows.stride() + j] - all.form.r_row(order[at(i)])[order[at(j)]]) <=
                      1e-12 * size);
            const double zero = all.form.r_row(order[at(i)])[order[at(i)]];
            if (zero == 0) CHECK(rows.lengths()[order[at(i)]] == 0);
        }
    }
}

TEST_CASE("from a guessed basis the dual active set ends where it ends from none, in fewer steps") {
    int steps = 0, steps_from_none = 0;
    for (const int n : {8, 20, 50, 100})
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            // As many rows as variables, and three times as many: then most guesses are dependent.
            const bool square = seed % 2 == 0;
            const loaded x(random<double>(n, 0, square ? n : 3 * n, 1, true, seed), kept_rows::all);
            REQUIRE(x.convex);
            const std::vector<double> d = slacks(x);
            dual_active_set guessed, none;
            CAPTURE(n, seed);
            REQUIRE(guessed.solve(x.form.r_row(0), x.data.m, d, x.e.floor, 10000, first_basis::guessed) ==
                    dual_outcome::optimal);
            REQUIRE(none.solve(x.form.r_row(0), x.data.m, d, x.e.floor, 10000, first_basis::none) ==
                    dual_outcome::optimal);
            CHECK(sorted(guessed.basis) == sorted(none.basis));
            CHECK(apart(guessed.lambda, none.lambda) <= 1e-8 * (1 + largest(none.lambda)));
            for (const double v : guessed.lambda) CHECK(v >= 0);
            steps += square ? guessed.steps : 0;
            steps_from_none += square ? none.steps : 0;
        }
    CHECK(2 * steps < steps_from_none);
}

TEST_CASE("on demand as with all rows: the same point, on the same basis, with fewer rows") {
    std::ptrdiff_t at_work = 0, active = 0;
    for (const bool boxes : {false, true})
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            dense<double> d = boxes ? boxed(30, 10, seed) : random<double>(40, 15, 60, 1, true, seed);
            if (!boxes)
                for (double& v : d.h) v += 25; // so that few rows are violated
            const loaded all(d, kept_rows::all), few(d, kept_rows::on_demand);
            REQUIRE(few.convex);
            road one, other;
            outcome a, b;
            one.run(all.e, &all.form, {}, eps, a);
            CAPTURE(boxes, seed);
            REQUIRE(a.status == status::solved);
            REQUIRE(other.run_on_demand(few.e, few.form, {}, eps, b));
            CHECK(b.status == status::solved);
            CHECK(sorted(a.basis) == sorted(b.basis));
            CHECK(apart(a.x.z, b.x.z) <= 1e-9 * (1 + largest(a.x.z)));
            CHECK(apart(a.x.lambda, b.x.lambda) <= 1e-8 * (1 + largest(a.x.lambda)));
            const auto used = std::count_if(other.lengths(), other.lengths() + d.m, [](double v) { return v > 0; });
            CHECK(used >= static_cast<std::ptrdiff_t>(b.basis.size()));
            if (!boxes) at_work += used;
            if (!boxes) active += static_cast<std::ptrdiff_t>(b.basis.size());
        }
    CHECK(active > 0);
    CHECK(2 * at_work < 20 * 60);
}

TEST_CASE("alone as in a small batch that shares its matrices: points and gradients, degenerate ones too") {
    dense<double> twice = random<double>(30, 12, 50, 1, true, 11);
    for (int i = 25; i < 50; ++i) {
        for (int j = 0; j < 30; ++j) twice.Gat(0, i, j) = 2 * twice.Gat(0, i - 25, j);
        twice.hat(0, i) = 2 * twice.hat(0, i - 25);
    }
    for (const dense<double>& one :
         {random<double>(30, 12, 50, 1, true, 10), twice, boxed(30, 10, 12), hard(3, 1), hard(4, 2), hard(5, 1)}) {
        dense<double> two = one;
        two.batch = 2;
        for (std::vector<double>* v : {&two.q, &two.b, &two.h}) {
            const std::vector<double> copy = *v;
            v->insert(v->end(), copy.begin(), copy.end());
        }
        const answer<double> a = solve(one), b = solve(two);
        // Of z alone: the multipliers of equal rows are not unique.
        const std::vector<double> ones(at(2 * one.n), 1.0);
        std::vector<double> g(at(one.n)), h(at(2 * one.n));
        kkt_solve<double>(view<double>(one).batch, *a.kept, 1, {ones.data(), nullptr, nullptr},
                          {g.data(), nullptr, nullptr});
        kkt_solve<double>(view<double>(two).batch, *b.kept, 1, {ones.data(), nullptr, nullptr},
                          {h.data(), nullptr, nullptr});
        CHECK(a.at(0) == b.at(0));
        REQUIRE(a.at(0) == status::solved);
        CHECK(shares(one, a, 0, 1e-8) <= 1 + 1e-6L);
        CHECK(distance(a.z, 0, b.z, 0, one.n) <= 1e-8 * (1 + problems::largest(b.z, 0, one.n)));
        CHECK(distance(g, 0, h, 0, one.n) <= 1e-6 * (1 + problems::largest(h, 0, one.n)));
    }
}

TEST_CASE("matrices of their own, on demand: not a bit depends on the neighbours or the threads") {
    const dense<double> d = random<double>(24, 10, 40, 21, false, 6);
    REQUIRE(rows_of_one(view<double>(d).shape) == kept_rows::on_demand);
    const answer<double> a = solve(d);
    for (const int threads : {1, 3})
        for (const std::int64_t k : {0, 7, 20}) {
            const answer<double> b = solve(pick(d, {k, 3}), {}, threads);
            CHECK(same_bits(d, a, k, b, 0));
            CHECK(same_bits(d, a, 3, b, 1));
        }
}

TEST_CASE("what the rows on demand do not settle has all of them: no feasible point, or a bad start") {
    dense<double> d = random<double>(30, 15, 50, 1, true, 8);
    for (int j = 0; j < 30; ++j) d.Gat(0, 31, j) = -d.Gat(0, 30, j);
    d.hat(0, 31) = -d.hat(0, 30) - 1; // g z <= h and g z >= h + 1
    const loaded x(d, kept_rows::on_demand);
    road way;
    outcome out;
    CHECK(!way.run_on_demand(x.e, x.form, {}, eps, out));
    CHECK(solve(d).at(0) == status::primal_infeasible);

    const dense<double> good = random<double>(30, 15, 50, 1, true, 9);
    const loaded y(good, kept_rows::on_demand);
    warm_start wrong;
    wrong.usable = true;
    wrong.x.resize(y.data);
    for (int i = 0; i < 10; ++i) {
        wrong.rows.push_back(i);
        wrong.x.lambda[at(i)] = 1e3;
    }
    REQUIRE(way.run_on_demand(y.e, y.form, {}, eps, out, &wrong));
    CHECK(out.status == status::solved);
    const answer<double> cold = solve(good);
    CHECK(apart(out.x.z, cold.z) <= 1e-9 * (1 + largest(cold.z)));
}
