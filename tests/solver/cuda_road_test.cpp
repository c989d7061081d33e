// SPDX-License-Identifier: Apache-2.0
// The whole road of the GPU's code on the host, by one worker, piece by piece: the interior point on both forms beside
// the CPU's, its linear algebra against long double, and gradients at degenerate points.

#include "adversarial.hpp"
#include "catch.hpp"
#include "cuda/host.hpp"
#include "derivative.hpp"
#include "solver/algorithm/interior_dual.hpp"
#include "solver/algorithm/interior_point.hpp"
#include "solver/algorithm/primal_form.hpp"

#include <Eigen/LU>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

constexpr double eps = 1e-8;

/// One problem, set up and read, in the memory of the whole road.
struct loaded {
    cuda::serial_team one;
    view<double> given;
    cuda::device_batch batch;
    host::memory set, road;
    cuda::matrices of;
    cuda::road_memory own;

    explicit loaded(const dense<double>& d)
        : given(d), batch(cuda::make_batch(given.batch, {})),
          set(cuda::matrices_bytes(d.n, d.p, d.m), std::numeric_limits<double>::quiet_NaN()),
          road(cuda::road_bytes(d.n, d.p, d.m), std::numeric_limits<double>::quiet_NaN()), of(matrices_in(set, d)),
          own(road_in(road, of)) {
        cuda::set_up(one, batch, 0, of);
        cuda::read(one, batch, 0, of, own.e);
    }

    /// Runs one form from its start; the best point is in `own.e.best_*`.
    template <class Form> solver::interior_progress<cuda::verdict> run(double goal) {
        Form form(one, of, own, eps, eps);
        if (!solver::starting_point(one, form)) return {};
        return solver::interior_loop(one, form, 100, goal, eps);
    }

    /// The best point of the interior point in the user's units.
    answer<double> best() const {
        answer<double> a;
        for (int j = 0; j < of.n; ++j) a.z.push_back(own.e.best_z[j] * of.z_scale[j]);
        for (int i = 0; i < of.p; ++i) a.nu.push_back(own.e.best_nu[i] * of.a_scale[i]);
        for (int i = 0; i < of.m; ++i) a.lambda.push_back(own.e.best_lambda[i] * of.g_scale[i]);
        return a;
    }

private:
    static cuda::matrices matrices_in(host::memory& where, const dense<double>& d) {
        cuda::arena from = where.pieces();
        return {from, d.n, d.p, d.m};
    }
    static cuda::road_memory road_in(host::memory& where, const cuda::matrices& of) {
        cuda::arena from = where.pieces();
        return {from, of};
    }
};

/// The interior point of the CPU on the same problem.
template <class Form, class Source> solver::interior_result on_cpu(const dense<double>& d, double goal) {
    const view<double> given(d);
    const solver::operators data(given.batch, 0);
    solver::element e;
    e.load(given.batch, 0, data, {}, eps);
    solver::serial_team one;
    Source source(data);
    Form form(source.of());
    return solver::interior_point(one, form, e, solver::tolerances{eps, eps}, 100, goal);
}
struct plain {
    explicit plain(const solver::operators& data) : from(data) {}
    const solver::operators& of() const { return from; }
    const solver::operators& from;
};
struct eliminated {
    explicit eliminated(const solver::operators& data) { form.set_up(data, 1e-8, solver::kept_rows::all); }
    const solver::dual_form& of() const { return form; }
    solver::dual_form form;
};

double apart(const std::vector<double>& a, const std::vector<double>& b) {
    double most = 0, size = 1;
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]));
        size = std::max(size, std::abs(a[i]));
    }
    return most / size;
}

} // namespace

TEST_CASE("form P by a team solves every family by itself, in the CPU's iterations") {
    int iterations = 0, expected = 0;
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            CAPTURE(which, families[static_cast<std::size_t>(which)].name, seed);
            const dense<double> d = make(which, seed);
            const auto cpu = on_cpu<solver::primal_form, plain>(d, 1.0);
            if (cpu.outcome != solver::interior_outcome::converged) continue; // columns in very different units
            loaded x(d);
            const auto made = x.run<cuda::interior_primal<cuda::serial_team>>(1.0);
            CHECK(made.outcome == solver::interior_outcome::converged);
            // The verdict is one float64 evaluation: a hundredth for its rounding.
            CHECK(shares(d, x.best(), 0, eps) <= 1.01L);
            // Rounding may put an iterate on either side of the goal.
            CHECK(std::abs(made.iterations - cpu.iterations) <= 1);
            iterations += made.iterations;
            expected += cpu.iterations;
        }
    CHECK(expected > 0);
    CHECK(std::abs(iterations - expected) <= expected / 50);
}

