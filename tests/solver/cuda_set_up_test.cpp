// SPDX-License-Identifier: Apache-2.0
// What the GPU's code makes of matrices before any problem is solved with them, on the host.

#include "catch.hpp"
#include "cuda/host.hpp"
#include "reference.hpp"
#include "sizes.hpp"
#include "solver/cuda/block_team.hpp"

#include <Eigen/LU>

#include <array>

using namespace problems;
namespace cuda = optnet::solver::cuda;

TEST_CASE("R is G P G' of the exact matrices") {
    for (const int n : {1, 7, 8, 9, 40}) {
        const int p = n / 3, m = n + 3;
        CAPTURE(n);
        const dense<double> d = random(n, p, m, 1, true, 3);
        const view<double> v(d);
        host::batch<double> b(v.batch, {});
        cuda::serial_team one;
        cuda::set_up(one, cuda::make_batch(v.batch, {}), 0, b.set(0));
        const cuda::matrices of = b.set(0);
        REQUIRE(of.verdict() == cuda::usable::yes);
        // P is the (1,1) block of the inverse of [Q A'; A 0], here of the scaled matrices.
        reference::matrix K = reference::matrix::Zero(n + p, n + p), G(m, n);
        const int ld = of.data_rows();
        for (int j = 0; j < n; ++j) {
            for (int i = 0; i < n; ++i) K(i, j) = of.data[j * ld + i];
            for (int i = 0; i < p; ++i) K(n + i, j) = K(j, n + i) = of.a()[j * ld + i];
            for (int i = 0; i < m; ++i) G(i, j) = of.g()[j * ld + i];
        }
        reference::matrix right = reference::matrix::Zero(n + p, m);
        right.topRows(n) = G.transpose();
        const reference::matrix exact = G * K.fullPivLu().solve(right).topRows(n);
        // The condition of Q = LL' + 1e-3 I is below 1e6.
        for (int i = 0; i < m; ++i)
            for (int j = 0; j < m; ++j)
                CHECK(static_cast<double>(std::abs(of.r[j * m + i] - exact(i, j))) <=
                      1e-10 * static_cast<double>(exact.cwiseAbs().maxCoeff()));
    }
}

TEST_CASE("R by the threads of many blocks, in any order, is that of one worker") {
    const int threads = 3 * cuda::lanes;
    for (const auto& [n, p, m] :
         {std::array{1, 0, 1}, std::array{9, 3, 31}, std::array{20, 7, 33}, std::array{30, 0, 70}}) {
        CAPTURE(n, p, m);
        const dense<double> d = random(n, p, m, 1, true, 4);
        const view<double> v(d);
        host::batch<double> whole(v.batch, {}), parts(v.batch, {});
        const cuda::device_batch data = cuda::make_batch(v.batch, {});
        cuda::serial_team one;
        cuda::set_up(one, data, 0, whole.set(0));
        REQUIRE(whole.set(0).verdict() == cuda::usable::yes);
        CHECK(cuda::load_and_factor(one, data, 0, parts.set(0)) == cuda::usable::yes);
        for (int thread = threads - 1; thread >= 0; --thread) {
            cuda::grid_team all{thread, threads};
            cuda::multiply_r<8>(all, parts.set(0));
        }
        cuda::judge_rows(one, parts.set(0));
        for (int i = 0; i < m; ++i) {
            CHECK(parts.set(0).inverse[i] == whole.set(0).inverse[i]);
            for (int j = 0; j < m; ++j) CHECK(parts.set(0).r[j * m + i] == whole.set(0).r[j * m + i]);
        }
    }
}

TEST_CASE("a matrix in units that differ by 1e6 from variable to variable is loaded and scaled exactly") {
    // Powers of two: what comes out is the same numbers, whoever loads them.
    const int n = 11, p = 2, m = 19;
    const dense<double> d = random(n, p, m, 1, true, 6);
    dense<double> scaled = d;
    const auto unit = [](int j) { return std::ldexp(1.0, 4 * (j % 6) - 10); };
    for (int j = 0; j < n; ++j) {
        for (int i = 0; i < n; ++i) scaled.Qat(0, i, j) *= unit(i) * unit(j);
        for (int i = 0; i < p; ++i) scaled.Aat(0, i, j) *= unit(j);
        for (int i = 0; i < m; ++i) scaled.Gat(0, i, j) *= unit(j);
    }
    const view<double> v(scaled);
    host::batch<double> b(v.batch, {});
    cuda::serial_team one;
    const cuda::matrices of = b.set(0);
    REQUIRE(cuda::load(one, cuda::make_batch(v.batch, {}), 0, of));
    const int ld = of.data_rows();
    double q_size = 0;
    for (int j = 0; j < n; ++j) {
        for (int i = 0; i < n; ++i) {
            const double q = 0.5 * scaled.Qat(0, i, j) + 0.5 * scaled.Qat(0, j, i);
            CHECK(of.data[j * ld + i] == q * of.z_scale[i] * of.z_scale[j]);
            q_size = std::max(q_size, std::abs(of.data[j * ld + i]));
        }
        for (int i = 0; i < p; ++i) CHECK(of.a()[j * ld + i] == scaled.Aat(0, i, j) * of.a_scale[i] * of.z_scale[j]);
        for (int i = 0; i < m; ++i) CHECK(of.g()[j * ld + i] == scaled.Gat(0, i, j) * of.g_scale[i] * of.z_scale[j]);
    }
    CHECK(of.q_size() == q_size);
    CHECK(*std::min_element(of.z_scale, of.z_scale + n) < 0.01 * *std::max_element(of.z_scale, of.z_scale + n));
    // Rows have size 1, after the variables as before.
    for (int i = 0; i < m; ++i) {
        double size = 0;
        for (int j = 0; j < n; ++j) size = std::max(size, std::abs(of.g()[j * ld + i]));
        CHECK(size >= 1);
        CHECK(size < 2);
    }
}
