// SPDX-License-Identifier: Apache-2.0
// The GPU's code with a warp per problem: 32 threads with the barriers and the exchange of a warp, no races (the thread
// sanitizer runs this), and the bits of a block's.

#include "catch.hpp"
#include "cuda/host.hpp"
#include "cuda/warp.hpp"
#include "families.hpp"

#include <array>
#include <cstring>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

/// NaN is equal to itself, and zeros of both signs are not.
template <class T> bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

void check_same_bits(const dense<double>& d) {
    const view<double> v(d);
    const auto without_sweeps = [&] {
        return host::batch<double>(v.batch, {}, NAN, cuda::arena::unlimited, {}, false);
    };
    host::batch<double> alone = without_sweeps(), b = without_sweeps();
    alone.together = false; // as warps do it
    cuda::serial_team one;
    alone.solve(one);
    const auto n = static_cast<std::size_t>(d.batch * d.n);
    const std::vector<double> right(n, 1.0);
    std::vector<double> expected(n, HUGE_VAL), found(n, HUGE_VAL);
    alone.kkt_solve(one, {right.data(), nullptr, nullptr}, {expected.data(), nullptr, nullptr});
    host::crew all(cuda::warp);
    host::together_as_warp(all, [&](host::warp_team& team) {
        b.solve(team);
        b.kkt_solve(team, {right.data(), nullptr, nullptr}, {found.data(), nullptr, nullptr});
    });
    CHECK(same_bits(b.out.z, alone.out.z));
    CHECK(same_bits(b.out.nu, alone.out.nu));
    CHECK(same_bits(b.out.lambda, alone.out.lambda));
    CHECK(same_bits(b.out.s, alone.out.s));
    CHECK(same_bits(b.out.residuals, alone.out.residuals));
    CHECK(b.out.status == alone.out.status);
    CHECK(b.out.iterations == alone.out.iterations);
    CHECK(b.handed == alone.handed);
    CHECK(same_bits(found, expected));
}

} // namespace

TEST_CASE("a reduction of a warp has the bits of a block's in every thread") {
    numbers draw(2);
    for (const int n : {0, 1, 5, 31, 32, 33, 64, 100, 128, 129, 500}) {
        CAPTURE(n);
        std::vector<double> values(static_cast<std::size_t>(n));
        for (double& v : values) v = draw.normal();
        if (n > 4) values[4] = -0.0;
        const auto entry = [&](int i) {
            return cuda::two{values[static_cast<std::size_t>(i)], static_cast<double>(i % 7)};
        };
        const auto ask = [&](auto& team) {
            const std::array of{cuda::sums(team, n, entry), cuda::most(team, n, entry), cuda::winner(team, n, entry)};
            return std::vector<double>{of[0].a, of[0].b, of[1].a, of[1].b, of[2].a, of[2].b};
        };
        // A block's order: the crew puts down every lane and combines them all.
        host::crew four(4), all(cuda::warp);
        std::vector<double> expected;
        host::together(four, [&](host::thread_team& team) {
            const auto mine = ask(team);
            if (team.rank == 0) expected = mine;
        });
        cuda::serial_team one;
        cuda::lone_team lone;
        CHECK(same_bits(ask(one), expected));
        CHECK(same_bits(ask(lone), expected));
        std::vector<std::vector<double>> got(static_cast<std::size_t>(cuda::warp));
        host::together_as_warp(all,
                               [&](host::warp_team& team) { got[static_cast<std::size_t>(team.rank)] = ask(team); });
        for (const auto& g : got) CHECK(same_bits(g, expected));
    }
}

TEST_CASE("a warp solves and differentiates with the bits of one worker") {
    check_same_bits(random(9, 2, 14, 2, false, 3));
    check_same_bits(random(9, 2, 14, 2, true, 4));
    for (const int which : {0, 4, 11, 22}) {
        CAPTURE(families[static_cast<std::size_t>(which)].name);
        check_same_bits(make(which, 1));
    }
}

TEST_CASE("a warp agrees where there is no solution") {
    check_same_bits(infeasible(0, 1.0, 1));
    check_same_bits(make(3, 1)); // dependent equalities
    dense<double> broken = random(6, 1, 6, 2, false, 9);
    broken.Qat(1, 2, 2) = std::numeric_limits<double>::quiet_NaN();
    check_same_bits(broken);
}
