// SPDX-License-Identifier: Apache-2.0
// The pieces of the GPU's active set by sweeps, on the host: the swept matrix against its definition, keys, and the
// shares of dot products.

#include "catch.hpp"
#include "problems.hpp"
#include "reference.hpp"
#include "solver/cuda/sweeps.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <limits>

using namespace problems;
namespace cuda = optnet::solver::cuda;

namespace {

/// A swept matrix in memory of its own, with R = I + a'a/m and d ~ N(0, 1).
struct example {
    int m;
    reference::matrix R, d;
    std::vector<double> words, scale;

    example(int rows, std::uint64_t seed)
        : m(rows), R(rows, rows), d(rows, 1), words(static_cast<std::size_t>(cuda::swept_matrix::words(rows)), 0.0),
          scale(static_cast<std::size_t>(rows)) {
        numbers draw(seed);
        reference::matrix a(m, m);
        for (int i = 0; i < m; ++i) {
            for (int j = 0; j < m; ++j) a(i, j) = draw.normal();
            d(i, 0) = draw.normal();
        }
        R = reference::matrix::Identity(m, m) + a.transpose() * a / m;
        for (int i = 0; i < m; ++i) {
            for (int j = 0; j <= i; ++j) {
                R(i, j) = R(j, i) = static_cast<double>(R(i, j)); // what Z begins with
                Z().Z[cuda::chunked_triangle::row(i) + j] = static_cast<double>(R(i, j));
            }
            d(i, 0) = Z().last()[i] = static_cast<double>(d(i, 0));
            scale[static_cast<std::size_t>(i)] = 1 / static_cast<double>(R(i, i));
        }
    }
    cuda::swept_matrix Z() { return {words.data(), m}; }

    /// The sweep, and what waits for the phase after it.
    void sweep(cuda::swept_rows<cuda::together> rows) {
        cuda::serial_team one;
        Z().sweep(one, rows, 1e-6, scale.data(), [](int, double) {});
        for (int i = 0; i < m; ++i) Z().settle(rows, i);
    }

    /// The largest difference of an entry from the definition, for the basis W.
    long double apart(const std::vector<int>& W) {
        std::vector<int> N;
        for (int i = 0; i < m; ++i)
            if (std::find(W.begin(), W.end(), i) == W.end()) N.push_back(i);
        const reference::matrix inverse = reference::matrix(R(W, W)).inverse();
        reference::matrix all(m + 1, m);
        all(W, W) = -inverse;
        all(N, W) = R(N, W) * inverse;
        all(W, N) = reference::matrix(all(N, W)).transpose();
        all(N, N) = R(N, N) - R(N, W) * inverse * R(W, N);
        const reference::matrix x = -inverse * d(W, 0);
        for (std::size_t i = 0; i < W.size(); ++i) all(m, W[i]) = -x(static_cast<Eigen::Index>(i), 0);
        for (const int i : N) all(m, i) = d(i, 0) + (R(i, W) * x)(0, 0);
        long double most = 0;
        for (int i = 0; i <= m; ++i)
            for (int j = 0; j <= i && j < m; ++j) most = std::max(most, std::abs(all(i, j) - Z().entry(i, j)));
        return most;
    }
};

cuda::swept_rows<cuda::together> rows_of(const std::vector<int>& entering, const std::vector<int>& leaving) {
    cuda::swept_rows<cuda::together> rows;
    int q = 0;
    for (const int i : entering) rows.row[q++] = i;
    for (const int i : leaving) {
        rows.row[q] = i;
        rows.sign[q++] = -1;
    }
    return rows;
}

} // namespace

