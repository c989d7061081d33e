// SPDX-License-Identifier: Apache-2.0
// The sparse form's code for a GPU on the host, by one worker: points, statuses and gradients beside those of the CPU's
// road, every claim recomputed in long double, on structures that are mostly zeros and on the families of dense ones.

#include "adversarial.hpp"
#include "catch.hpp"
#include "cuda/check_claims.hpp"
#include "cuda/sparse_host.hpp"
#include "derivative.hpp"
#include "own_model.hpp"
#include "sizes.hpp"
#include "solver/factorization.hpp"
#include "sparse_models.hpp"

#include <array>

using namespace problems;
using host::check_claims;
namespace cuda = optnet::solver::cuda;
using cuda::handed_over;
using solver::block_kind;
using solver::matrix;

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T>
host::sparse_batch<T> on_host(const solver::problem<T>& given, const optnet::settings& how = {},
                              cuda::mapping by = cuda::mapping::per_warp,
                              const solver::starting_points<T>& start = {}) {
    host::sparse_batch<T> b(given, how, by, std::numeric_limits<double>::quiet_NaN(), start);
    cuda::serial_team one;
    cuda::lone_team thread;
    if (by == cuda::mapping::per_thread)
        b.solve(thread);
    else
        b.solve(one);
    return b;
}
template <class T> host::sparse_batch<T> on_host(const dense<T>& d, const optnet::settings& how = {}) {
    const view<T> v(d);
    return on_host(v.batch, how);
}

/// Both roads end on the same active rows with steps of refinement on the user's data, so both points are exact up to u
/// times the condition of these rows' system, below 1e5 where z is called unique.
constexpr double rounding = 1e-11;

/// dz, dν and dλ for right-hand sides of z alone.
struct gradient {
    std::vector<double> z, nu, lambda;
};
std::vector<double> right_side(const solver::problem<double>& of) {
    std::vector<double> g(at(of.batch * of.shape->n));
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = std::cos(static_cast<double>(i));
    return g;
}
gradient zeros_of(const solver::problem<double>& of) {
    return {std::vector<double>(at(of.batch * of.shape->n), 7.0), std::vector<double>(at(of.batch * of.shape->p), 7.0),
            std::vector<double>(at(of.batch * of.shape->m), 7.0)};
}
gradient on_host_gradient(const solver::problem<double>& of, host::sparse_batch<double>& b) {
    gradient d = zeros_of(of);
    const std::vector<double> g = right_side(of);
    std::vector<double> minus_z(d.z.size(), 7.0);
    cuda::serial_team one;
    b.kkt_solve(one, {g.data(), nullptr, nullptr}, {d.z.data(), d.nu.data(), d.lambda.data()}, minus_z.data());
    for (std::size_t i = 0; i < minus_z.size(); ++i)
        if (minus_z[i] != -d.z[i]) FAIL("the negative of z differs at " << i);
    return d;
}
gradient cpu_gradient(const solver::problem<double>& of, const answer<double>& a) {
    gradient d = zeros_of(of);
    const std::vector<double> g = right_side(of);
    solver::kkt_solve<double>(of, *a.kept, 1, {g.data(), nullptr, nullptr}, {d.z.data(), d.nu.data(), d.lambda.data()});
    return d;
}

/// Points and gradients of a batch whose solution is unique, with unique multipliers or not.
void check_as_on_cpu(const solver::problem<double>& given, bool unique_duals) {
    REQUIRE(cuda::sparse_refusal(*given.shape, true).empty());
    const answer<double> a = solve(given);
    host::sparse_batch<double> b = on_host(given);
    for (std::int64_t k = 0; k < given.batch; ++k) {
        CAPTURE(k, name(b.out.at(k)));
        CHECK(b.out.at(k) == status::solved);
        CHECK(b.handed_over(k) == handed_over::no);
    }
    CHECK(apart(b.out.z, a.z) <= rounding * (1 + largest(a.z)));
    CHECK(apart(b.out.s, a.s) <= rounding * (1 + largest(a.z)));
    const gradient d = on_host_gradient(given, b), expected = cpu_gradient(given, a);
    CHECK(apart(d.z, expected.z) <= rounding * (1 + largest(expected.z)));
    CHECK(largest(expected.z) > 0);
    if (!unique_duals) return;
    CHECK(apart(b.out.lambda, a.lambda) <= rounding * (1 + largest(a.lambda)));
    CHECK(apart(b.out.nu, a.nu) <= rounding * (1 + largest(a.nu)));
    CHECK(apart(d.nu, expected.nu) <= rounding * (1 + largest(expected.nu)));
    CHECK(apart(d.lambda, expected.lambda) <= rounding * (1 + largest(expected.lambda)));
}

} // namespace

