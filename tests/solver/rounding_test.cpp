// SPDX-License-Identifier: Apache-2.0
// What is said where the rounding of the data, of the sums or of the result is larger than the tolerance.

#include "catch.hpp"
#include "rounding_problems.hpp"

#include <Eigen/Eigenvalues>

#include <limits>

using namespace problems;

namespace {

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
        const answer<float> a = solve(beyond_float32(batch));
        CHECK(a.at(0) == status::numerical_error);
        CHECK(std::isnan(a.z[0]));
        for (std::int64_t k = 1; k < batch; ++k) CHECK(a.at(k) == status::solved);
    }
}

TEST_CASE("solved is no matter of rounding, however far the solution lies") {
    int refused = 0;
    for (const bool shared : {true, false})
        for (const int n : {17, 40}) {
            CAPTURE(shared, n);
            // Ten times less than the default, with which single problems come near ten thousand tolerances.
            refused += points_beyond(far_away(n, 33, shared, 1e5));
        }
    CHECK(refused > 0);
}

TEST_CASE("nor is solved_inaccurate, which promises ten thousand tolerances") {
    int beyond = 0, within = 0;
    for (const bool shared : {true, false})
        for (const double cost : {1e8, 3e8, 1e9, 3e9}) {
            CAPTURE(shared, cost);
            const dense<double> d = far_away(17, 33, shared, cost);
            const answer<double> a = solve(d);
            for (std::int64_t k = 0; k < d.batch; ++k) {
                CAPTURE(k, name(a.at(k)));
                if (a.at(k) != status::solved_inaccurate) {
                    ++beyond;
                    CHECK(a.at(k) == status::numerical_error);
                    CHECK(std::isnan(a.z[static_cast<std::size_t>(k * d.n)]));
                    continue;
                }
                ++within;
                CHECK(shares(d, a, k, 1e-8) <= 1e4L * (1 + 1e-6L));
            }
        }
    CHECK(beyond > 0);
    CHECK(within > 0);
}

TEST_CASE("solved is no matter of rounding where one equality holds a diagonal problem") {
    numbers draw(3);
    int refused = 0;
    for (const int n : {3, 20, 100}) {
        CAPTURE(n);
        refused += points_beyond(far_on_a_diagonal(n, 40, draw));
    }
    CHECK(refused > 0);
}
