// SPDX-License-Identifier: Apache-2.0
// Starts from a solution nearby: fewer steps, the same claims, and nothing is believed.

#include "catch.hpp"
#include "families.hpp"
#include "hard_families.hpp"
#include "solver/plan.hpp"
#include "sparse_models.hpp"

#include <algorithm>
#include <limits>

using namespace problems;

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

solver::starting_points<double> start_of(const solver::structure& s, const answer<double>& a) {
    return {{a.z.data(), s.n, 1}, {a.nu.data(), s.p, 1}, {a.lambda.data(), s.m, 1}};
}

answer<double> solve_from(const solver::problem<double>& batch, const solver::starting_points<double>& from,
                          int threads = 1, const optnet::settings& how = {}) {
    answer<double> a = problems::solve(batch, how, threads); // for the sizes
    solver::solution<double> out{a.z.data(),      a.nu.data(),         a.lambda.data(),   a.s.data(),
                                 a.status.data(), a.iterations.data(), a.residuals.data()};
    solver::solve(batch, how, threads, out, &a.kept, from);
    return a;
}

std::int64_t most(const std::vector<std::int64_t>& v) { return *std::max_element(v.begin(), v.end()); }
std::int64_t total(const std::vector<std::int64_t>& v) {
    std::int64_t sum = 0;
    for (const std::int64_t x : v) sum += x;
    return sum;
}

/// Problem k of two answers with 20 variables, bit for bit.
bool same_point(const answer<double>& a, const answer<double>& b, std::int64_t k) {
    return std::equal(a.z.begin() + k * 20, a.z.begin() + (k + 1) * 20, b.z.begin() + k * 20);
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]) / (1 + std::abs(b[i])));
    return worst;
}

} // namespace

TEST_CASE("the solution itself as the start: at most two iterations on every form") {
    const auto check = [](const solver::problem<double>& batch) {
        const answer<double> cold = solve(batch);
        const answer<double> warm = solve_from(batch, start_of(*batch.shape, cold));
        for (std::int64_t k = 0; k < batch.batch; ++k) {
            REQUIRE(cold.at(k) == status::solved);
            CHECK(warm.at(k) == status::solved);
        }
        CHECK(most(warm.iterations) <= 2);
        CHECK(distance(warm.z, cold.z) <= 1e-9);
    };
    for (const int batch : {1, 20}) {
        check(view<double>(random<double>(30, 5, 20, batch, true, 1)).batch);  // in lanes, where there are many
        check(view<double>(random<double>(20, 0, 60, batch, true, 2)).batch);  // more rows than variables
        check(view<double>(random<double>(30, 0, 30, batch, false, 3)).batch); // matrices of their own
        model points = chain(2, batch, 4), boards = mini_sudoku(batch, 5), noisy = denoising(40, batch, 13, 6);
        check(points.problem());
        check(boards.problem());
        check(noisy.problem());
    }
    // Linear programs: the proximal loop starts from the vertex.
    dense<double> d = random<double>(12, 0, 40, 4, true, 7);
    std::fill(d.Q.begin(), d.Q.end(), 0.0);
    for (std::int64_t k = 0; k < 4; ++k)
        for (int j = 0; j < 12; ++j) {
            double sum = 0; // q = -G'1: bounded
            for (int i = 0; i < 40; ++i) sum += d.Gat(0, i, j) * (1 + 0.1 * i);
            d.qat(k, j) = -sum;
        }
    check(view<double>(d).batch);
    // Form P alone, for which R would be too large.
    const dense<double> wide = random<double>(5, 0, 4100, 1, true, 8);
    REQUIRE(solver::make_plan(view<double>(wide).shape, true).chosen == solver::form::primal);
    check(view<double>(wide).batch);
}

