// SPDX-License-Identifier: Apache-2.0
// The GPU's code with a block of 2, 3, 4 and 7 threads: no races (the thread sanitizer runs this), and the same bits as
// one worker alone.

#include "catch.hpp"
#include "cuda/host.hpp"
#include "cuda/threads.hpp"
#include "families.hpp"

#include <array>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

/// Everything that comes out, as bits: NaN is equal to itself.
template <class T> std::vector<unsigned char> bits(const std::vector<T>& v) {
    const auto* first = reinterpret_cast<const unsigned char*>(v.data());
    return {first, first + v.size() * sizeof(T)};
}

template <class T> std::vector<std::vector<unsigned char>> all_bits(const host::batch<T>& b) {
    return {bits(b.out.z),      bits(b.out.nu),         bits(b.out.lambda),    bits(b.out.s),
            bits(b.out.status), bits(b.out.iterations), bits(b.out.residuals), bits(b.handed)};
}

/// K d = a fixed right-hand side.
template <class Team> std::vector<double> gradient(Team& team, host::batch<double>& b, const dense<double>& d) {
    const auto n = static_cast<std::size_t>(d.batch * (d.n + d.p + d.m));
    static std::vector<double> right, left; // of the whole crew
    if (team.rank == 0) {
        right.assign(n, 0.0);
        left.assign(n, HUGE_VAL);
        for (std::size_t i = 0; i < n; ++i) right[i] = std::cos(static_cast<double>(i));
    }
    team.sync();
    const std::int64_t nu = d.batch * d.n, lambda = nu + d.batch * d.p;
    b.kkt_solve(team, {right.data(), right.data() + nu, right.data() + lambda},
                {left.data(), left.data() + nu, left.data() + lambda});
    return left;
}

void check_same_bits(const dense<double>& d) {
    const bool sweeps = GENERATE(true, false);
    CAPTURE(sweeps);
    const view<double> v(d);
    const auto unsolved = [&] {
        return host::batch<double>(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), cuda::arena::unlimited, {},
                                   sweeps);
    };
    host::batch<double> alone = unsolved();
    cuda::serial_team one;
    alone.solve(one);
    const std::vector<double> expected = gradient(one, alone, d);
    for (const int size : {2, 3, 4, 7}) {
        CAPTURE(size);
        host::batch<double> b = unsolved();
        host::crew all(size);
        std::vector<double> found;
        host::together(all, [&](host::thread_team& team) {
            b.solve(team);
            const std::vector<double> mine = gradient(team, b, d);
            if (team.rank == 0) found = mine;
        });
        CHECK(all_bits(b) == all_bits(alone));
        CHECK(bits(found) == bits(expected));
    }
}

} // namespace

TEST_CASE("a reduction gives every worker of every crew the same bits") {
    numbers draw(1);
    for (const int n : {0, 1, 31, 128, 1000}) {
        std::vector<double> values(static_cast<std::size_t>(n));
        for (double& v : values) v = draw.normal();
        const auto entry = [&](int i) {
            return cuda::two{values[static_cast<std::size_t>(i)], static_cast<double>(i % 7)};
        };
        const auto ask = [&](auto& team) {
            return std::array{cuda::sums(team, n, entry), cuda::most(team, n, entry), cuda::winner(team, n, entry)};
        };
        cuda::serial_team one;
        const auto expected = ask(one);
        double sum = 0, most = -HUGE_VAL;
        for (const double v : values) {
            sum += v;
            most = std::max(most, v);
        }
        CHECK(std::abs(expected[0].a - sum) <= 1e-13 * n);
        CHECK(expected[1].a == most);
        CHECK(expected[2].a == most);
        for (const int size : {2, 3, 4, 7}) {
            host::crew all(size);
            std::vector<std::array<cuda::two, 3>> got(static_cast<std::size_t>(size));
            host::together(all, [&](host::thread_team& team) { got[static_cast<std::size_t>(team.rank)] = ask(team); });
            for (const auto& g : got)
                for (std::size_t i = 0; i < 3; ++i) CHECK((g[i].a == expected[i].a && g[i].b == expected[i].b));
        }
    }
}

TEST_CASE("a winner is the first of equal ones, and NaN is nobody") {
    const std::vector<double> values{1, 3, std::numeric_limits<double>::quiet_NaN(), 3, 2};
    cuda::serial_team one;
    const cuda::two found = cuda::winner(one, 5, [&](int i) {
        return cuda::two{values[static_cast<std::size_t>(i)], static_cast<double>(i)};
    });
    CHECK(found.a == 3);
    CHECK(found.b == 1);
}

TEST_CASE("a crew of threads solves and differentiates with the bits of one") {
    for (const int which : {0, 1, 3, 4, 5, 8, 10, 11, 13, 14, 15, 17, 19, 22, 24, 30}) {
        CAPTURE(families[static_cast<std::size_t>(which)].name);
        check_same_bits(make(which, 1));
    }
}

TEST_CASE("a crew of threads goes from problem to problem with matrices of their own") {
    check_same_bits(random(9, 2, 14, 5, false, 3));
    check_same_bits(random(9, 2, 14, 5, true, 4));
}

TEST_CASE("a crew of threads agrees where there is no solution") {
    for (int which = 0; which < static_cast<int>(infeasible_names.size()); ++which)
        check_same_bits(infeasible(which, 1.0, 1));
    check_same_bits(unbounded(1.0, 3, 1));
    dense<double> broken = random(6, 1, 6, 2, false, 9);
    broken.Qat(1, 2, 2) = std::numeric_limits<double>::quiet_NaN();
    check_same_bits(broken);
}
