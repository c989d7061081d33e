// SPDX-License-Identifier: Apache-2.0
// The GPU's code on the host, by one worker: every claim recomputed in long double, and points, statuses and gradients
// compared with those of the CPU's road.

#include "adversarial.hpp"
#include "catch.hpp"
#include "cuda/check_claims.hpp"
#include "cuda/counting_team.hpp"
#include "cuda/host.hpp"
#include "derivative.hpp"
#include "models.hpp"
#include "sizes.hpp"

#include <array>

using namespace problems;
using host::check_claims;
namespace cuda = optnet::solver::cuda;
using cuda::handed_over;

namespace {

template <class T>
host::batch<T> on_host(const solver::problem<T>& given, const optnet::settings& how = {}, bool sweeps = true) {
    host::batch<T> b(given, how, std::numeric_limits<double>::quiet_NaN(), cuda::arena::unlimited, {}, sweeps);
    cuda::serial_team one;
    b.solve(one);
    return b;
}
template <class T> host::batch<T> on_host(const dense<T>& d, const optnet::settings& how = {}, bool sweeps = true) {
    const view<T> v(d);
    return on_host(v.batch, how, sweeps);
}

/// Both roads end on the same active rows with a step of refinement on the user's data, so both points are exact up to
/// u times the condition of these rows' system, below 1e5 where the families call z unique.
constexpr double rounding = 1e-11;

} // namespace

TEST_CASE("every family is solved as on the CPU") {
    const bool sweeps = GENERATE(true, false);
    for (int which = 0; which < static_cast<int>(families.size()); ++which)
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            const family& f = families[static_cast<std::size_t>(which)];
            CAPTURE(sweeps, which, f.name, seed);
            const dense<double> d = make(which, seed);
            const host::batch<double> b = on_host(d, {}, sweeps);
            CHECK(b.handed_over(0) == handed_over::no);
            CHECK(b.out.at(0) == status::solved);
            check_claims(d, b);
            if (!f.unique) continue;
            const answer<double> a = solve(d);
            CHECK(apart(b.out.z, a.z) <= rounding * (1 + largest(a.z)));
            if (!f.unique_duals) continue;
            CHECK(apart(b.out.lambda, a.lambda) <= rounding * (1 + largest(a.lambda)));
            CHECK(apart(b.out.nu, a.nu) <= rounding * (1 + largest(a.nu)));
            CHECK(b.out.residuals[0] <= 1e-8 * (1 + largest(d.b) + largest(d.h)));
        }
}

TEST_CASE("awkward problems: nothing false is said") {
    const bool sweeps = GENERATE(true, false);
    for (const recipe& r : recipes())
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            CAPTURE(sweeps, r.name, seed);
            const dense<double> d = make(r, seed);
            check_claims(d, on_host(d, {}, sweeps));
        }
}

TEST_CASE("infeasible problems carry a true certificate") {
    const bool sweeps = GENERATE(true, false);
    for (int which = 0; which < static_cast<int>(infeasible_names.size()); ++which)
        for (const double margin : {1.0, 1e-3})
            for (std::uint64_t seed = 1; seed <= 8; ++seed) {
                CAPTURE(sweeps, infeasible_names[static_cast<std::size_t>(which)], margin, seed);
                const dense<double> d = infeasible(which, margin, seed);
                const host::batch<double> b = on_host(d, {}, sweeps);
                CHECK(b.out.at(0) == status::primal_infeasible);
                CHECK(b.handed_over(0) == handed_over::no);
                check_claims(d, b);
                for (const double z : b.out.z) CHECK(std::isnan(z));
            }
}

TEST_CASE("infeasible by less than the tolerance: whatever is said is true") {
    const bool sweeps = GENERATE(true, false);
    for (int which = 0; which < static_cast<int>(infeasible_names.size()); ++which)
        for (const double margin : {1e-6, 1e-9, 1e-12})
            for (std::uint64_t seed = 1; seed <= 4; ++seed) {
                CAPTURE(sweeps, which, margin, seed);
                const dense<double> d = infeasible(which, margin, seed);
                check_claims(d, on_host(d, {}, sweeps));
            }
}

TEST_CASE("unbounded problems carry a true ray") {
    const bool sweeps = GENERATE(true, false);
    for (const double margin : {1.0, 1e-3})
        for (const int equalities : {0, 3})
            for (std::uint64_t seed = 1; seed <= 8; ++seed) {
                CAPTURE(sweeps, margin, equalities, seed);
                const dense<double> d = unbounded(margin, equalities, seed);
                const host::batch<double> b = on_host(d, {}, sweeps);
                CHECK(b.out.at(0) == status::dual_infeasible);
                CHECK(b.handed_over(0) == handed_over::no);
                check_claims(d, b);
                for (const double lambda : b.out.lambda) CHECK(std::isnan(lambda));
            }
}

