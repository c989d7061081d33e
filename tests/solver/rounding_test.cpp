// SPDX-License-Identifier: Apache-2.0
// What is said where the rounding of the data, of the sums or of the result is larger than the tolerance.

#include "catch.hpp"
#include "problems.hpp"

#include <Eigen/Eigenvalues>

#include <limits>

using namespace problems;

namespace {

/// min ½ x'Qx + q'x over |x| <= 1 with Q = L L' of rank 2, computed in float32, and q in its range.
dense<float> low_rank(int n, std::int64_t batch, bool shared, std::uint64_t seed) {
    numbers draw(seed);
    dense<float> d = zeros<float>(n, 0, 2 * n, batch, shared);
    for (std::int64_t k = 0; k < (shared ? 1 : batch); ++k) {
        std::vector<float> l(static_cast<std::size_t>(2 * n));
        for (float& v : l) v = static_cast<float>(draw.normal());
        const auto L = [&](int i, int c) { return l[static_cast<std::size_t>(2 * i + c)]; };
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) d.Qat(k, i, j) = L(i, 0) * L(j, 0) + L(i, 1) * L(j, 1);
        for (int j = 0; j < n; ++j) d.Gat(k, j, j) = 1, d.Gat(k, n + j, j) = -1;
    }
    std::fill(d.h.begin(), d.h.end(), 1.0F);
    for (std::int64_t k = 0; k < batch; ++k)
        for (int j = 0; j < n; ++j) d.qat(k, j) = d.Qat(k, j, 0) * static_cast<float>(draw.normal());
    return d;
}

double least_eigenvalue(const dense<float>& d, double& largest_entry) {
    Eigen::MatrixXd q(d.n, d.n);
    for (int i = 0; i < d.n; ++i)
        for (int j = 0; j < d.n; ++j) q(i, j) = static_cast<double>(d.Qat(0, i, j));
    largest_entry = q.cwiseAbs().maxCoeff();
    return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(0.5 * (q + q.transpose())).eigenvalues()[0];
}

/// How many points are beyond the tolerance; of these none may be called solved.
int points_beyond(const dense<double>& d) {
    const answer<double> a = solve(d);
    int count = 0;
    for (std::int64_t k = 0; k < d.batch; ++k) {
        CAPTURE(k, name(a.at(k)));
        const long double share = shares(d, a, k, 1e-8);
        if (a.at(k) == status::solved)
            CHECK(share <= 1 + 1e-6L);
        else
            CHECK(a.at(k) == status::solved_inaccurate);
        count += share > 1 ? 1 : 0;
    }
    return count;
}

} // namespace

TEST_CASE("a Q of low rank that was computed in float32 is convex") {
    int beyond = 0;
    for (const int n : {3, 10, 40})
        for (const std::int64_t batch : {1, 9})
            for (const bool shared : {true, false}) {
                const dense<float> d = low_rank(n, batch, shared, static_cast<std::uint64_t>(n) + 1);
                double largest = 0;
                beyond += least_eigenvalue(d, largest) < -1e-8 * largest ? 1 : 0;
                const answer<float> a = solve(d);
                CAPTURE(n, batch, shared);
                for (std::int64_t k = 0; k < batch; ++k) {
                    CHECK(a.at(k) == status::solved);
                    // The returned point is rounded once more.
                    CHECK(shares(d, a, k, 1e-4) <= 1.1L);
                }
            }
    CHECK(beyond > 0); // in float64 these would be called nonconvex
    dense<float> saddle = zeros<float>(2, 0, 0);
    saddle.Q = {1, 0, 0, -1e-4F};
    CHECK(solve(saddle).at(0) == status::nonconvex);
}

TEST_CASE("a solution beyond float32 is no solution in float32") {
    for (const std::int64_t batch : {1, 9}) {
        dense<float> d = zeros<float>(2, 0, 0, batch);
        d.Q = {1e-20F, 0, 0, 1e-20F};
        std::fill(d.q.begin(), d.q.end(), 1.0F);
        d.qat(0, 0) = 1e30F; // x = -1e50
        const answer<float> a = solve(d);
        CHECK(a.at(0) == status::numerical_error);
        CHECK(std::isnan(a.z[0]));
        for (std::int64_t k = 1; k < batch; ++k) CHECK(a.at(k) == status::solved);
    }
}

TEST_CASE("solved is no matter of rounding, however far the solution lies") {
    // Weak curvature and large costs: |x| is about 1e9 and A x about 1, so that A x in double precision is off by more
    // than the tolerance, and no x of doubles need be within it.
    int refused = 0;
    for (const bool shared : {true, false})
        for (const int n : {17, 40}) {
            dense<double> d = random(n, 1, 0, 33, shared, 5);
            for (double& v : d.Q) v *= 1e-3;
            for (double& v : d.q) v *= 1e6;
            CAPTURE(shared, n);
            refused += points_beyond(d);
        }
    CHECK(refused > 0);
}

TEST_CASE("solved is no matter of rounding where one equality holds a diagonal problem") {
    numbers draw(3);
    int refused = 0;
    for (const int n : {3, 20, 100}) {
        dense<double> d = zeros<double>(n, 1, 0, 40);
        for (int j = 0; j < n; ++j) d.Qat(0, j, j) = 1e-3, d.Aat(0, 0, j) = draw.normal();
        for (double& v : d.q) v = 1e6 * draw.normal();
        for (double& v : d.b) v = draw.normal();
        CAPTURE(n);
        refused += points_beyond(d);
    }
    CHECK(refused > 0);
}
