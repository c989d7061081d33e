// SPDX-License-Identifier: Apache-2.0
// The kernels of the active sets against naive sums in long double; bounds as in kernels_test.cpp.

#include "kernels_reference.hpp"

#include <algorithm>

using namespace kernel_test;
using optnet::solver::cpu::lanes;

namespace {

/// V V' + I / 2 with V [n, n]: eigenvalues of 1/2 and more.
template <class T> matrix<T> positive(index_t n) {
    const matrix<T> V = random_matrix<T>(n, n);
    matrix<T> R(n, n);
    for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j <= i; ++j) {
            T sum = i == j ? T(0.5) : T(0);
            for (index_t l = 0; l < n; ++l) sum += V(i, l) * V(j, l);
            R(i, j) = R(j, i) = sum;
        }
    return R;
}

template <class T> std::size_t at(T i) { return static_cast<std::size_t>(i); }

/// `size` different numbers below n, ascending.
std::vector<int> subset(index_t n, index_t size) {
    std::vector<int> all(at(n));
    for (index_t i = 0; i < n; ++i) all[at(i)] = static_cast<int>(i);
    std::shuffle(all.begin(), all.end(), generator);
    all.resize(at(size));
    std::sort(all.begin(), all.end());
    return all;
}

template <class T> struct group {
    index_t k, ld;
    std::vector<int> which;
    std::vector<T> counts, l, reciprocal, x;

    group(const std::vector<std::vector<int>>& rows, index_t size, index_t distance)
        : k(size), ld(distance), which(at(k * lanes<T>), 0), counts(at(lanes<T>), T(0)), l(at(k * ld * lanes<T>)),
          reciprocal(at(k * lanes<T>)), x(at(k * lanes<T>), T(0)) {
        for (std::size_t lane = 0; lane < rows.size(); ++lane) {
            counts[lane] = static_cast<T>(rows[lane].size());
            for (std::size_t i = 0; i < rows[lane].size(); ++i) {
                which[i * at(lanes<T>) + lane] = rows[lane][i];
                x[i * at(lanes<T>) + lane] = static_cast<T>(rows[lane][i] % 5) - T(2);
            }
        }
    }
    void run(const kernels<T>& kernel, const matrix<T>& R) {
        kernel.lanes_cholesky(R.at(), R.ld, which.data(), counts.data(), k, T(1e-6), l.data(), ld, reciprocal.data());
        kernel.lanes_solve(l.data(), ld, reciprocal.data(), k, x.data());
    }
    T factor(index_t i, index_t j, std::size_t lane) const { return l[at(i * ld + j) * at(lanes<T>) + lane]; }
    T solution(index_t i, std::size_t lane) const { return x[at(i) * at(lanes<T>) + lane]; }
};

} // namespace