TEST_CASE("total variation, simplices, chains, costs, losses: points and gradients of the CPU") {
    model tv = denoising(100, 6, 13, 1);
    check_as_on_cpu(tv.problem(), true);
    model simple = simplex(200, 6, 2), wide = simplex(3000, 1, 3); // one row of A is a wide line
    check_as_on_cpu(simple.problem(), true);
    check_as_on_cpu(wide.problem(), true);
    model springs = chain(2, 6, 4), outliers = huber(20, 6, 5), losses = value_at_risk(20, 60, 6, 7);
    check_as_on_cpu(springs.problem(), true);
    check_as_on_cpu(outliers.problem(), true);
    check_as_on_cpu(losses.problem(), true);
    for (const zero_in_q zero : {zero_in_q::by_structure, zero_in_q::by_number}) {
        model worst = worst_case(121, 6, 5, zero); // full rows beside 1 entry in each of the others
        check_as_on_cpu(worst.problem(), true);
    }
}

TEST_CASE("portfolios, where multipliers are not unique: the CPU's points and gradients of z") {
    for (const double cost : {1e-8, 1.0}) {
        model x = portfolio(10, 6, 3, cost);
        check_as_on_cpu(x.problem(), false);
    }
}

TEST_CASE("matrices of each problem's own: read, scaled and factored as on the CPU") {
    own_model<> tv(denoising(60, 5, 13, 5), "G", 0.2), rows(chain(1, 5, 6), "G", 0.2), costs(chain(1, 5, 6), "Q", 1e-3);
    for (own_model<>* x : {&tv, &rows, &costs}) check_as_on_cpu(x->all(), true);
}

TEST_CASE("where the vectors of a problem lie changes no bit") {
    model x = chain(1, 40, 8); // more than a warp
    host::sparse_batch<double> a = on_host(x.problem()), b = on_host(x.problem(), {}, cuda::mapping::per_thread);
    CHECK(a.out.z == b.out.z);
    CHECK(a.out.lambda == b.out.lambda);
    CHECK(a.out.iterations == b.out.iterations);
    CHECK(on_host_gradient(x.problem(), a).z == on_host_gradient(x.problem(), b).z);
    own_model<> own(denoising(30, 40, 13, 5), "G", 0.2);
    a = on_host(own.all());
    b = on_host(own.all(), {}, cuda::mapping::per_thread);
    CHECK(a.out.z == b.out.z);
    CHECK(on_host_gradient(own.all(), a).z == on_host_gradient(own.all(), b).z);
    // With more and more of them in the team's own memory, the factor among them in the end.
    std::int64_t before = 0;
    for (const std::int64_t room : {60, 300, 1000, 1000000}) {
        CAPTURE(room);
        host::sparse_batch<double> near(own.all(), {}, cuda::mapping::per_warp, HUGE_VAL, {}, room);
        cuda::serial_team one;
        near.solve(one);
        CHECK(near.near() > before);
        CHECK(near.near() <= room);
        before = near.near();
        CHECK(near.out.z == a.out.z);
        CHECK(near.out.lambda == a.out.lambda);
        CHECK(near.out.iterations == a.out.iterations);
        CHECK(on_host_gradient(own.all(), near).z == on_host_gradient(own.all(), a).z);
    }
}

TEST_CASE("the bits of a problem are its own: neighbours, place and sharing change none") {
    own_model<> x(chain(1, 7, 6), "QG", 1e-3);
    const int n = x.x.shape.n, m = x.x.shape.m;
    host::sparse_batch<double> together = on_host(x.all());
    gradient d = zeros_of(x.all());
    cuda::serial_team worker;
    const std::vector<double> ones(at(7 * n), 1.0);
    together.kkt_solve(worker, {ones.data(), nullptr, nullptr}, {d.z.data(), nullptr, nullptr});
    for (std::int64_t k = 0; k < x.x.batch; ++k) {
        CAPTURE(k);
        const solver::problem<double> one = x.some(k, 1);
        host::sparse_batch<double> alone = on_host(one);
        REQUIRE(alone.out.at(0) == status::solved);
        for (int j = 0; j < n; ++j) CHECK(alone.out.z[at(j)] == together.out.z[at(k * n + j)]);
        for (int i = 0; i < m; ++i) CHECK(alone.out.lambda[at(i)] == together.out.lambda[at(k * m + i)]);
        std::vector<double> own(at(n));
        alone.kkt_solve(worker, {ones.data(), nullptr, nullptr}, {own.data(), nullptr, nullptr});
        for (int j = 0; j < n; ++j) CHECK(own[at(j)] == d.z[at(k * n + j)]);
    }
}