TEST_CASE("problems that move a little: fewer steps, the same solutions and gradients") {
    const auto check = [](auto& x, auto& vector, const auto& view_of) {
        const answer<double> last = solve(view_of(x));
        numbers draw(9);
        for (double& v : vector) v += 0.02 * draw.normal();
        const solver::problem<double> batch = view_of(x);
        const answer<double> cold = solve(batch), warm = solve_from(batch, start_of(*batch.shape, last));
        CHECK(total(warm.iterations) < total(cold.iterations));
        for (std::int64_t k = 0; k < batch.batch; ++k) CHECK(warm.at(k) == status::solved);
        CHECK(distance(warm.z, cold.z) <= 1e-9);
        std::vector<double> ones(cold.z.size(), 1.0), a(cold.z.size()), b(a);
        solver::kkt_solve<double>(batch, *cold.kept, 1, {ones.data(), nullptr, nullptr}, {a.data(), nullptr, nullptr});
        solver::kkt_solve<double>(batch, *warm.kept, 1, {ones.data(), nullptr, nullptr}, {b.data(), nullptr, nullptr});
        CHECK(distance(a, b) <= 1e-6);
    };
    for (const int batch : {1, 20}) {
        dense<double> d = random<double>(60, 0, 60, batch, true, 10);
        solver::structure shape = solver::dense_structure(60, 0, 60);
        std::vector<solver::matrix_view<double>> data;
        check(d, d.q, [&](const dense<double>& of) {
            const view<double> v(of);
            data = v.data;
            solver::problem<double> b = v.batch;
            b.shape = &shape;
            b.data = data.data();
            return b;
        });
        model x = chain(2, batch, 11);
        check(x, x.q, [](model& of) { return of.problem(); });
    }
}

TEST_CASE("whatever the start says, the claims on every family are those without it") {
    // Starts that are wrong in every way: multipliers of both signs on any rows, some huge.
    numbers draw(12);
    const auto nonsense = [&](answer<double> start) {
        for (double& x : start.z) x = 10 * draw.normal();
        for (double& x : start.nu) x = 10 * draw.normal();
        for (double& x : start.lambda) x = draw.normal() * (draw.uniform() < 0.1 ? 1e6 : 1.0);
        return start;
    };
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (const int copies : {1, 9}) {
            const family& f = families[at(which)];
            const dense<double> one = make(which, 1);
            dense<double> d = zeros(one.n, one.p, one.m, copies);
            d.Q = one.Q;
            d.A = one.A;
            d.G = one.G;
            for (std::int64_t k = 0; k < copies; ++k) {
                std::copy(one.q.begin(), one.q.end(), d.q.begin() + k * d.n);
                std::copy(one.b.begin(), one.b.end(), d.b.begin() + k * d.p);
                std::copy(one.h.begin(), one.h.end(), d.h.begin() + k * d.m);
            }
            const view<double> v(d);
            const answer<double> cold = solve(v.batch), warm = solve_from(v.batch, start_of(v.shape, nonsense(cold)));
            for (std::int64_t k = 0; k < copies; ++k) {
                CAPTURE(f.name, copies, k);
                CHECK(name(warm.at(k)) == name(cold.at(k)));
                CHECK(shares(d, warm, k, 1e-8) <= 1 + 1e-6L);
            }
            // And those that are right.
            CAPTURE(f.name, copies);
            const answer<double> again = solve_from(v.batch, start_of(v.shape, cold));
            for (std::int64_t k = 0; k < copies; ++k) {
                CHECK(name(again.at(k)) == name(cold.at(k)));
                CHECK(shares(d, again, k, 1e-8) <= 1 + 1e-6L);
            }
            if (f.unique) CHECK(distance(again.z, cold.z) <= 1e-6);
        }
}

TEST_CASE("rows that are absent from one problem alone stay absent, whichever rows its start holds") {
    constexpr std::int64_t batch = 19;
    const auto check = [&](int n, int p, int m, bool shared) {
        dense<double> d = random<double>(n, p, m, batch, shared, 71);
        for (std::int64_t k = 0; k < batch; ++k)
            for (int i = static_cast<int>(k % 3); i < m; i += 3) d.hat(k, i) = HUGE_VAL;
        const view<double> v(d);
        const answer<double> cold = solve(v.batch);
        answer<double> others = cold; // of the neighbour, whose absent rows are others
        const auto turn = [&](std::vector<double>& x, int size) { std::rotate(x.begin(), x.begin() + size, x.end()); };
        turn(others.z, n);
        turn(others.nu, p);
        turn(others.lambda, m);
        for (const answer<double>* from : {&cold, static_cast<const answer<double>*>(&others)}) {
            const answer<double> warm = solve_from(v.batch, start_of(v.shape, *from));
            for (std::int64_t k = 0; k < batch; ++k) {
                CHECK(warm.at(k) == status::solved);
                for (int i = static_cast<int>(k % 3); i < m; i += 3) CHECK(warm.lambda[at(k * m + i)] == 0);
            }
            CHECK(distance(warm.z, cold.z) <= 1e-9);
            if (from == &cold) CHECK(most(warm.iterations) <= 2);
        }
    };
    for (const bool shared : {false, true}) {
        check(20, 2, 18, shared);
        check(40, 4, 30, shared);
        check(20, 0, 45, shared);
    }
}