TEST_CASE("a swept matrix is what its definition says, with rows that enter and leave in the same sweep") {
    // R has eigenvalues from 1 to about 5: a sweep has m u of rounding, some 2e-14, and four of them do not let it
    // grow.
    constexpr long double rounding = 1e-12;
    for (const int m : {6, 31, 32, 33, 70, 160}) {
        CAPTURE(m);
        example x(m, 40 + static_cast<std::uint64_t>(m));
        CHECK(x.apart({}) == 0);
        x.sweep(rows_of({0, 2, m - 1, 3}, {}));
        CHECK(x.apart({0, 2, 3, m - 1}) <= rounding);
        x.sweep(rows_of({1, 4}, {3, 0}));
        CHECK(x.apart({1, 2, 4, m - 1}) <= rounding);
        x.sweep(rows_of({}, {2, m - 1, 1}));
        CHECK(x.apart({4}) <= rounding);
        x.sweep(rows_of({0}, {4}));
        CHECK(x.apart({0}) <= rounding);
    }
}

TEST_CASE("a row that depends on the others of its sweep stays outside, and they enter") {
    example x(20, 7);
    for (int j = 0; j < 20; ++j) x.R(6, j) = x.R(5, j);
    for (int i = 0; i < 20; ++i) x.R(i, 6) = x.R(i, 5);
    x.d(6, 0) = x.d(5, 0);
    for (int i = 0; i < 20; ++i)
        for (int j = 0; j <= i; ++j) x.Z().Z[cuda::chunked_triangle::row(i) + j] = static_cast<double>(x.R(i, j));
    x.Z().last()[6] = static_cast<double>(x.d(6, 0));
    cuda::serial_team one;
    cuda::swept_rows<cuda::together> rows = rows_of({5, 6, 9}, {});
    x.Z().sweep(one, rows, 1e-6, x.scale.data(), [](int, double) {});
    for (int i = 0; i < 20; ++i) x.Z().settle(rows, i);
    CHECK((rows.row[0] == 5 && rows.row[1] == -1 && rows.row[2] == 9 && rows.count() == 2));
    CHECK(x.apart({5, 9}) <= 1e-12);
}

TEST_CASE("a key is larger the more is gained, and says whose it is") {
    using cuda::marked_key;
    CHECK(marked_key::make(0, 3) == 0);
    CHECK(marked_key::make(-1, 3) == 0);
    CHECK(marked_key::make(std::numeric_limits<double>::quiet_NaN(), 3) == 0);
    for (const int row : {0, 1, 159, 255}) {
        std::uint32_t before = 0;
        for (const double gain : {1e-30, 2e-7, 1.0, 1.01, 5e3, 1e38, 1e300}) {
            const std::uint32_t key = marked_key::make(gain, row);
            CHECK(key > before);
            CHECK(marked_key::row(key) == row);
            before = key;
        }
    }
}

TEST_CASE("the shares of eight workers are the whole of a sum, to the bit") {
    numbers draw(3);
    std::vector<double> a(200), b(200);
    for (double& v : a) v = draw.normal();
    for (double& v : b) v = draw.normal();
    const auto term = [&](int k) { return cuda::two{a[static_cast<std::size_t>(k)], b[static_cast<std::size_t>(k)]}; };
    for (const int first : {0, 3})
        for (int last = first; last < 200; ++last) {
            cuda::whole_sum whole;
            whole.add(first, last, term);
            double exact = 0, size = 0;
            for (int k = first; k < last; ++k) {
                exact += a[static_cast<std::size_t>(k)] * b[static_cast<std::size_t>(k)];
                size += std::abs(a[static_cast<std::size_t>(k)] * b[static_cast<std::size_t>(k)]);
            }
            const auto by_shares = [&](auto share) {
                double part[cuda::eight];
                for (int lane = 0; lane < cuda::eight; ++lane) {
                    share.lane = lane;
                    share.total = 0;
                    share.add(first, last, term);
                    part[lane] = share.total;
                }
                for (int half = cuda::eight / 2; half > 0; half /= 2)
                    for (int lane = 0; lane < half; ++lane) part[lane] += part[lane + half];
                return part[0];
            };
            CHECK(by_shares(cuda::share_of_sum<4>{}) == whole.total());
            CHECK(by_shares(cuda::share_of_sum<8>{}) == whole.total());
            CHECK(std::abs(whole.total() - exact) <= 200 * 1.2e-16 * size); // n u Σ|aᵢ bᵢ|, for both
        }
}