TEST_CASE("nothing is read before it is written: what the memory held changes no bit") {
    model tv = denoising(20, 2, 13, 1), assets = portfolio(3, 2, 3);
    own_model<> own(chain(1, 3, 6), "G", 0.2);
    const std::vector<solver::problem<double>> all{tv.problem(), assets.problem(), own.all()};
    // Nothing, some and all of it in the team's own memory.
    using cuda::mapping;
    const std::vector<std::pair<mapping, std::int64_t>> places{
        {mapping::per_thread, 0}, {mapping::per_warp, 0}, {mapping::per_warp, 100}, {mapping::per_warp, 1000000}};
    for (const solver::problem<double>& given : all)
        for (const auto& [by, room] : places) {
            std::vector<double> before;
            for (const double fill : {std::numeric_limits<double>::quiet_NaN(), 0.0, -1e300}) {
                host::sparse_batch<double> b(given, {}, by, fill, {}, room);
                cuda::serial_team one;
                b.solve(one);
                const gradient d = on_host_gradient(given, b);
                std::vector<double> now = b.out.z;
                for (const std::vector<double>* v : {&std::as_const(b.out.nu), &std::as_const(b.out.lambda),
                                                     &std::as_const(b.out.s), &d.z, &d.nu, &d.lambda})
                    now.insert(now.end(), v->begin(), v->end());
                REQUIRE(std::all_of(now.begin(), now.end(), [](double v) { return std::isfinite(v); }));
                if (!before.empty()) CHECK(now == before);
                before = now;
            }
        }
}

TEST_CASE("every family of dense problems is solved on its pattern, too") {
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            const family& f = families[at(which)];
            CAPTURE(which, f.name, seed);
            const dense<double> d = make(which, seed);
            const host::sparse_batch<double> b = on_host(d);
            CHECK(b.handed_over(0) == handed_over::no);
            CHECK(b.out.at(0) == status::solved);
            check_claims(d, b);
            if (!f.unique) continue;
            const answer<double> a = solve(d);
            CHECK(apart(b.out.z, a.z) <= rounding * (1 + largest(a.z)));
            if (!f.unique_duals) continue;
            CHECK(apart(b.out.lambda, a.lambda) <= rounding * (1 + largest(a.lambda)));
            CHECK(apart(b.out.nu, a.nu) <= rounding * (1 + largest(a.nu)));
        }
}

TEST_CASE("awkward problems on their pattern: nothing false is said") {
    for (const recipe& r : recipes())
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            CAPTURE(r.name, seed);
            const dense<double> d = make(r, seed);
            check_claims(d, on_host(d));
        }
}

TEST_CASE("infeasible and unbounded problems carry true certificates") {
    for (int which = 0; which < static_cast<int>(infeasible_names.size()); ++which)
        for (const double margin : {1.0, 1e-3, 1e-9})
            for (std::uint64_t seed = 1; seed <= 4; ++seed) {
                CAPTURE(infeasible_names[at(which)], margin, seed);
                const dense<double> d = infeasible(which, margin, seed);
                const host::sparse_batch<double> b = on_host(d);
                check_claims(d, b);
                if (margin < 1) continue;
                CHECK(b.out.at(0) == status::primal_infeasible);
                for (const double z : b.out.z) CHECK(std::isnan(z));
            }
    for (const int equalities : {0, 3})
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            CAPTURE(equalities, seed);
            const dense<double> d = unbounded(1.0, equalities, seed);
            const host::sparse_batch<double> b = on_host(d);
            check_claims(d, b);
            if (equalities > 0) continue; // the interior point stalls there: the CPU looks for the ray
            CHECK(b.out.at(0) == status::dual_infeasible);
            for (const double lambda : b.out.lambda) CHECK(std::isnan(lambda));
        }
}

