// SPDX-License-Identifier: Apache-2.0
// The kernels that work by rows of a transposed factor, every instruction set and element type against sums in long
// double; bounds as in kernels_test.cpp.

#include "kernels_reference.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace kernel_test;

namespace {

/// A rows x cols matrix whose rows have room for whole vectors, as these kernels ask for.
template <class T> struct padded {
    index_t rows, cols, ld;
    std::vector<T> data;

    padded(index_t r, index_t c)
        : rows(r), cols(c), ld((c / optnet::solver::cpu::lanes<T> + 2) * optnet::solver::cpu::lanes<T>),
          data(static_cast<std::size_t>(r * ld)) {
        for (T& v : data) v = uniform<T>();
    }
    T& operator()(index_t i, index_t j) { return data[static_cast<std::size_t>(i * ld + j)]; }
    const T& operator()(index_t i, index_t j) const { return data[static_cast<std::size_t>(i * ld + j)]; }
    T* at() { return data.data(); }
    const T* at() const { return data.data(); }
};

template <class T> constexpr T nan_of = std::numeric_limits<T>::quiet_NaN();

/// [H B] with a positive definite H; NaN before the diagonal.
template <class T> padded<T> panel(index_t n, index_t behind) {
    padded<T> M(n, n + behind);
    const matrix<T> V = random_matrix<T>(n, n + 4);
    for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j < n; ++j) {
            T sum = i == j ? T(0.1) : T(0);
            for (index_t l = 0; l < n + 4; ++l) sum += V(i, l) * V(j, l);
            M(i, j) = j >= i ? sum : nan_of<T>;
        }
    return M;
}

template <class T> padded<T> triangle(index_t n) {
    padded<T> U(n, n);
    const matrix<T> L = random_triangle<T>(n);
    for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j < n; ++j) U(i, j) = j >= i ? L(j, i) : nan_of<T>;
    return U;
}

/// |U' x - right| <= (n + 6) u |U'||x| in entry i, or the same with U.
template <class T, class X>
void check_entry(worst& w, const padded<T>& U, index_t n, index_t i, const X& x, T right, bool transposed) {
    long double sum = 0, size = 0;
    for (index_t j = transposed ? 0 : i; j < (transposed ? i + 1 : n); ++j) {
        const long double term = static_cast<long double>(transposed ? U(j, i) : U(i, j)) * x(j);
        sum += term;
        size += std::abs(term);
    }
    w.add(sum - right, static_cast<long double>(n + 6) * u<T> * size);
}

} // namespace

TEST_CASE("a panel is factored by rows, and the columns behind it are solved") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        std::vector<index_t> all = sizes;
        all.push_back(203); // several stretches of rows
        for (const index_t n : all)
            for (const index_t behind : {index_t{0}, index_t{1}, index_t{7}, index_t{40}}) {
                padded<T> M = panel<T>(n, behind);
                const padded<T> old = M;
                INFO("n " << n << ", behind " << behind);
                REQUIRE(k.upper_cholesky(M.at(), n, n + behind, M.ld, T(0)));
                worst w;
                for (index_t i = 0; i < n; ++i)
                    for (index_t c = i; c < n + behind; ++c)
                        check_entry<T>(
                            w, M, n, i, [&](index_t j) { return M(j, c); }, old(i, c), true);
                CHECK(static_cast<double>(w.ratio) <= 1.0);
            }
    });
}

TEST_CASE("a bad pivot ends the factorization by rows") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : {index_t{1}, index_t{8}, index_t{25}, index_t{101}})
            for (const index_t bad : {index_t{0}, n / 2, n - 1})
                for (const T value : {T(-1), T(0), nan_of<T>, std::numeric_limits<T>::infinity()}) {
                    padded<T> M(n, n);
                    for (index_t i = 0; i < n; ++i)
                        for (index_t j = 0; j < n; ++j) M(i, j) = i == j ? T(2) : T(0);
                    padded<T> small = M;
                    M(bad, bad) = value;
                    small(bad, bad) = T(1);
                    CHECK(!k.upper_cholesky(M.at(), n, n, M.ld, T(0)));
                    CHECK(!k.upper_cholesky(small.at(), n, n, small.ld, T(1)));
                }
    });
}