TEST_CASE("factors and solutions in lanes") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        for (const index_t n : {index_t{1}, index_t{7}, index_t{24}, index_t{65}}) {
            const matrix<T> R = positive<T>(n);
            std::vector<std::vector<int>> rows;
            rows.reserve(at(lanes<T>));
            for (int lane = 0; lane < lanes<T>; ++lane)
                rows.push_back(subset(n, lane % 4 == 3 ? n : lane * n / lanes<T>));
            group<T> g(rows, (n + 3) / 4 * 4, (n + 3) / 4 * 4 + 1);
            const std::vector<T> right = g.x;
            g.run(kernel, R);
            worst factors, solutions;
            for (std::size_t lane = 0; lane < rows.size(); ++lane) {
                const auto size = static_cast<index_t>(rows[lane].size());
                std::vector<long double> y(at(size), 0.0L), weight(at(size), 0.0L);
                for (index_t i = 0; i < size; ++i)
                    for (index_t j = 0; j <= i; ++j) {
                        long double sum = 0, terms = 0;
                        for (index_t c = 0; c <= j; ++c) {
                            const long double term =
                                static_cast<long double>(g.factor(i, c, lane)) * g.factor(j, c, lane);
                            sum += term;
                            terms += std::abs(term);
                        }
                        factors.add(sum - R(rows[lane][at(i)], rows[lane][at(j)]),
                                    static_cast<long double>(size + 6) * u<T> * terms);
                    }
                // L (L' x) against the right-hand side: two substitutions, each to (n + 6) u |L||.|.
                for (index_t i = 0; i < size; ++i)
                    for (index_t j = i; j < size; ++j) {
                        const long double term = static_cast<long double>(g.factor(j, i, lane)) * g.solution(j, lane);
                        y[at(i)] += term;
                        weight[at(i)] += std::abs(term);
                    }
                for (index_t i = 0; i < size; ++i) {
                    long double sum = 0, terms = 0;
                    for (index_t j = 0; j <= i; ++j) {
                        sum += g.factor(i, j, lane) * y[at(j)];
                        terms += std::abs(static_cast<long double>(g.factor(i, j, lane))) * weight[at(j)];
                    }
                    solutions.add(sum - right[at(i) * at(lanes<T>) + lane],
                                  static_cast<long double>(2 * (size + 6)) * u<T> * terms);
                }
            }
            INFO("n " << n);
            CHECK(static_cast<double>(factors.ratio) <= 1.0);
            CHECK(static_cast<double>(solutions.ratio) <= 1.0);
        }
    });
}

TEST_CASE("a lane does not know the others, its place, nor how far it is filled up") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        const index_t n = 40;
        const matrix<T> R = positive<T>(n);
        const std::vector<int> mine = subset(n, 17);
        group<T> alone({mine}, 20, 20);
        alone.run(kernel, R);
        for (std::size_t lane = 0; lane < at(lanes<T>); ++lane) {
            std::vector<std::vector<int>> rows;
            rows.reserve(at(lanes<T>));
            for (std::size_t other = 0; other < at(lanes<T>); ++other)
                rows.push_back(other == lane ? mine : subset(n, static_cast<index_t>(7 * other) % 37));
            group<T> g(rows, 40, 41);
            g.run(kernel, R);
            bool same = true;
            for (index_t i = 0; i < 17; ++i) {
                same = same && alone.solution(i, 0) == g.solution(i, lane);
                for (index_t j = 0; j <= i; ++j) same = same && alone.factor(i, j, 0) == g.factor(i, j, lane);
            }
            CHECK(same);
        }
    });
}

TEST_CASE("a dependent row makes its own lane NaN and no other") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        matrix<T> R(3, 3); // rows 0 and 2 are the same
        for (index_t i = 0; i < 3; ++i)
            for (index_t j = 0; j < 3; ++j) R(i, j) = i % 2 == j % 2 ? T(4) : T(1);
        group<T> g({{0, 1}, {0, 1, 2}}, 4, 4);
        g.run(kernel, R);
        CHECK(g.solution(0, 0) == g.solution(0, 0));
        CHECK(g.solution(1, 0) == g.solution(1, 0));
        CHECK(g.solution(2, 1) != g.solution(2, 1));
    });
}

TEST_CASE("rows that are combined where they lie") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        for (const index_t n : sizes)
            for (const index_t k : {index_t{0}, index_t{1}, index_t{6}, index_t{23}}) {
                const matrix<T> A = random_matrix<T>(30, n);
                const std::vector<int> which = subset(30, k);
                const std::vector<T> factors = random_vector<T>(k), base = random_vector<T>(n);
                std::vector<T> y(at(n)), in_place = base;
                kernel.combine_rows(A.at(), A.ld, which.data(), factors.data(), k, base.data(), n, y.data());
                kernel.combine_rows(A.at(), A.ld, which.data(), factors.data(), k, in_place.data(), n, in_place.data());
                CHECK(in_place == y);
                worst w;
                for (index_t j = 0; j < n; ++j) {
                    long double sum = base[at(j)], terms = std::abs(sum);
                    for (index_t i = 0; i < k; ++i) {
                        const long double term = static_cast<long double>(factors[at(i)]) * A(which[at(i)], j);
                        sum += term;
                        terms += std::abs(term);
                    }
                    w.add(y[at(j)] - sum, static_cast<long double>(k + 3) * u<T> * terms);
                }
                CHECK(static_cast<double>(w.ratio) <= 1.0);
            }
    });
}