TEST_CASE("bad input has the statuses of the CPU") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const model good = chain(1, 1, 1);
    const auto ask = [&](auto change) {
        model x = good;
        change(x);
        const host::sparse_batch<double> b = on_host(x.problem());
        CHECK(name(b.out.at(0)) == name(solve(x.problem()).at(0)));
        return b.out.at(0);
    };
    CHECK(ask([&](model& x) { x.numbers[0][3] = nan; }) == status::invalid_input);
    CHECK(ask([&](model& x) { x.q[3] = HUGE_VAL; }) == status::invalid_input);
    CHECK(ask([&](model& x) { x.h[4] = nan; }) == status::invalid_input);
    CHECK(ask([&](model& x) { x.h[4] = -HUGE_VAL; }) == status::primal_infeasible);
    CHECK(ask([&](model& x) { x.h[4] = HUGE_VAL; }) == status::solved); // absent
    CHECK(ask([&](model& x) { x.numbers[0][5] = -1; }) == status::nonconvex);
    CHECK(ask([&](model&) {}) == status::solved);
    model diagonal = simplex(50, 1, 1);
    diagonal.shape.blocks[0].scale = -1;
    CHECK(on_host(diagonal.problem()).out.at(0) == status::nonconvex);
}

TEST_CASE("a limit on the steps ends with the best point, handed over") {
    optnet::settings how;
    how.max_iter = 2;
    model x = denoising(100, 1, 13, 1);
    const host::sparse_batch<double> b = on_host(x.problem(), how);
    CHECK(b.out.at(0) == status::max_iterations);
    CHECK(b.handed_over(0) == handed_over::not_solved);
    for (const double z : b.out.z) CHECK(std::isfinite(z));
}

TEST_CASE("blocks of every kind are read as on the CPU, and the padding of a band never") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    model x;
    x.batch = 3;
    x.shape.n = 6;
    x.shape.p = 2;
    x.shape.m = 19;
    x.add(matrix::Q, block_kind::diagonal, 0, 0, 6, 6, 2, {4, 5, 6, 7, 8, 9});
    x.add(matrix::Q, block_kind::banded, 0, 0, 6, 6, 1,
          {nan, 1, -1, 2, 0, 1, 0.5, 1, 1, -1, 2, 0.3, 0, 1, 1, 1, 0.1, nan}, -1, 1);
    x.add(matrix::Q, block_kind::dense, 0, 0, 2, 2, 1, {1, 0.7, -0.2, 1}); // its symmetric part counts
    x.add(matrix::Q, block_kind::dense, 0, 4, 2, 1, 1, {0.3, 0.4});        // and half of this on the other side
    x.add(matrix::A, block_kind::dense, 0, 0, 2, 6, 0.5, {1, 2, 3, 4, 5, 6, -1, 0, 1, 0, 2, 1});
    x.add(matrix::A, block_kind::scaled_identity, 0, 3, 2, 2, 3, {0.7}); // on top of the dense one
    x.add(matrix::G, block_kind::banded, 0, 0, 5, 6, -1, {1, -1, 1, -2, 1, -3, 1, -4, 1, -5}, 0, 1);
    x.add(matrix::G, block_kind::identity, 5, 0, 6, 6, -1);
    x.add(matrix::G, block_kind::diagonal, 11, 0, 6, 6, 1, {1, 2, 3, 4, 5, 6});
    x.add(matrix::G, block_kind::sparse, 17, 1, 2, 5, 2, {1, -1, 3});
    x.shape.blocks.back().entries =
        std::make_shared<const solver::entry_list>(solver::entry_list{{0, 2, 3}, {0, 3, 4}});
    x.b = {0.63, 0.18}; // through z = 0.05
    x.h = std::vector<double>(19, 0.6);
    numbers draw(11);
    for (int i = 0; i < 18; ++i) x.q.push_back(4 * draw.normal());
    host::sparse_batch<double> b = on_host(x.problem());
    const answer<double> a = solve(x.problem());
    for (std::int64_t k = 0; k < 3; ++k) CHECK(b.out.at(k) == status::solved);
    CHECK(apart(b.out.z, a.z) <= rounding * (1 + largest(a.z)));
    CHECK(apart(b.out.s, a.s) <= rounding * (1 + largest(a.s)));
    CHECK(apart(b.out.lambda, a.lambda) <= rounding * (1 + largest(a.lambda)));
    CHECK(largest(a.lambda) > 0.1); // some row is active
}