TEST_CASE("bad input has the statuses of the CPU") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const dense<double> good = random(8, 2, 10, 1, true, 1);
    const auto ask = [&](auto change) {
        dense<double> d = good;
        change(d);
        const host::batch<double> b = on_host(d);
        CHECK(name(b.out.at(0)) == name(solve(d).at(0)));
        return b.out.at(0);
    };
    CHECK(ask([&](auto& d) { d.Qat(0, 1, 2) = nan; }) == status::invalid_input);
    CHECK(ask([&](auto& d) { d.Aat(0, 1, 2) = HUGE_VAL; }) == status::invalid_input);
    CHECK(ask([&](auto& d) { d.qat(0, 3) = nan; }) == status::invalid_input);
    CHECK(ask([&](auto& d) { d.bat(0, 1) = HUGE_VAL; }) == status::invalid_input);
    CHECK(ask([&](auto& d) { d.hat(0, 4) = nan; }) == status::invalid_input);
    CHECK(ask([&](auto& d) { d.hat(0, 4) = -HUGE_VAL; }) == status::primal_infeasible);
    CHECK(ask([&](auto& d) { d.Qat(0, 2, 2) = -1; }) == status::nonconvex);
    CHECK(ask([&](auto&) {}) == status::solved);
}

TEST_CASE("a limit on the steps ends with the best point, handed over") {
    optnet::settings how;
    how.max_iter = 2;
    const dense<double> d = random(20, 0, 30, 1, true, 2);
    const host::batch<double> b = on_host(d, how);
    CHECK(b.out.at(0) == status::max_iterations);
    CHECK(b.handed_over(0) == handed_over::not_solved);
    CHECK(b.out.iterations[0] == 4); // two of the active set and two of the interior point, as on the CPU
    CHECK(solve(d, how).iterations[0] == 4);
    for (const double z : b.out.z) CHECK(std::isfinite(z));
}

TEST_CASE("blocks of every kind are read as on the CPU, and the padding of a band never") {
    using solver::block_kind;
    using solver::matrix;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    model x;
    x.batch = 3;
    x.shape.n = 6;
    x.shape.p = 2;
    x.shape.m = 17;
    x.add(matrix::Q, block_kind::diagonal, 0, 0, 6, 6, 2, {4, 5, 6, 7, 8, 9});
    x.add(matrix::Q, block_kind::banded, 0, 0, 6, 6, 1,
          {nan, 1, -1, 2, 0, 1, 0.5, 1, 1, -1, 2, 0.3, 0, 1, 1, 1, 0.1, nan}, -1, 1);
    x.add(matrix::A, block_kind::dense, 0, 0, 2, 6, 0.5, {1, 2, 3, 4, 5, 6, -1, 0, 1, 0, 2, 1});
    x.add(matrix::A, block_kind::scaled_identity, 0, 3, 2, 2, 3, {0.7}); // on top of the dense one
    x.add(matrix::G, block_kind::banded, 0, 0, 5, 6, -1, {1, -1, 1, -2, 1, -3, 1, -4, 1, -5}, 0, 1);
    x.add(matrix::G, block_kind::identity, 5, 0, 6, 6, -1);
    x.add(matrix::G, block_kind::diagonal, 11, 0, 6, 6, 1, {1, 2, 3, 4, 5, 6});
    x.b = {0.63, 0.18}; // through z = 0.05
    x.h = std::vector<double>(17, 0.6);
    numbers draw(11);
    for (int i = 0; i < 18; ++i) x.q.push_back(4 * draw.normal());
    const host::batch<double> b = on_host(x.problem());
    const answer<double> a = solve(x.problem());
    for (std::int64_t k = 0; k < 3; ++k) CHECK(b.out.at(k) == status::solved);
    CHECK(apart(b.out.z, a.z) <= rounding * (1 + largest(a.z)));
    CHECK(apart(b.out.s, a.s) <= rounding * (1 + largest(a.s)));
    CHECK(apart(b.out.lambda, a.lambda) <= rounding * (1 + largest(a.lambda)));
    CHECK(largest(a.lambda) > 0.1); // some row is active
}

TEST_CASE("mini-Sudoku's layer is solved as on the CPU") {
    model x = mini_sudoku(12, 3);
    const host::batch<double> b = on_host(x.problem());
    const answer<double> a = solve(x.problem());
    for (std::int64_t k = 0; k < x.batch; ++k) CHECK(b.out.at(k) == status::solved);
    CHECK(apart(b.out.z, a.z) <= rounding * (1 + largest(a.z)));
}