TEST_CASE("columns and vectors are solved with a factor by rows to a residual of rounding") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : sizes) {
            const padded<T> U = triangle<T>(n);
            worst w;
            for (const index_t m : {index_t{0}, index_t{1}, index_t{8}, index_t{29}}) {
                padded<T> X(n, m);
                const padded<T> B = X;
                k.upper_solve(U.at(), U.ld, n, X.at(), X.ld, m);
                for (index_t i = 0; i < n; ++i)
                    for (index_t c = 0; c < m; ++c)
                        check_entry<T>(
                            w, U, n, i, [&](index_t j) { return X(j, c); }, B(i, c), true);
            }
            const std::vector<T> b = random_vector<T>(n);
            std::vector<T> x = b, y = b;
            k.upper_forward(U.at(), U.ld, n, x.data());
            k.upper_backward(U.at(), U.ld, n, y.data());
            for (index_t i = 0; i < n; ++i) {
                const T right = b[static_cast<std::size_t>(i)];
                check_entry<T>(
                    w, U, n, i, [&](index_t j) { return x[static_cast<std::size_t>(j)]; }, right, true);
                check_entry<T>(
                    w, U, n, i, [&](index_t j) { return y[static_cast<std::size_t>(j)]; }, right, false);
            }
            INFO("n " << n);
            CHECK(static_cast<double>(w.ratio) <= 1.0);
        }
    });
}

TEST_CASE("products of columns are sums of products, up to the diagonal that is asked for") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (std::size_t a = 0; a < sizes.size(); ++a)
            for (std::size_t b = 0; b < sizes.size(); ++b) {
                const index_t m = sizes[a], n = sizes[b], depth = (a + b) % 9 == 0 ? 200 : sizes[(5 * a + b) % 19];
                const index_t ahead = a % 3 == 0 ? 0 : a % 3 == 1 ? m / 2 : m;
                const T alpha = T(-0.75), beta = b % 2 == 0 ? T(0) : T(1.5);
                const padded<T> A(depth, m), B(depth, n);
                padded<T> C(m, n);
                if (beta == 0)
                    for (T& v : C.data) v = nan_of<T>;
                const padded<T> old = C;
                k.upper_product(C.at(), C.ld, A.at(), A.ld, m, B.at(), B.ld, n, depth, ahead, alpha, beta);
                worst w;
                for (index_t i = 0; i < m; ++i)
                    for (index_t j = std::max<index_t>(0, i - ahead); j < n; ++j) {
                        const long double rest = beta == 0 ? 0.0L : static_cast<long double>(beta) * old(i, j);
                        long double sum = rest, size = std::abs(rest);
                        for (index_t l = 0; l < depth; ++l) {
                            const long double term = static_cast<long double>(alpha) * A(l, i) * B(l, j);
                            sum += term;
                            size += std::abs(term);
                        }
                        w.add(C(i, j) - sum, static_cast<long double>(depth + 3) * u<T> * size);
                    }
                INFO("m " << m << ", n " << n << ", k " << depth << ", ahead " << ahead);
                CHECK(static_cast<double>(w.ratio) <= 1.0);
            }
    });
}