TEST_CASE("no solution is found where there is none, wherever the start") {
    numbers draw(13);
    for (int which = 0; which < 5; ++which) {
        const dense<double> d = which < 4 ? infeasible(which, 1, 3) : unbounded(1, 0, 3);
        const view<double> v(d);
        const answer<double> cold = solve(v.batch);
        REQUIRE(cold.at(0) == (which < 4 ? status::primal_infeasible : status::dual_infeasible));
        answer<double> start = cold; // its multipliers are a certificate, its z is NaN: cold again, to the bit
        const answer<double> again = solve_from(v.batch, start_of(v.shape, start));
        CHECK(again.at(0) == cold.at(0));
        CHECK(again.iterations == cold.iterations);
        for (double& x : start.z) x = draw.normal();
        for (double& x : start.nu) x = draw.normal();
        for (double& x : start.lambda) x = draw.normal();
        CHECK(solve_from(v.batch, start_of(v.shape, start)).at(0) == cold.at(0));
    }
}

TEST_CASE("NaN, infinities and nothing at all in a start: that problem is solved as without it, to the bit") {
    for (const bool shared : {true, false}) {
        // With few rows, problems with matrices of their own go in lanes if there is no start, and alone if there is
        // one.
        const int m = shared ? 15 : 25;
        const dense<double> d = random<double>(20, 4, m, 12, shared, 14);
        const view<double> v(d);
        const answer<double> cold = solve(v.batch), warm = solve_from(v.batch, start_of(v.shape, cold));
        answer<double> start = cold;
        start.z[3] = std::numeric_limits<double>::quiet_NaN(); // problem 0
        start.nu[at(4) * 4 + 1] = HUGE_VAL;                    // problem 4
        start.lambda[at(9 * m)] = -HUGE_VAL;                   // problem 9
        const answer<double> mixed = solve_from(v.batch, start_of(v.shape, start));
        for (std::int64_t k = 0; k < 12; ++k) {
            const answer<double>& expected = k == 0 || k == 4 || k == 9 ? cold : warm;
            CHECK(mixed.iterations[at(k)] == expected.iterations[at(k)]);
            CHECK(same_point(mixed, expected, k));
        }
        const answer<double> none = solve_from(v.batch, {});
        CHECK(none.z == cold.z);
        CHECK(none.iterations == cold.iterations);
        // One start for all, and one whose arrays are written over.
        const solver::starting_points<double> one{
            {cold.z.data(), 0, 1}, {cold.nu.data(), 0, 1}, {cold.lambda.data(), 0, 1}};
        CHECK(solve_from(v.batch, one).iterations[0] == warm.iterations[0]);
        answer<double> in_place = cold;
        solver::solution<double> out{in_place.z.data(),
                                     in_place.nu.data(),
                                     in_place.lambda.data(),
                                     nullptr,
                                     in_place.status.data(),
                                     nullptr,
                                     nullptr};
        solver::solve(v.batch, {}, 1, out, nullptr, start_of(v.shape, in_place));
        CHECK(in_place.z == warm.z);
    }
}

