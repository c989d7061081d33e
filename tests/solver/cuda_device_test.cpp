// SPDX-License-Identifier: Apache-2.0
// The kernels on a GPU against the same code on the host: the same statuses and, up to the rounding of fused products,
// the same numbers. Says "no GPU" where there is none, and is skipped.

#include "catch.hpp"
#include "cuda/compare.hpp"
#include "cuda/device_array.hpp"
#include "cuda/host.hpp"
#include "cuda/library.hpp"
#include "families.hpp"
#include "outer_example.hpp"
#include "solver/cuda/outer.hpp"

#include <deque>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

using gpu::device_array;

/// How far apart the two may be, relative to the size of the numbers: as far as the CPU's road and the host's are
/// (cuda_test.cpp), since fused products round otherwise. Where Q >= `curvature` I is all that settles z, two points
/// that solve matrices within one rounding of Q each differ by its condition times that, ||Q|| / curvature * 2^-53
/// (Higham, Accuracy and Stability, 7.2), and slacks, products with z, by the same share.
double allowed(const dense<double>& d, double curvature) {
    double norm = 0; // the largest sum of a row
    for (std::int64_t k = 0; k < (d.shared ? 1 : d.batch); ++k)
        for (int i = 0; i < d.n; ++i) {
            double sum = 0;
            for (int j = 0; j < d.n; ++j) sum += std::abs(d.Qat(k, i, j));
            norm = std::max(norm, sum);
        }
    return curvature > 0 ? std::max(1e-11, 2 * norm / curvature * 0x1p-53) : 1e-11;
}

/// Of the problems of `random`.
constexpr double least_curvature = 1e-3;

/// Solves the batch on both, differentiates, and compares. Large matrices are factored by cuBLAS and cuSOLVER on the
/// GPU, and with their contracts in plain loops on the host; in turns, unless they are to be kept.
void compare(const dense<double>& d, bool unique, double curvature, bool keep = true) {
    CAPTURE(d.n, d.p, d.m, d.batch, d.shared, keep);
    const view<double> v(d);
    const device_array<double> Q(d.Q), A(d.A), G(d.G), q(d.q), b(d.b), h(d.h);
    view<double> on_gpu(d);
    on_gpu.data[0].data = Q.data();
    on_gpu.data[1].data = A.data();
    on_gpu.data[2].data = G.data();
    on_gpu.batch.q.data = q.data();
    on_gpu.batch.b.data = b.data();
    on_gpu.batch.h.data = h.data();
    const cuda::device_batch batch = cuda::make_batch(on_gpu.batch, {});
    const auto count = [&](int n) { return static_cast<std::size_t>(d.batch * n); };
    const device_array<double> z(count(d.n)), nu(count(d.p)), lambda(count(d.m)), s(count(d.m)), residuals(count(3));
    const device_array<std::int64_t> statuses(count(1)), iterations(count(1));
    const device_array<std::int32_t> handed(count(1));
    cuda::launch_plan plan;
    REQUIRE(cuda::plan_launch(batch, keep, nullptr, plan) == nullptr);
    host::batch<double> expected(v.batch, {}, std::numeric_limits<double>::quiet_NaN(), cuda::arena::unlimited, {},
                                 plan.swept);
    cuda::serial_team one;
    if (plan.libraries) expected.set_up_by(host::library());
    expected.together = plan.grouped;
    expected.solve(one);
    const device_array<unsigned char> workspace(plan.workspace), scratch(plan.scratch);
    const cuda::outputs out{solver::solution<double>{z.data(), nu.data(), lambda.data(), s.data(), statuses.data(),
                                                     iterations.data(), residuals.data()},
                            handed.data()};
    REQUIRE(cuda::solve(batch, plan, workspace.data(), out, nullptr) == nullptr);
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(gpu::unlike(statuses.read(), expected.out.status) == "");
    if (keep) CHECK(gpu::unlike(handed.read(), expected.handed) == "");

    if (!unique) return;
    const double tolerance = allowed(d, curvature);
    CHECK(gpu::difference(z.read(), expected.out.z) <= tolerance);
    CHECK(gpu::difference(s.read(), expected.out.s) <= tolerance);
    if (!keep) return;

    const device_array<double> right(std::vector<double>(count(d.n), 1.0)), dz(count(d.n));
    std::vector<double> expected_dz(count(d.n));
    const std::vector<double> ones(count(d.n), 1.0);
    expected.kkt_solve(one, {ones.data(), nullptr, nullptr}, {expected_dz.data(), nullptr, nullptr});
    REQUIRE(cuda::kkt_solve(plan, workspace.data(), scratch.data(),
                            cuda::arguments<double>({right.data(), nullptr, nullptr}, {dz.data(), nullptr, nullptr}),
                            nullptr) == nullptr);
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(gpu::difference(dz.read(), expected_dz) <= tolerance);
}

} // namespace