TEST_CASE("rows become columns, scaled rows and copied symmetric parts are exact") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t m : sizes)
            for (const index_t n : sizes) {
                const matrix<T> A = random_matrix<T>(m, n);
                std::vector<int> which(static_cast<std::size_t>(m));
                for (index_t i = 0; i < m; ++i) which[static_cast<std::size_t>(i)] = static_cast<int>(m - 1 - i);
                matrix<T> some = random_matrix<T>(n, m), all = some, scaled = random_matrix<T>(m, n);
                k.turn_rows(A.at(), A.ld, which.data(), m, n, some.at(), some.ld, nullptr);
                k.turn_rows(A.at(), A.ld, nullptr, m, n, all.at(), all.ld, nullptr);
                const std::vector<T> factors = random_vector<T>(m);
                k.scaled_rows(A.at(), A.ld, m, n, factors.data(), scaled.at(), scaled.ld);
                bool right = true;
                for (index_t i = 0; i < m; ++i)
                    for (index_t j = 0; j < n; ++j)
                        right = right && some(j, m - 1 - i) == A(i, j) && all(j, i) == A(i, j) &&
                                scaled(i, j) == factors[static_cast<std::size_t>(i)] * A(i, j);
                INFO("m " << m << ", n " << n);
                CHECK(right);
                CHECK(some.padding_untouched());
                CHECK(all.padding_untouched());
                CHECK(scaled.padding_untouched());
            }
        for (const index_t n : sizes) {
            matrix<T> M = random_matrix<T>(n, n), part = random_matrix<T>(n, n);
            const T most = k.symmetric_copy(M.at(), M.ld, n, part.at(), part.ld);
            bool right = true;
            T largest = 0;
            for (index_t i = 0; i < n; ++i)
                for (index_t j = 0; j < n; ++j) {
                    right = right && part(i, j) == T(0.5) * M(i, j) + T(0.5) * M(j, i); // halves are exact
                    largest = std::max(largest, std::abs(part(i, j)));
                }
            INFO("n " << n);
            CHECK(right);
            CHECK(most == largest);
            CHECK(part.padding_untouched());
            if (n == 0) continue;
            for (const T bad : {nan_of<T>, std::numeric_limits<T>::infinity()}) {
                M(n - 1, n / 2) = bad;
                const T found = k.symmetric_copy(M.at(), M.ld, n, part.at(), part.ld);
                CHECK(found != found);
            }
        }
    });
}

TEST_CASE("a wide matrix is L U with pivots among its columns, none of them much smaller than another entry") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t p : sizes)
            for (const index_t n : {p, p + 1, 2 * p, 3 * p + 5}) {
                padded<T> A(p, n), L(p, p);
                for (index_t i = 0; i < p; ++i) {
                    for (index_t j = n; j < A.ld; ++j) A(i, j) = 0;
                    // Nothing to be found in the first columns, or not much.
                    for (index_t j = 0; n >= 2 * p && j < p / 2; ++j) A(i, j) *= p % 2 == 0 ? T(0) : T(1e-3);
                }
                const padded<T> old = A;
                std::vector<int> pivots(static_cast<std::size_t>(p) + 1, -7);
                INFO("p " << p << ", n " << n);
                REQUIRE(k.pivoted_rows(A.at(), A.ld, p, n, std::numeric_limits<T>::min(), pivots.data(), L.at(), L.ld));
                CHECK(pivots.back() == -7);
                worst w;
                bool right = true;
                for (index_t i = 0; i < p; ++i) {
                    for (index_t e = 0; e < i; ++e) right = right && A(i, pivots[static_cast<std::size_t>(e)]) == 0;
                    right = right && A(i, pivots[static_cast<std::size_t>(i)]) == L(i, i);
                    for (index_t j = 0; j < n; ++j) {
                        right = right && std::abs(A(i, j)) <= T(8.01) * std::abs(L(i, i));
                        long double sum = 0, size = 0;
                        for (index_t e = 0; e <= i; ++e) { // by columns; rows of A are those of U times l_ee
                            const long double term = static_cast<long double>(L(e, i)) * A(e, j) / L(e, e);
                            sum += term;
                            size += std::abs(term);
                        }
                        w.add(sum - old(i, j), static_cast<long double>(p + 8) * u<T> * (size + std::abs(old(i, j))));
                    }
                }
                CHECK(right);
                CHECK(static_cast<double>(w.ratio) <= 1.0);
            }
    });
}

TEST_CASE("rows that depend on each other, and what is not finite, end the search for pivots") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t p : {index_t{2}, index_t{9}, index_t{40}}) {
            padded<T> A(p, 2 * p), L(p, p);
            for (index_t i = 0; i < p; ++i)
                for (index_t j = 2 * p; j < A.ld; ++j) A(i, j) = 0;
            for (const T bad : {T(0), nan_of<T>, std::numeric_limits<T>::infinity()}) {
                padded<T> B = A;
                for (index_t j = 0; j < 2 * p; ++j) B(p - 1, j) = 2 * B(0, j);
                B(p - 1, 1) += bad;
                std::vector<int> pivots(static_cast<std::size_t>(p));
                CHECK(!k.pivoted_rows(B.at(), B.ld, p, 2 * p, T(1e-4), pivots.data(), L.at(), L.ld));
            }
        }
    });
}