TEST_CASE("the row that enters is the most violated one, the first of equals, and never one that is barred") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
        for (const index_t n : sizes) {
            std::vector<T> s = random_vector<T>(n), d = random_vector<T>(n), bar(at(n), T(-0.01)), weight(at(n), T(1));
            for (std::size_t i = 0; i < at(n); i += 3) weight[i] = T(2);
            for (std::size_t i = 1; i < at(n); i += 5) bar[i] = -infinity;
            for (std::size_t i = 2; i < at(n); i += 7) s[i] = nan;
            index_t expected = -1;
            for (index_t i = 0; i < n; ++i) {
                const auto c = at(i);
                if (!(s[c] < bar[c])) continue;
                if (expected < 0 || s[c] * s[c] * weight[c] > s[at(expected)] * s[at(expected)] * weight[at(expected)])
                    expected = i;
            }
            INFO("n " << n);
            CHECK(kernel.most_violated(s.data(), d.data(), bar.data(), weight.data(), n, T(1e-6)) == expected);
            // Equal violations: the first. All within rounding: none.
            std::vector<T> equal(at(n), T(-0.5));
            const std::vector<T> open(at(n), T(0)), ones(at(n), T(1));
            CHECK(kernel.most_violated(equal.data(), equal.data(), open.data(), ones.data(), n, T(1e-6)) ==
                  (n == 0 ? -1 : 0));
            const std::vector<T> large(at(n), T(1e7));
            CHECK(kernel.most_violated(equal.data(), large.data(), open.data(), ones.data(), n, T(1e-6)) == -1);
        }
    });
}

TEST_CASE("the next set takes in violated rows and leaves out those with negative multipliers") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
        for (const index_t n : sizes) {
            INFO("n " << n);
            const std::vector<T> x = random_vector<T>(n), s = random_vector<T>(n), d = random_vector<T>(n);
            std::vector<T> floor(at(n), T(0.25)), inside(at(n), T(0)), before;
            for (std::size_t i = 0; i < at(n); i += 2) inside[i] = T(1);
            for (std::size_t i = 1; i < at(n); i += 5) floor[i] = infinity;
            before = inside;
            std::vector<int> rows(at(n)), expected;
            index_t count = -1, changes = 0;
            for (std::size_t i = 0; i < at(n); ++i) {
                const bool is = before[i] > 0 ? x[i] >= 0 : s[i] < -floor[i];
                changes += is == (before[i] > 0) ? 0 : 1;
                if (is) expected.push_back(static_cast<int>(i));
            }
            CHECK(kernel.next_set(x.data(), s.data(), d.data(), floor.data(), n, T(1e-6), inside.data(), rows.data(),
                                  &count) == changes);
            rows.resize(at(count));
            CHECK(rows == expected);
            for (std::size_t i = 0; i < at(n); ++i)
                CHECK((inside[i] > 0) == std::binary_search(expected.begin(), expected.end(), static_cast<int>(i)));
            if (n == 0) continue;
            // Rounding is no violation, and what is not a number is said.
            std::vector<T> none(at(n), T(0)), open(at(n), T(0)), large(at(n), T(1e7)), broken = x;
            rows.resize(at(n));
            CHECK(kernel.next_set(x.data(), s.data(), large.data(), open.data(), n, T(1e-6), none.data(), rows.data(),
                                  &count) == 0);
            CHECK(count == 0);
            broken[at(n - 1)] = nan;
            CHECK(kernel.next_set(broken.data(), s.data(), d.data(), floor.data(), n, T(1e-6), none.data(), rows.data(),
                                  &count) == -1);
        }
    });
}