TEST_CASE("form D by a team is that of the CPU wherever the set-up is exact") {
    int compared = 0;
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            const dense<double> d = make(which, seed);
            loaded x(d);
            if (!x.of.exact() || !x.own.has_room_for_dual()) continue;
            CAPTURE(which, families[static_cast<std::size_t>(which)].name, seed);
            const auto made = x.run<cuda::interior_dual<cuda::serial_team>>(1.0);
            const auto cpu = on_cpu<solver::interior_dual, eliminated>(d, 1.0);
            CHECK(made.outcome == cpu.outcome);
            if (cpu.outcome != solver::interior_outcome::converged) continue;
            CHECK(shares(d, x.best(), 0, eps) <= 1.01L);
            CHECK(std::abs(made.iterations - cpu.iterations) <= 1);
            ++compared;
        }
    CHECK(compared >= 12);
}

TEST_CASE("the interior point's system is that of long double") {
    for (const int which : {0, 2, 4, 8, 19}) {
        CAPTURE(which, families[static_cast<std::size_t>(which)].name);
        const dense<double> d = make(which, 3);
        loaded x(d);
        const int n = d.n, p = d.p, m = d.m, ld = x.of.data_rows();
        cuda::interior_primal<cuda::serial_team> form(x.one, x.of, x.own, eps, eps);
        form.begin();
        // As near the end: weights over ten powers of ten.
        numbers draw(9);
        reference::vector w(m);
        for (int i = 0; i < m; ++i) {
            x.own.s[i] = std::pow(10.0, -5 * draw.uniform());
            x.own.e.active.lambda[i] = std::pow(10.0, -5 * draw.uniform());
            x.own.rc[i] = x.own.s[i] * x.own.e.active.lambda[i];
            w[i] = x.own.w[i] = x.own.e.active.lambda[i] / x.own.s[i];
        }
        REQUIRE(form.factor());
        form.residual();
        form.solve();
        // G dz + ds = r_s and S dλ + Λ ds = −r_c, Q dz + A'dν + G'dλ = r_z, A dz = r_ν: each to the rounding of its
        // terms.
        const auto entry = [&](int i, int j) { return reference::real(x.of.data[j * ld + i]); };
        for (int i = 0; i < m; ++i) {
            reference::real sum = reference::real(x.own.ds[i]) - x.own.rs[i], terms = std::abs(x.own.rs[i]);
            for (int j = 0; j < n; ++j) {
                sum += entry(n + p + i, j) * x.own.dz[j];
                terms += std::abs(entry(n + p + i, j) * x.own.dz[j]);
            }
            CHECK(std::abs(sum) <= 1e-14L * terms);
            const reference::real s = x.own.s[i], l = x.own.e.active.lambda[i];
            CHECK(std::abs(s * x.own.dlambda[i] + l * x.own.ds[i] + x.own.rc[i]) <=
                  1e-14L * (std::abs(l * x.own.ds[i]) + x.own.rc[i]));
        }
        for (int j = 0; j < n; ++j) {
            reference::real sum = -reference::real(x.own.e.rz[j]), terms = std::abs(x.own.e.rz[j]);
            const auto add = [&](reference::real a, reference::real b) {
                sum += a * b;
                terms += std::abs(a * b);
            };
            for (int i = 0; i < n; ++i) add(entry(i, j), x.own.dz[i]);
            for (int i = 0; i < p; ++i) add(entry(n + i, j), x.own.dnu[i]);
            for (int i = 0; i < m; ++i) {
                add(entry(n + p + i, j), x.own.dlambda[i]);
                // What rounding of r_s − G dz does to dλ.
                terms += std::abs(entry(n + p + i, j)) * w[i] * std::abs(x.own.rs[i]);
            }
            CHECK(std::abs(sum) <= 1e-11L * terms);
        }
        for (int i = 0; i < p; ++i) {
            reference::real sum = -reference::real(x.own.e.rnu[i]), terms = std::abs(x.own.e.rnu[i]);
            for (int j = 0; j < n; ++j) {
                sum += entry(n + i, j) * x.own.dz[j];
                terms += std::abs(entry(n + i, j) * x.own.dz[j]);
            }
            CHECK(std::abs(sum) <= 1e-11L * terms);
        }
    }
}

TEST_CASE("what only the interior point is left for is solved by it, with the finish") {
    for (int which = 0; which < static_cast<int>(families.size()); ++which) {
        const family& f = families[static_cast<std::size_t>(which)];
        CAPTURE(which, f.name);
        const dense<double> d = make(which, 5);
        loaded x(d);
        cuda::known so_far;
        cuda::by_interior_point(x.one, x.batch, x.of, x.own, so_far);
        CHECK(so_far.best.share <= 1);
        if (!f.unique || which == 28) continue; // whose objective is below the tolerance
        std::vector<double> z(static_cast<std::size_t>(d.n));
        for (int j = 0; j < d.n; ++j) z[static_cast<std::size_t>(j)] = x.own.best.z[j] * x.of.z_scale[j];
        CHECK(apart(solve(d).z, z) <= 1e-8);
    }
}

