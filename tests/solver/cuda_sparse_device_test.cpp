// SPDX-License-Identifier: Apache-2.0
// The sparse form's kernels on a GPU against the same code on the host: the same statuses and, up to the rounding of
// fused products, the same numbers. Says "no GPU" where there is none, and is skipped.

#include "catch.hpp"
#include "cuda/compare.hpp"
#include "cuda/device_array.hpp"
#include "cuda/sparse_host.hpp"
#include "sparse_models.hpp"

#include <deque>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

using gpu::device_array;

// As far apart as the CPU's road and the host's are (cuda_sparse_test.cpp): fused products round otherwise.
constexpr double tolerance = 1e-11;

/// Solves the batch on both, differentiates, and compares.
void compare(model x) {
    const solver::problem<double> given = x.problem();
    const solver::structure& shape = *given.shape;
    CAPTURE(shape.n, shape.p, shape.m, given.batch);
    host::sparse_batch<double> expected(given, {});
    cuda::serial_team one;
    expected.solve(one);

    std::deque<device_array<double>> data;
    std::vector<solver::matrix_view<double>> views = x.data;
    for (std::size_t i = 0; i < views.size(); ++i) views[i].data = data.emplace_back(x.numbers[i]).data();
    const device_array<double> q(x.q), b(x.b), h(x.h);
    solver::problem<double> on_gpu = given;
    on_gpu.data = views.data();
    on_gpu.q.data = q.data();
    on_gpu.b.data = x.b.empty() ? nullptr : b.data();
    on_gpu.h.data = x.h.empty() ? nullptr : h.data();
    const auto schedule = cuda::schedule(shape);
    const device_array<int> words(schedule->words);
    const cuda::sparse_shape s = schedule->on(words.data());
    const cuda::sparse_batch batch = cuda::make_sparse_batch(on_gpu, {});
    const auto count = [&](int n) { return static_cast<std::size_t>(given.batch * n); };
    const device_array<double> z(count(shape.n)), nu(count(shape.p)), lambda(count(shape.m)), slack(count(shape.m)),
        residuals(count(3)), right(std::vector<double>(count(shape.n), 1.0)), dz(count(shape.n));
    const device_array<std::int64_t> statuses(count(1)), iterations(count(1));
    const device_array<std::int32_t> handed(count(1));
    cuda::sparse_plan plan;
    REQUIRE(cuda::plan_sparse(s, batch, true, plan) == nullptr);
    const device_array<unsigned char> workspace(plan.workspace), scratch(plan.scratch);
    const cuda::outputs out{solver::solution<double>{z.data(), nu.data(), lambda.data(), slack.data(), statuses.data(),
                                                     iterations.data(), residuals.data()},
                            handed.data()};
    REQUIRE(cuda::solve_sparse(s, batch, plan, workspace.data(), out, nullptr) == nullptr);
    REQUIRE(
        cuda::kkt_solve_sparse(s, plan, workspace.data(), scratch.data(),
                               cuda::arguments<double>({right.data(), nullptr, nullptr}, {dz.data(), nullptr, nullptr}),
                               nullptr) == nullptr);
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(gpu::unlike(statuses.read(), expected.out.status) == "");
    CHECK(gpu::unlike(handed.read(), expected.handed) == "");
    CHECK(gpu::difference(z.read(), expected.out.z) <= tolerance);
    CHECK(gpu::difference(slack.read(), expected.out.s) <= tolerance);
    const std::vector<double> ones(count(shape.n), 1.0);
    std::vector<double> expected_dz(count(shape.n));
    expected.kkt_solve(one, {ones.data(), nullptr, nullptr}, {expected_dz.data(), nullptr, nullptr});
    CHECK(gpu::difference(dz.read(), expected_dz) <= tolerance);
}

} // namespace

TEST_CASE("small batches of sparse structures by warps and by blocks", "[small]") {
    if (gpu::none()) return;
    compare(denoising(30, 5, 13, 1));
    compare(simplex(200, 5, 1));
    compare(chain(1, 3, 1));
    model infeasible = simplex(50, 3, 1);
    infeasible.b = {-1};
    compare(infeasible);
}

TEST_CASE("many problems by a thread each, one large one by a block") {
    if (gpu::none()) return;
    compare(denoising(10, 20000, 13, 1));
    compare(simplex(20000, 1, 1));
}