TEST_CASE("a small batch", "[small]") {
    if (gpu::none()) return;
    compare(random(10, 2, 15, 5, true, 1), true, least_curvature); // by warps
    compare(random(10, 2, 15, 5, false, 2), true, least_curvature);
    compare(random(40, 3, 35, 3, true, 3), true, least_curvature); // by blocks
    compare(random(40, 3, 35, 3, false, 4), true, least_curvature);
    compare(random(33, 2, 35, 150, true, 5), true, least_curvature); // and derivatives by groups
}

TEST_CASE("products of vectors over a batch", "[small]") {
    if (gpu::none()) return;
    numbers draw(12);
    for (const std::int64_t batch : {1, 9, 3000}) { // in one run, in a few, in many
        outer_example<double> sum(batch, 7, 10, true, -1, true, false, draw),
            square(batch, 9, 9, false, -0.5, true, true, draw), own(batch, 5, 40, true, 2, false, false, draw);
        std::vector<solver::outer_product<double>> on_gpu;
        std::deque<device_array<double>> arrays;
        for (outer_example<double>* e : {&sum, &square, &own}) {
            on_gpu.push_back(e->product);
            const auto move = [&](const double*& to, const std::vector<double>& from) {
                to = from.empty() ? nullptr : arrays.emplace_back(from).data();
            };
            move(on_gpu.back().u.data, e->u);
            move(on_gpu.back().x.data, e->x);
            move(on_gpu.back().v.data, e->v);
            move(on_gpu.back().y.data, e->y);
            on_gpu.back().out = arrays.emplace_back(e->out.size()).data();
        }
        const device_array<unsigned char> scratch(cuda::outer_scratch(on_gpu, batch));
        REQUIRE(cuda::outer_products(on_gpu, batch, scratch.data(), nullptr) == nullptr);
        std::size_t i = 0;
        for (outer_example<double>* e : {&sum, &square, &own}) {
            CAPTURE(batch, i);
            REQUIRE(cudaMemcpy(e->out.data(), on_gpu[i++].out, e->out.size() * sizeof(double),
                               cudaMemcpyDeviceToHost) == cudaSuccess);
            CHECK(share_of_bound(e->product, batch) <= 1);
        }
        CHECK(symmetric(square.out.data(), 9));
    }
}

TEST_CASE("every family on the GPU") {
    if (gpu::none()) return;
    for (int which = 0; which < static_cast<int>(families.size()); ++which) {
        CAPTURE(families[static_cast<std::size_t>(which)].name);
        compare(make(which, 1), families[static_cast<std::size_t>(which)].unique, 0);
    }
}

TEST_CASE("batches larger than what is resident, with matrices shared and of their own") {
    if (gpu::none()) return;
    compare(random(30, 5, 40, 3000, true, 3), true, least_curvature);
    compare(random(30, 5, 40, 1000, false, 4), true, least_curvature);
    compare(random(100, 0, 100, 300, true, 5), true, least_curvature);
    compare(random(40, 4, 60, 1500, true, 13), true, least_curvature); // by blocks with fewer threads
}

TEST_CASE("so many small problems that each has a thread") {
    if (gpu::none()) return;
    compare(random(6, 1, 8, 20000, true, 6), true, least_curvature);
    compare(random(6, 1, 8, 20000, false, 7), true, least_curvature);
}

TEST_CASE("problems beyond shared memory, factored by the libraries") {
    if (gpu::none()) return;
    compare(random(300, 0, 300, 5, true, 8), true, least_curvature);
    compare(random(280, 40, 320, 3, false, 9), true, least_curvature);
    compare(random(400, 10, 30, 2, false, 10), true, least_curvature);
    compare(random(260, 0, 5, 600, false, 11), true, least_curvature, false); // more than run at a time
}