TEST_CASE("float32 data are solved in double and rounded at the end") {
    const dense<float> d = random<float>(12, 3, 16, 3, true, 6);
    dense<double> wide = zeros(12, 3, 16, 3, true);
    const auto widen = [](const std::vector<float>& from, std::vector<double>& to) {
        to.assign(from.begin(), from.end());
    };
    widen(d.Q, wide.Q);
    widen(d.A, wide.A);
    widen(d.G, wide.G);
    widen(d.q, wide.q);
    widen(d.b, wide.b);
    widen(d.h, wide.h);
    const host::batch<float> b = on_host(d);
    optnet::settings how;
    how.eps_abs = how.eps_rel = 1e-4;
    const host::batch<double> exact = on_host(wide, how);
    for (std::size_t i = 0; i < b.out.z.size(); ++i) CHECK(b.out.z[i] == static_cast<float>(exact.out.z[i]));
    for (std::size_t i = 0; i < b.out.lambda.size(); ++i)
        CHECK(b.out.lambda[i] == static_cast<float>(exact.out.lambda[i]));
}

TEST_CASE("the bits of a problem are its own: neighbours, place and sharing change none") {
    const dense<double> own = random(10, 2, 15, 6, false, 7);
    const host::batch<double> together = on_host(own);
    for (std::int64_t k = 0; k < own.batch; ++k) {
        CAPTURE(k);
        dense<double> one = zeros(10, 2, 15);
        const auto part = [&](const std::vector<double>& from, std::vector<double>& to) {
            std::copy_n(from.begin() + k * static_cast<std::int64_t>(to.size()), to.size(), to.begin());
        };
        part(own.Q, one.Q);
        part(own.A, one.A);
        part(own.G, one.G);
        part(own.q, one.q);
        part(own.b, one.b);
        part(own.h, one.h);
        const host::batch<double> alone = on_host(one); // shared by a batch of one
        for (std::size_t j = 0; j < 10; ++j)
            CHECK(alone.out.z[j] == together.out.z[static_cast<std::size_t>(k) * 10 + j]);
        for (std::size_t i = 0; i < 15; ++i)
            CHECK(alone.out.lambda[i] == together.out.lambda[static_cast<std::size_t>(k) * 15 + i]);
    }
}

TEST_CASE("nothing is read before it is written: what the memory held changes no bit") {
    for (const int which : {0, 1, 3, 4, 7, 11, 13, 15, 20, 22, 24, 26, 30}) {
        const dense<double> d = make(which, 2);
        const view<double> v(d);
        CAPTURE(families[static_cast<std::size_t>(which)].name);
        cuda::serial_team one;
        std::vector<double> right(static_cast<std::size_t>(d.n), 1.0), before;
        for (const double fill : {std::numeric_limits<double>::quiet_NaN(), 0.0, -1e300}) {
            host::batch<double> b(v.batch, {}, fill);
            b.solve(one);
            std::vector<double> all = b.out.z;
            all.resize(static_cast<std::size_t>(2 * d.n + d.m), fill);
            b.kkt_solve(one, {right.data(), nullptr, nullptr}, {all.data() + d.n, nullptr, all.data() + 2 * d.n});
            all.insert(all.end(), b.out.nu.begin(), b.out.nu.end());
            all.insert(all.end(), b.out.lambda.begin(), b.out.lambda.end());
            REQUIRE(std::all_of(all.begin(), all.end(), [](double x) { return std::isfinite(x); }));
            if (!before.empty()) CHECK(all == before);
            before = all;
        }
    }
}

TEST_CASE("the gradient's system is solved as on the CPU") {
    const bool sweeps = GENERATE(true, false);
    for (int which = 0; which < static_cast<int>(families.size()); ++which) {
        const family& f = families[static_cast<std::size_t>(which)];
        if (!f.unique) continue;
        CAPTURE(sweeps, which, f.name);
        const dense<double> d = make(which, 1);
        host::batch<double> b = on_host(d, {}, sweeps);
        const answer<double> a = solve(d);
        numbers draw(5);
        derivative::cotangent r = derivative::random_cotangent(d, draw);
        if (!f.unique_duals) { // which of several dependent rows is in the basis is each road's own choice
            r.nu.setZero();
            r.lambda.setZero();
        }
        const derivative::cotangent expect = derivative::kkt(d, a, r);
        const auto flat = [](const reference::vector& v) {
            std::vector<double> to(static_cast<std::size_t>(v.size()));
            for (Eigen::Index i = 0; i < v.size(); ++i) to[static_cast<std::size_t>(i)] = static_cast<double>(v[i]);
            return to;
        };
        const std::vector<double> rz = flat(r.z), rnu = flat(r.nu), rl = flat(r.lambda);
        std::vector<double> z(rz.size()), nu(rnu.size()), l(rl.size());
        cuda::serial_team one;
        b.kkt_solve(one, {rz.data(), rnu.data(), rl.data()}, {z.data(), nu.data(), l.data()});
        const double size = 1 + largest(flat(expect.z));
        CHECK(apart(z, flat(expect.z)) <= rounding * size);
        if (!f.unique_duals) continue;
        CHECK(apart(nu, flat(expect.nu)) <= rounding * (1 + largest(flat(expect.nu))));
        CHECK(apart(l, flat(expect.lambda)) <= rounding * (1 + largest(flat(expect.lambda))));
    }
}