TEST_CASE("from the solution itself a solve ends after one round, from anything else at the same point") {
    model x = denoising(100, 3, 13, 1);
    const host::sparse_batch<double> cold = on_host(x.problem());
    const auto from = [&](const std::vector<double>& z, const std::vector<double>& lambda) {
        const solver::structure& s = x.shape;
        const solver::starting_points<double> start{{z.data(), s.n, 1}, {}, {lambda.data(), s.m, 1}};
        return on_host(x.problem(), {}, cuda::mapping::per_warp, start);
    };
    const host::sparse_batch<double> again = from(cold.out.z, cold.out.lambda);
    for (std::int64_t k = 0; k < 3; ++k) {
        CHECK(again.out.at(k) == status::solved);
        CHECK(again.out.iterations[at(k)] == 1);
        CHECK(cold.out.iterations[at(k)] > 1);
    }
    CHECK(apart(again.out.z, cold.out.z) <= rounding * (1 + largest(cold.out.z)));
    std::vector<double> other(cold.out.lambda.rbegin(), cold.out.lambda.rend());
    CHECK(apart(from(cold.out.z, other).out.z, cold.out.z) <= rounding * (1 + largest(cold.out.z)));
    other[5] = std::numeric_limits<double>::quiet_NaN(); // no start at all for its problem
    CHECK(apart(from(cold.out.z, other).out.z, cold.out.z) <= rounding * (1 + largest(cold.out.z)));
}

TEST_CASE("at a kink the gradient is the mean of the one-sided derivatives") {
    // argmin 1/2 |z + q|^2 over 1'z = 1, z >= 0 where z_0 is 0 with multiplier 0: the others are 1 / (n - 1) with the
    // multiplier -1 / (n - 1) of the sum. With z_0 free dz_0 / dq_1 is 1 / n, else 0.
    constexpr int n = 40;
    model x = simplex(n, 1, 1);
    for (int j = 0; j < n; ++j) x.q[at(j)] = j == 0 ? 1.0 / (n - 1) : 0.0;
    host::sparse_batch<double> b = on_host(x.problem());
    REQUIRE(b.out.at(0) == status::solved);
    std::vector<double> g(at(n), 0.0), d(at(n));
    g[1] = 1;
    cuda::serial_team one;
    b.kkt_solve(one, {g.data(), nullptr, nullptr}, {d.data(), nullptr, nullptr});
    // The ratio s/λ of the weak row comes from a point within 1e-9 of the centre, where both are about the root of
    // that.
    CHECK(std::abs(d[0] + 0.5 / n) <= 1e-4 / n);
}

TEST_CASE("degenerate points have the CPU's gradient") {
    model x = portfolio(4, 6, 5);
    host::sparse_batch<double> b = on_host(x.problem());
    const answer<double> a = solve(x.problem());
    int degenerate = 0;
    for (std::int64_t k = 0; k < x.batch; ++k) degenerate += a.kept->elements[at(k)].rows.degenerate ? 1 : 0;
    REQUIRE(degenerate > 0);
    const gradient d = on_host_gradient(x.problem(), b), expected = cpu_gradient(x.problem(), a);
    CHECK(apart(d.z, expected.z) <= 1e-8 * (1 + largest(expected.z)));
}

TEST_CASE("a problem without gradient has zeros, and its neighbours what they have alone") {
    model x = chain(1, 3, 8);
    host::sparse_batch<double> good = on_host(x.problem());
    const gradient before = on_host_gradient(x.problem(), good);
    x.q[at(x.shape.n)] = std::numeric_limits<double>::quiet_NaN();
    host::sparse_batch<double> bad = on_host(x.problem());
    const gradient after = on_host_gradient(x.problem(), bad);
    CHECK(bad.out.at(1) == status::invalid_input);
    for (std::size_t i = 0; i < after.z.size(); ++i) CHECK(after.z[i] == (i / at(x.shape.n) == 1 ? 0.0 : before.z[i]));
}

TEST_CASE("float32 data are solved in double and rounded at the end") {
    own_model<float> x(chain(1, 3, 6), "G", 0.2);
    own_model<double> wide(chain(1, 3, 6), "G", 0.2);
    for (std::size_t i = 0; i < wide.values.size(); ++i) wide.values[i].assign(x.values[i].begin(), x.values[i].end());
    wide.q.assign(x.q.begin(), x.q.end());
    const host::sparse_batch<float> b = on_host(x.all());
    optnet::settings how;
    how.eps_abs = how.eps_rel = 1e-4;
    const host::sparse_batch<double> exact = on_host(wide.all(), how);
    for (std::size_t i = 0; i < b.out.z.size(); ++i) CHECK(b.out.z[i] == static_cast<float>(exact.out.z[i]));
    for (std::size_t i = 0; i < b.out.lambda.size(); ++i)
        CHECK(b.out.lambda[i] == static_cast<float>(exact.out.lambda[i]));
}
