// SPDX-License-Identifier: Apache-2.0
// The sparse form's code for a GPU with a block of 2, 3, 4 and 7 threads and with a warp: no races (the thread
// sanitizer runs this), and the same bits as one worker alone.

#include "catch.hpp"
#include "cuda/sparse_host.hpp"
#include "cuda/warp.hpp"
#include "own_model.hpp"
#include "sparse_models.hpp"

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

/// Everything that comes out, as bits: NaN is equal to itself.
template <class T> std::vector<unsigned char> bits(const std::vector<T>& v) {
    const auto* first = reinterpret_cast<const unsigned char*>(v.data());
    return {first, first + v.size() * sizeof(T)};
}

std::vector<std::vector<unsigned char>> all_bits(const host::sparse_batch<double>& b, const std::vector<double>& d) {
    return {bits(b.out.z),          bits(b.out.nu),        bits(b.out.lambda), bits(b.out.s), bits(b.out.status),
            bits(b.out.iterations), bits(b.out.residuals), bits(b.handed),     bits(d)};
}

/// A batch, and K d = a fixed right-hand side for it.
struct solved {
    host::sparse_batch<double> b;
    std::vector<double> right, left;

    explicit solved(const solver::problem<double>& given, std::int64_t room = 0)
        : b(given, {}, cuda::mapping::per_warp, std::numeric_limits<double>::quiet_NaN(), {}, room),
          right(static_cast<std::size_t>(given.batch * (given.shape->n + given.shape->p + given.shape->m))),
          left(right.size(), HUGE_VAL), nu(given.batch * given.shape->n), lambda(nu + given.batch * given.shape->p) {
        for (std::size_t i = 0; i < right.size(); ++i) right[i] = std::cos(static_cast<double>(i));
    }
    template <class Team> void run(Team& team) {
        b.solve(team);
        b.kkt_solve(team, {right.data(), right.data() + nu, right.data() + lambda},
                    {left.data(), left.data() + nu, left.data() + lambda});
    }

private:
    std::int64_t nu, lambda;
};

void check_same_bits(const solver::problem<double>& given) {
    solved alone(given);
    cuda::serial_team one;
    alone.run(one);
    const auto expected = all_bits(alone.b, alone.left);
    for (const int size : {2, 3, 4, 7}) {
        CAPTURE(size);
        solved now(given, size == 3 ? 200 : size == 7 ? 1000000 : 0); // some or all of it in the crew's own memory
        host::crew all(size);
        host::together(all, [&](host::thread_team& team) { now.run(team); });
        CHECK(all_bits(now.b, now.left) == expected);
    }
    solved now(given);
    host::crew all(cuda::warp);
    host::together_as_warp(all, [&](host::warp_team& team) { now.run(team); });
    CHECK(all_bits(now.b, now.left) == expected);
}

} // namespace

TEST_CASE("crews and a warp solve and differentiate with the bits of one") {
    model tv = denoising(15, 2, 13, 1), wide = simplex(150, 1, 2), assets = portfolio(1, 2, 3);
    check_same_bits(tv.problem());
    check_same_bits(wide.problem());   // its row of A and its last pivot are sums of the whole team
    check_same_bits(assets.problem()); // degenerate: the interior point looks for the centre
}

TEST_CASE("crews and a warp go from problem to problem with matrices of their own") {
    own_model<> x(denoising(10, 3, 13, 5), "G", 0.2);
    check_same_bits(x.all());
}

TEST_CASE("crews and a warp agree where there is no solution") {
    model free = denoising(6, 1, 13, 1); // without Q its ray is the interior point's, as is the next one's certificate
    free.shape.blocks[0].scale = 0;
    check_same_bits(free.problem());
    model x = simplex(12, 2, 2);
    x.b = {-1};
    check_same_bits(x.problem());
    x.b = {1};
    x.q[3] = std::numeric_limits<double>::quiet_NaN();
    check_same_bits(x.problem());
    model bent = simplex(12, 1, 2);
    bent.add(solver::matrix::Q, solver::block_kind::dense, 0, 0, 2, 2, 1, {0, 2, 2, 0});
    check_same_bits(bent.problem());
}
