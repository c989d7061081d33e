// SPDX-License-Identifier: Apache-2.0
// What the GPU's code makes of matrices before any problem is solved with them, on the host.

#include "catch.hpp"
#include "cuda/host.hpp"
#include "reference.hpp"
#include "sizes.hpp"
#include "solver/cuda/block_team.hpp"
#include "solver/cuda/slices.hpp"

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

TEST_CASE("slices of the factors are those of one worker, to rounding") {
    for (const auto& [n, p, m] : {std::array{1, 0, 1}, std::array{9, 3, 31}, std::array{40, 0, 40},
                                  std::array{33, 17, 5}, std::array{64, 40, 64}, std::array{100, 30, 97}}) {
        CAPTURE(n, p, m);
        const dense<double> d = random(n, p, m, 1, true, 4);
        const view<double> v(d);
        host::batch<double> whole(v.batch, {}), parts(v.batch, {});
        const cuda::device_batch data = cuda::make_batch(v.batch, {});
        cuda::serial_team one;
        cuda::set_up(one, data, 0, whole.set(0));
        REQUIRE(whole.set(0).verdict() == cuda::usable::yes);
        const cuda::matrices of = parts.set(0), by = whole.set(0);
        CHECK(cuda::reads_in_any_order(data));
        const int threads = 3 * cuda::lanes;
        for (int thread = threads - 1; thread >= 0; --thread) {
            cuda::grid_team all{thread, threads};
            cuda::add_blocks(all, data, 0, of);
        }
        REQUIRE(cuda::scale(one, of));
        for (int k = cuda::slices(p + m + n) - 1; k >= 0; --k) {
            host::memory own(static_cast<std::size_t>(cuda::slice_words(n)) * sizeof(double), NAN);
            CHECK(cuda::factor_slice(one, of, k, own.data()));
        }
        for (int k = cuda::slices(m + p) - 1; p > 0 && k >= 0; --k) {
            host::memory own(static_cast<std::size_t>(cuda::slice_words(p)) * sizeof(double), NAN);
            CHECK(cuda::eliminate_slice(one, of, k, own.data()));
        }
        for (int down = cuda::tiles_down(m) - 1; down >= 0; --down)
            for (int across = 0; across < cuda::tiles_across(m); ++across) {
                std::vector<double> sums(cuda::tile_words, NAN);
                cuda::multiply_tile(one, of, down, across, sums.data());
            }
        cuda::judge_factors(one, of);
        // What a solve reads. V = G L⁻ᵀ has n u times the condition of L, below 1e3 as the root of Q's.
        const auto compare = [](const double* a, const double* b, int ld, int rows, int cols, bool upper) {
            double most = 0, apart = 0;
            for (int j = 0; j < cols; ++j)
                for (int i = 0; i < (upper ? j + 1 : rows); ++i) {
                    most = std::max(most, std::abs(b[j * ld + i]));
                    apart = std::max(apart, std::abs(a[j * ld + i] - b[j * ld + i]));
                }
            CHECK(apart <= 1e-11 * most);
        };
        compare(of.v_a(), by.v_a(), of.panel_rows(), p + m, n, false);
        compare(of.v_i(), by.v_i(), of.panel_rows(), n, n, true);
        compare(of.w(), by.w(), of.schur_rows(), m, p, false);
        compare(of.s_i(), by.s_i(), of.schur_rows(), p, p, true);
        compare(of.r, by.r, m, m, m, false);
        compare(of.inverse, by.inverse, m, m, 1, false);
    }
}

TEST_CASE("slices do not decide about matrices without a Cholesky factor") {
    const int n = 40, p = 12, m = 8;
    dense<double> d = random(n, p, m, 1, true, 5);
    cuda::serial_team one;
    host::memory own(static_cast<std::size_t>(cuda::slice_words(n)) * sizeof(double), NAN);
    const auto loaded = [&](host::batch<double>& b, const view<double>& v) {
        const cuda::device_batch data = cuda::make_batch(v.batch, {});
        REQUIRE(cuda::load(one, data, 0, b.set(0)));
        return b.set(0);
    };
    for (int j = 0; j < n; ++j) d.Aat(0, 1, j) = d.Aat(0, 0, j); // S is singular
    {
        const view<double> v(d);
        host::batch<double> b(v.batch, {});
        const cuda::matrices of = loaded(b, v);
        for (int k = 0; k < cuda::slices(p + m + n); ++k) CHECK(cuda::factor_slice(one, of, k, own.data()));
        for (int k = 0; k < cuda::slices(m + p); ++k) CHECK(!cuda::eliminate_slice(one, of, k, own.data()));
    }
    for (int j = 0; j < n; ++j) d.Qat(0, n - 1, j) = d.Qat(0, j, n - 1) = 0; // and so is Q
    {
        const view<double> v(d);
        host::batch<double> b(v.batch, {});
        const cuda::matrices of = loaded(b, v);
        for (int k = 0; k < cuda::slices(p + m + n); ++k) CHECK(!cuda::factor_slice(one, of, k, own.data()));
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
