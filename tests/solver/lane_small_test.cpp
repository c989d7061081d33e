// SPDX-License-Identifier: Apache-2.0
// The kernels for small problems in lanes: an active set against the conditions that it has to meet, the verdict's
// terms against those of the kernels for one problem.

#include "kernels_reference.hpp"

using namespace kernel_test;
using optnet::solver::cpu::lanes;

namespace {

template <class I> std::size_t at(I i) { return static_cast<std::size_t>(i); }

template <class T> std::vector<T> every(const std::vector<T>& all, int lane) {
    std::vector<T> own;
    for (std::size_t e = at(lane); e < all.size(); e += at(lanes<T>)) own.push_back(all[e]);
    return own;
}

} // namespace

TEST_CASE("the active set of every lane ends where no row is on the wrong side") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        constexpr int N = lanes<T>;
        const double eps = 100 * static_cast<double>(std::numeric_limits<T>::epsilon());
        for (const index_t m : {1, 2, 3, 5, 8, 10, 13, 20}) {
            // R = B B' + I of every lane, d of both signs, the last row absent, the last lane not wanted.
            const std::vector<T> B = random_vector<T>(m * m * N), d = random_vector<T>(m * N);
            std::vector<T> R(at(m * m * N)), floor(at(m * N), T(0)), inside(at(m * N)), moving(at(N), T(1)),
                steps(at(N)), x(at(m * N)), L(at((m + 1) * (m + 1) * N)), reciprocal(at(m * N)), work(at(m * N));
            for (index_t i = 0; i < m; ++i)
                for (index_t j = 0; j < m; ++j)
                    for (int l = 0; l < N; ++l) {
                        T sum = i == j ? T(1) : T(0);
                        for (index_t c = 0; c < m; ++c) sum += B[at((i * m + c) * N + l)] * B[at((j * m + c) * N + l)];
                        R[at((i * m + j) * N + l)] = sum;
                    }
            for (int l = 0; l < N; ++l) floor[at((m - 1) * N + l)] = std::numeric_limits<T>::infinity();
            for (index_t e = 0; e < m * N; ++e) inside[at(e)] = d[at(e)] < -floor[at(e)] ? T(1) : T(0);
            moving[at(N - 1)] = 0;
            k.lanes_active_sets(R.data(), d.data(), floor.data(), m, 200, T(1e-6), static_cast<T>(eps), inside.data(),
                                moving.data(), steps.data(), x.data(), L.data(), m + 1, reciprocal.data(), work.data());
            CHECK(steps[at(N - 1)] == 0);
            for (int l = 0; l < N - 1; ++l) {
                CAPTURE(m, l);
                CHECK(moving[at(l)] == 0);
                const std::vector<T> own = every(R, l), lambda = every(x, l), right = every(d, l);
                CHECK(lambda[at(m - 1)] == 0);
                for (index_t i = 0; i < m; ++i) {
                    long double slack = right[at(i)], size = std::abs(right[at(i)]);
                    for (index_t j = 0; j < m; ++j) {
                        slack += static_cast<long double>(own[at(i * m + j)]) * lambda[at(j)];
                        size += std::abs(static_cast<long double>(own[at(i * m + j)]) * lambda[at(j)]);
                    }
                    CHECK(lambda[at(i)] >= 0);
                    if (i < m - 1) CHECK(slack >= -eps * static_cast<double>(m) * size);
                    if (lambda[at(i)] > 0) CHECK(std::abs(slack) <= eps * static_cast<double>(m) * size);
                }
            }
        }
    });
}