TEST_CASE("a problem without gradient has zeros, and its neighbours what they have alone") {
    dense<double> d = random(8, 1, 10, 3, false, 8);
    const auto ask = [](const dense<double>& of) {
        host::batch<double> b = on_host(of);
        cuda::serial_team one;
        std::vector<double> right(24, 1.0), z(24, 7.0), minus_z(24, 7.0);
        b.kkt_solve(one, {right.data(), nullptr, nullptr}, {z.data(), nullptr, nullptr}, minus_z.data());
        for (std::size_t i = 0; i < 24; ++i) REQUIRE(minus_z[i] == -z[i]);
        return z;
    };
    const std::vector<double> before = ask(d);
    d.qat(1, 0) = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> after = ask(d);
    for (std::size_t i = 0; i < 24; ++i) CHECK(after[i] == (i / 8 == 1 ? 0.0 : before[i]));
}

TEST_CASE("sweeps come to the points of the other active set, whatever a chunk of the matrix leaves over") {
    for (const int m : {16, 31, 32, 33, 64, 65, 97, 128, 159, 160})
        for (const int p : {0, m / 3}) {
            const dense<double> d = random(m + p, p, m, 3, true, 30 + static_cast<std::uint64_t>(m));
            const host::batch<double> swept = on_host(d, {}, true), other = on_host(d, {}, false);
            CAPTURE(m, p);
            for (std::int64_t k = 0; k < 3; ++k) {
                REQUIRE(swept.out.at(k) == status::solved);
                REQUIRE(other.out.at(k) == status::solved);
            }
            CHECK(swept.handed == other.handed);
            CHECK(apart(swept.out.z, other.out.z) <= rounding * (1 + largest(other.out.z)));
            CHECK(apart(swept.out.lambda, other.out.lambda) <= rounding * (1 + largest(other.out.lambda)));
        }
}

TEST_CASE("a step of the active set takes three barriers at most, the rest of a solve 46") {
    for (const int n : {10, 50, 100}) {
        const dense<double> d = random(n, 0, n, 1, true, 1);
        const view<double> v(d);
        host::batch<double> b(v.batch, {});
        host::counting_team set_up, all;
        const cuda::device_batch data = cuda::make_batch(v.batch, {});
        cuda::set_up(set_up, data, 0, b.set(0));
        b.solve(all);
        CAPTURE(n, all.barriers, set_up.barriers, b.out.iterations[0]);
        REQUIRE(b.out.at(0) == status::solved);
        CHECK(all.barriers - set_up.barriers <= 3 * b.out.iterations[0] + 46);
        // With four rows at a time, where one by one take 0.7 n.
        if (n >= 50) CHECK(b.out.iterations[0] <= 35 * n / 100);
        // Three for each panel of eight columns, and twenty.
        CHECK(set_up.barriers <= 3 * ((n + 7) / 8) + 20);
    }
}

TEST_CASE("what the GPU does not take is refused with its reason") {
    const auto says = [](const solver::structure& shape, const char* words) {
        return cuda::refusal(shape).find(words) != std::string::npos;
    };
    const auto structure = [](int n, int p, int m) { return solver::dense_structure(n, p, m); };
    CHECK(cuda::refusal(structure(100, 50, 50)).empty());
    CHECK(cuda::refusal(structure(2000, 100, 3000)).empty());
    CHECK(says(structure(0, 0, 0), "there are no variables"));
    for (const auto& [n, p, m] :
         {std::array{40000, 0, 0}, std::array{100, 50000, 0}, std::array{100, 10, 50000}, std::array{25000, 25000, 0}})
        CHECK(says(structure(n, p, m),
                   "make a matrix of more than 1000000000 entries, and the kernels count no further"));
    CHECK(says(structure(100, 10, 50000), "n = 100, p = 10, m = 50000 make "));
    solver::structure pattern = structure(4, 0, 0);
    pattern.blocks[0].kind = solver::block_kind::sparse;
    CHECK(says(pattern, "a kind that the kernels do not read"));
    solver::structure many = structure(40, 0, 0);
    for (int i = 0; i < cuda::most_blocks; ++i) {
        solver::block b;
        b.kind = solver::block_kind::identity;
        b.rows = b.cols = 40;
        many.blocks.push_back(b);
    }
    CHECK(says(many, "33 blocks, and a kernel takes 32"));
}