TEST_CASE("sparse problems, alone and in lanes: a start without numbers is none, to the bit, and lanes do not mix") {
    for (const int batch : {3, 20}) {
        model x = denoising(40, batch, 13, 17);
        const solver::problem<double> problems = x.problem();
        const int n = x.shape.n;
        REQUIRE(solver::make_plan(x.shape, true).chosen == solver::form::sparse);
        const answer<double> cold = solve(problems);
        answer<double> start = cold;
        numbers draw(18);
        for (double& v : start.lambda) v = std::max(0.0, v + 3 * draw.normal());
        const answer<double> warm = solve_from(problems, start_of(x.shape, start));
        for (std::int64_t k = 0; k < batch; k += 2) start.z[at(k * n)] = std::numeric_limits<double>::quiet_NaN();
        const answer<double> mixed = solve_from(problems, start_of(x.shape, start));
        for (std::int64_t k = 0; k < batch; ++k) {
            CHECK(warm.at(k) == status::solved);
            const answer<double>& expected = k % 2 == 0 ? cold : warm;
            CHECK(mixed.iterations[at(k)] == expected.iterations[at(k)]);
            CHECK(std::equal(mixed.z.begin() + k * n, mixed.z.begin() + (k + 1) * n, expected.z.begin() + k * n));
        }
        CHECK(distance(warm.z, cold.z) <= 1e-9);
    }
}

TEST_CASE("with a start, too, no bit depends on threads or neighbours") {
    const dense<double> d = random<double>(20, 0, 20, 100, true, 15);
    const view<double> v(d);
    answer<double> start = solve(v.batch);
    numbers draw(16);
    for (double& x : start.lambda) x += draw.normal() * (draw.uniform() < 0.2 ? 1.0 : 0.0);
    const answer<double> a = solve_from(v.batch, start_of(v.shape, start)),
                         b = solve_from(v.batch, start_of(v.shape, start), 3);
    CHECK(a.z == b.z);
    CHECK(a.iterations == b.iterations);
    for (std::int64_t k = 1; k < 100; k += 2) start.lambda[at(k * 20)] = std::numeric_limits<double>::quiet_NaN();
    const answer<double> c = solve_from(v.batch, start_of(v.shape, start));
    for (std::int64_t k = 0; k < 100; k += 2) CHECK(same_point(a, c, k));
}

TEST_CASE("a plant that is steered step by step: every plan starts from the last, and costs less") {
    // x+ = Ax + Bu, |u| <= 1, over 15 periods; z = (u, x), one problem per period from where the last one led to.
    constexpr int periods = 15, n = 3 * periods;
    dense<double> d = zeros(n, 2 * periods, 2 * periods);
    const auto input = [](int t) { return t; };
    const auto state = [](int t, int i) { return periods + 2 * t + i; };
    const double a[2][2] = {{1, 0.2}, {0, 1}}, b[2] = {0.02, 0.2};
    for (int t = 0; t < periods; ++t) {
        d.Qat(0, input(t), input(t)) = 0.1;
        for (int i = 0; i < 2; ++i) {
            d.Qat(0, state(t, i), state(t, i)) = 1;
            d.Aat(0, 2 * t + i, state(t, i)) = 1;
            d.Aat(0, 2 * t + i, input(t)) = -b[i];
            for (int j = 0; j < 2 && t > 0; ++j) d.Aat(0, 2 * t + i, state(t - 1, j)) = -a[i][j];
        }
        for (int side = 0; side < 2; ++side) {
            d.Gat(0, 2 * t + side, input(t)) = side == 0 ? 1 : -1;
            d.hat(0, 2 * t + side) = 1;
        }
    }
    double x[2] = {3, 0};
    std::int64_t cold_steps = 0, warm_steps = 0;
    answer<double> last;
    for (int step = 0; step < 30; ++step) {
        for (int i = 0; i < 2; ++i) d.bat(0, i) = a[i][0] * x[0] + a[i][1] * x[1];
        const view<double> v(d);
        const answer<double> cold = solve(v.batch);
        const answer<double> warm = step == 0 ? cold : solve_from(v.batch, start_of(v.shape, last));
        REQUIRE(warm.at(0) == status::solved);
        CHECK(distance(warm.z, cold.z) <= 1e-9);
        if (step > 0) {
            cold_steps += cold.iterations[0];
            warm_steps += warm.iterations[0];
        }
        x[0] = warm.z[at(state(0, 0))];
        x[1] = warm.z[at(state(0, 1))];
        last = warm;
    }
    CHECK(std::abs(x[0]) + std::abs(x[1]) < 0.1); // it got there
    CHECK(2 * warm_steps < cold_steps);
}
