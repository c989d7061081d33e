// SPDX-License-Identifier: Apache-2.0
// The static schedule of the sparse form on a GPU: what it lists, what it costs in barriers, what it is refused for,
// and who works by it.

#include "catch.hpp"
#include "cuda/counting_team.hpp"
#include "cuda/sparse_host.hpp"
#include "solver/algorithm/shallow_order.hpp"
#include "sparse_models.hpp"

#include <algorithm>
#include <cmath>

using namespace problems;
namespace cuda = optnet::solver::cuda;
using solver::block_kind;
using solver::matrix;

TEST_CASE("a round of the active set takes three barriers per level and some thirty") {
    for (const int n : {30, 100, 300}) {
        model x = denoising(n, 1, 13, 1);
        host::sparse_batch<double> cold(x.problem(), {});
        host::counting_team first;
        cold.solve(first);
        const solver::starting_points<double> start{{cold.out.z.data(), 0, 1}, {}, {cold.out.lambda.data(), 0, 1}};
        host::sparse_batch<double> warm(x.problem(), {}, cuda::mapping::per_warp, 0.0, start);
        host::counting_team once;
        warm.solve(once);
        REQUIRE(warm.out.iterations[0] == 1);
        // The least squares point is a round, too.
        const double rounds = static_cast<double>(cold.out.iterations[0]);
        const double each = static_cast<double>(first.barriers - once.barriers) / rounds;
        const int levels = cuda::schedule(x.shape)->shape.levels;
        CAPTURE(n, levels, each, rounds);
        CHECK(each <= 3 * levels + 30);
    }
}

TEST_CASE("the schedule: made once per structure and its factors, and levels are few where the structure branches") {
    const auto made = cuda::schedule(denoising(100, 1, 13, 1).shape);
    CHECK(made.get() == cuda::schedule(denoising(100, 1, 13, 2).shape).get());
    solver::structure scaled = denoising(100, 1, 13, 1).shape;
    scaled.blocks[0].scale = 2;
    CHECK(made.get() != cuda::schedule(scaled).get());
    // The simplex: all z at once, then the one multiplier, whose pivot is a sum over all of them.
    const auto simple = cuda::schedule(simplex(1000, 1, 1).shape);
    CHECK(simple->shape.levels == 2);
    CHECK(simple->shape.a.wide_count == 1);
    CHECK(made->shape.a.wide_count + made->shape.g.wide_count == 0);
    // Diagonal Q and bound rows: every z goes by itself, and what is left is the Cholesky factor of A D⁻¹ A'.
    model bounds = simplex(300, 1, 1);
    bounds.shape.p = 3;
    bounds.shape.blocks[1].rows = 3;
    const cuda::sparse_shape b = cuda::schedule(bounds.shape)->shape;
    CHECK(b.levels == 4);
    CHECK(b.entries == 3 * 300 + 3);
    // Total variation: t of every pair first, then a tridiagonal matrix, of which a third or more goes at once.
    CHECK(made->shape.levels <= 12);
    CHECK(made->shape.entries <= 99 * 2 + 2 * 99);
}

TEST_CASE("a low elimination tree: every node once, a path in logarithmic steps, the hub of a star last") {
    const auto path = [](int n) {
        std::vector<std::pair<int, int>> edges;
        for (int i = 1; i < n; ++i) edges.emplace_back(i, i - 1);
        return edges;
    };
    std::vector<int> order = solver::shallow_order(1000, path(1000), 2000);
    REQUIRE(order.size() == 1000);
    std::sort(order.begin(), order.end());
    for (int i = 0; i < 1000; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
    // Two thirds of a path at most are left after a step.
    for (const int n : {100, 1000, 10000}) {
        const double steps = std::log(n) / std::log(1.5);
        CHECK(cuda::schedule(denoising(n, 1, 13, 1).shape)->shape.levels <= 2 + steps);
    }
    std::vector<std::pair<int, int>> star;
    for (int i = 1; i < 50; ++i) star.emplace_back(0, i);
    CHECK(solver::shallow_order(50, star, 49).back() == 0);
    CHECK(solver::shallow_order(50, star, 48).empty());
    CHECK(solver::shallow_order(3, {}, 0) == std::vector<int>{0, 1, 2});
    CHECK(solver::shallow_order(0, {}, 0).empty());
}

TEST_CASE("what stays refused is told") {
    CHECK(cuda::sparse_refusal(denoising(100, 1, 13, 1).shape, true).empty());
    CHECK(cuda::sparse_refusal(mini_sudoku(1, 1).shape, true) == "a dense form takes fewer operations");
    // Covariances that are dense: a factorization with n³/6 products.
    model wide = simplex(3000, 1, 1);
    for (int i = 0; i < 5; ++i)
        wide.add(matrix::Q, block_kind::dense, 600 * i, 600 * i, 600, 600, 1, std::vector<double>(360000, 0.0));
    CHECK(cuda::sparse_refusal(wide.shape, true) ==
          "its factorization has more than 16777216 products, and the kernels' schedule takes no more");
    model many = simplex(3000, 1, 1);
    for (int i = 0; i < 70; ++i) many.add(matrix::Q, block_kind::scaled_identity, i, i, 1, 1, 1, {1.0});
    CHECK(cuda::sparse_refusal(many.shape, true) == "its numbers come from 71 tensors, and a kernel takes 64");
}

TEST_CASE("the mapping: a block for few problems, a thread for many, the sooner the less a warp finds to do at once") {
    const cuda::sparse_shape tv = cuda::schedule(denoising(100, 1, 13, 1).shape)->shape,
                             small = cuda::schedule(denoising(10, 1, 13, 1).shape)->shape,
                             large = cuda::schedule(simplex(100000, 1, 1).shape)->shape;
    const auto by = [](const cuda::sparse_shape& s, std::int64_t batch) {
        return cuda::choose_sparse_mapping(s, batch, 132);
    };
    CHECK(by(tv, 1) == cuda::mapping::per_block);
    CHECK(by(tv, 528) == cuda::mapping::per_block);
    CHECK(by(tv, 529) == cuda::mapping::per_warp);
    CHECK(by(tv, 50000) == cuda::mapping::per_warp);
    CHECK(by(tv, 100000) == cuda::mapping::per_thread);
    CHECK(by(small, 1) == cuda::mapping::per_warp);
    CHECK(by(small, 20000) == cuda::mapping::per_thread);
    CHECK(by(large, 1) == cuda::mapping::per_block);
    CHECK(by(large, 10000) == cuda::mapping::per_block);
}