TEST_CASE("a dependent pivot stops its own lane") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        constexpr int N = lanes<T>;
        std::vector<T> R(at(4 * N), T(0)), d(at(2 * N), T(-1)), floor(at(2 * N), T(0)), inside(at(2 * N), T(1)),
            moving(at(N), T(1)), steps(at(N)), x(at(2 * N)), L(at(9 * N)), reciprocal(at(2 * N)), work(at(2 * N));
        for (int l = 0; l < N; ++l) R[at(l)] = R[at(3 * N + l)] = 1;
        R[at(N + 1)] = R[at(2 * N + 1)] = 1; // lane 1: the same row twice
        k.lanes_active_sets(R.data(), d.data(), floor.data(), 2, 5, T(1e-6), T(1e-6), inside.data(), moving.data(),
                            steps.data(), x.data(), L.data(), 3, reciprocal.data(), work.data());
        for (int l = 0; l < N; ++l) {
            CAPTURE(l);
            CHECK((moving[at(l)] == 0) == (l != 1));
            if (l != 1) CHECK((x[at(l)] == 1 && x[at(N + l)] == 1 && steps[at(l)] == 1));
        }
    });
}

TEST_CASE("a symmetric matrix times a vector, and what a verdict takes of rows and columns, in every lane") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        constexpr int N = lanes<T>;
        const double eps = 50 * static_cast<double>(std::numeric_limits<T>::epsilon());
        for (const index_t n : {1, 2, 5, 10, 13}) {
            const std::vector<T> S = random_vector<T>(n * (n + 1) * N),
                                 v[5] = {random_vector<T>(n * N), random_vector<T>(n * N), random_vector<T>(n * N),
                                         random_vector<T>(n * N), random_vector<T>(n * N)};
            std::vector<T> y(at(n * N)), floor(at(n * N), T(0)), unit(at(n * N)), rows(at(6 * N)), columns(at(7 * N));
            for (index_t e = 0; e < n * N; ++e) unit[at(e)] = std::abs(v[4][at(e)]) + 1;
            for (int l = 0; l < N; ++l) floor[at(l)] = std::numeric_limits<T>::infinity();
            k.lanes_symmetric_product(S.data(), n + 1, n, v[0].data(), y.data());
            k.lanes_judge_rows(v[0].data(), v[1].data(), unit.data(), v[2].data(), floor.data(), n, rows.data());
            k.lanes_judge_columns(v[0].data(), v[1].data(), v[2].data(), v[3].data(), v[4].data(), n, columns.data());
            const std::vector<T> ones(at(n), T(1));
            for (int l = 0; l < N; ++l) {
                CAPTURE(n, l);
                const std::vector<T> own = every(S, l), z = every(v[0], l), found = every(y, l), b = every(v[1], l),
                                     a = every(v[2], l), g = every(v[3], l), w = every(v[4], l), u = every(unit, l),
                                     f = every(floor, l), of_rows = every(rows, l), of_columns = every(columns, l);
                for (index_t i = 0; i < n; ++i) {
                    long double sum = 0;
                    for (index_t j = 0; j < n; ++j)
                        sum += static_cast<long double>(own[at(std::max(i, j) * (n + 1) + std::min(i, j))]) * z[at(j)];
                    CHECK(std::abs(found[at(i)] - sum) <= eps * static_cast<double>(n));
                }
                T one[5];
                k.judge_rows(z.data(), b.data(), u.data(), a.data(), f.data(), n, one);
                for (int i = 0; i < 4; ++i) CHECK(std::abs(of_rows[at(i)] - one[i]) <= eps * static_cast<double>(n));
                CHECK(of_rows[5] == *std::max_element(u.begin(), u.end()));
                k.judge_columns(z.data(), b.data(), a.data(), g.data(), ones.data(), w.data(), n, one);
                for (int i = 0; i < 5; ++i) CHECK(std::abs(of_columns[at(i)] - one[i]) <= eps * static_cast<double>(n));
                T sizes_of_a = 0, sizes_of_w = 0, most = 0;
                for (const T x : a) sizes_of_a += std::abs(x);
                for (const T x : w) sizes_of_w += std::abs(x), most = std::max(most, std::abs(x));
                CHECK(std::abs(of_rows[4] - sizes_of_a) <= eps * static_cast<double>(n));
                CHECK(std::abs(of_columns[5] - sizes_of_w) <= eps * static_cast<double>(n));
                CHECK(of_columns[6] == most);
            }
        }
    });
}