namespace {

/// The solution that a batch has, as a start; the vectors stay where they are.
solver::starting_points<double> from(const answer<double>& a, const dense<double>& d) {
    return {{a.z.data(), d.n, 1}, {a.nu.data(), d.p, 1}, {a.lambda.data(), d.m, 1}};
}
host::batch<double> solved(const dense<double>& d, const solver::starting_points<double>& start) {
    const view<double> v(d);
    host::batch<double> b(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), cuda::arena::unlimited, start);
    cuda::serial_team one;
    b.solve(one);
    return b;
}

} // namespace

TEST_CASE("from the solution itself a solve ends after two steps, from another one at the same point") {
    for (int which = 0; which < static_cast<int>(families.size()); ++which) {
        const family& f = families[static_cast<std::size_t>(which)];
        CAPTURE(which, f.name);
        const dense<double> d = make(which, 4);
        const host::batch<double> cold = solved(d, {}), warm = solved(d, from(cold.out, d));
        CHECK(warm.handed_over(0) == cuda::handed_over::no);
        CHECK(warm.out.at(0) == status::solved);
        // Multipliers that are not unique may be those of rows that leave by rounding, on the CPU as well.
        if (f.unique_duals) CHECK(warm.out.iterations[0] <= 2);
        answer<double> wrong = cold.out;
        numbers draw(8);
        for (double& z : wrong.z) z += draw.normal();
        for (double& lambda : wrong.lambda) lambda = draw.uniform() < 0.5 ? draw.uniform() : 0.0;
        const host::batch<double> astray = solved(d, from(wrong, d));
        CHECK(astray.out.at(0) == status::solved);
        CHECK(shares(d, astray.out, 0, eps) <= 1 + 1e-6L);
        if (!f.unique || which == 28) continue;
        CHECK(apart(cold.out.z, warm.out.z) <= 1e-9);
        CHECK(apart(cold.out.z, astray.out.z) <= 1e-9);
    }
}

TEST_CASE("a start that is not finite is no start") {
    const dense<double> d = random(12, 2, 20, 1, true, 4);
    const host::batch<double> cold = solved(d, {});
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL}) {
        answer<double> start = cold.out;
        start.nu[1] = bad;
        const host::batch<double> warm = solved(d, from(start, d));
        CHECK(warm.out.z == cold.out.z);
        CHECK(warm.out.iterations == cold.out.iterations);
    }
}

TEST_CASE("at a kink the gradient is the mean of the one-sided derivatives") {
    // argmin 1/2 (z - y)^2 over z <= 0 at y = 0: one-sided derivatives 1 and 0.
    dense<double> d = zeros(1, 0, 1);
    d.Q[0] = d.G[0] = 1;
    const view<double> v(d);
    host::batch<double> b(v.batch, {});
    cuda::serial_team one;
    b.solve(one);
    REQUIRE(b.out.at(0) == status::solved);
    CHECK(b.handed_over(0) == cuda::handed_over::no);
    const double right = 1;
    double z = 0, lambda = 0;
    b.kkt_solve(one, {&right, nullptr, nullptr}, {&z, nullptr, &lambda});
    CHECK(std::abs(z - 0.5) <= 1e-6);
    CHECK(std::abs(lambda - 0.5) <= 1e-6);
}

TEST_CASE("degenerate points have the CPU's gradient") {
    int compared = 0;
    const auto compare = [&](const dense<double>& d) {
        const view<double> v(d);
        host::batch<double> b(v.batch, {});
        cuda::serial_team one;
        b.active_set_only = true;
        b.solve(one);
        if (b.handed_over(0) != cuda::handed_over::degenerate) return;
        const std::vector<double> before = b.out.z;
        b.active_set_only = false;
        b.solve(one);
        if (b.handed_over(0) == cuda::handed_over::degenerate) return; // more rows than a factor holds
        CHECK(apart(before, b.out.z) <= 1e-12);
        const answer<double> a = solve(d);
        numbers draw(3);
        derivative::cotangent r = derivative::random_cotangent(d, draw);
        r.nu.setZero();
        r.lambda.setZero();
        const derivative::cotangent expected = derivative::kkt(d, a, r);
        std::vector<double> right, z(static_cast<std::size_t>(d.n)), of_cpu;
        for (int j = 0; j < d.n; ++j) {
            right.push_back(static_cast<double>(r.z[j]));
            of_cpu.push_back(static_cast<double>(expected.z[j]));
        }
        b.kkt_solve(one, {right.data(), nullptr, nullptr}, {z.data(), nullptr, nullptr});
        // The ratios s/λ are those of the interior point's last iterate, whose tolerance is 1e-9.
        CHECK(apart(of_cpu, z) <= 1e-6);
        ++compared;
    };
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        compare(make(30, seed)); // rows that only touch
    }
    for (const recipe& r : recipes()) {
        if (!r.integer || r.cost != objective::strict) continue;
        for (std::uint64_t seed = 1; seed <= 250; ++seed) {
            CAPTURE(r.name, seed);
            compare(make(r, seed));
        }
    }
    CHECK(compared >= 20);
}
