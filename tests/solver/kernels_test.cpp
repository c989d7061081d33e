// SPDX-License-Identifier: Apache-2.0
// Every kernel, instruction set and element type against naive sums in long double.
//
// Bounds (u the unit roundoff; Higham, Accuracy and Stability of Numerical Algorithms, 3.1, 8.1, 10.1): a sum of k
// products in any order errs by at most (k + 3) u sum |a||b| (with alpha and beta); a factor or solution by
// substitution has a componentwise residual of at most (n + 6) u |L||L'|, |L||x|: n from the sums, 6 from division by
// way of a rounded reciprocal and the scaled triangle. The long double reference adds less than a thousandth of that.

#include "kernels_reference.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace kernel_test;

namespace {

enum class form { nt, nn, tn, syrk };

template <class T>
void check_product(const kernels<T>& k, form f, index_t m, index_t n, index_t depth, T alpha, T beta) {
    if (f == form::syrk) n = m;
    const matrix<T> A = f == form::tn ? random_matrix<T>(depth, m) : random_matrix<T>(m, depth);
    const matrix<T> B = f == form::syrk ? A : f == form::nt ? random_matrix<T>(n, depth) : random_matrix<T>(depth, n);
    matrix<T> C = random_matrix<T>(m, n);
    if (beta == 0)
        for (T& x : C.data)
            if (x != matrix<T>::mark) x = std::numeric_limits<T>::quiet_NaN();
    const matrix<T> old = C;
    if (f == form::nt) k.gemm_nt(C.at(), C.ld, A.at(), A.ld, B.at(), B.ld, m, n, depth, alpha, beta);
    if (f == form::nn) k.gemm_nn(C.at(), C.ld, A.at(), A.ld, B.at(), B.ld, m, n, depth, alpha, beta);
    if (f == form::tn) k.gemm_tn(C.at(), C.ld, A.at(), A.ld, B.at(), B.ld, m, n, depth, alpha, beta);
    if (f == form::syrk) k.syrk_lower(C.at(), C.ld, A.at(), A.ld, m, depth, alpha, beta);
    worst w;
    bool above_kept = true;
    for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < n; ++j) {
            if (f == form::syrk && j > i) {
                above_kept = above_kept && (C(i, j) == old(i, j) || (C(i, j) != C(i, j) && old(i, j) != old(i, j)));
                continue;
            }
            long double sum = 0, size = 0;
            for (index_t l = 0; l < depth; ++l) {
                const long double a = f == form::tn ? A(l, i) : A(i, l),
                                  b = f == form::nt || f == form::syrk ? B(j, l) : B(l, j);
                sum += a * b;
                size += std::abs(a * b);
            }
            const long double rest = beta == 0 ? 0.0L : static_cast<long double>(beta) * old(i, j);
            w.add(C(i, j) - (alpha * sum + rest),
                  static_cast<long double>(depth + 3) * u<T> * (std::abs(alpha) * size + std::abs(rest)));
        }
    INFO("form " << static_cast<int>(f) << ", m " << m << ", n " << n << ", k " << depth << ", beta " << beta);
    CHECK(static_cast<double>(w.ratio) <= 1.0);
    CHECK(C.padding_untouched());
    CHECK(above_kept);
}

/// |rows L' - right| <= (n + 6) u |rows||L'| for the first n columns of each row; L lower triangular.
template <class T>
void check_solution(worst& w, const T* x, const T* right, const matrix<T>& L, index_t n, bool transposed) {
    for (index_t c = 0; c < n; ++c) {
        long double sum = 0, size = 0;
        for (index_t j = transposed ? c : 0; j < (transposed ? n : c + 1); ++j) {
            const long double term = static_cast<long double>(transposed ? L(j, c) : L(c, j)) * x[j];
            sum += term;
            size += std::abs(term);
        }
        w.add(sum - right[c], static_cast<long double>(n + 6) * u<T> * size);
    }
}

} // namespace

TEST_CASE("products are sums of products to the bound of any order") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (std::size_t i = 0; i < sizes.size(); ++i)
            for (std::size_t j = 0; j < sizes.size(); ++j) {
                const index_t depth = sizes[(7 * i + 3 * j + 5) % sizes.size()];
                for (const form f : {form::nt, form::nn, form::tn, form::syrk})
                    check_product<T>(k, f, sizes[i], sizes[j], depth, T(-0.75), (i + j) % 2 == 0 ? T(0) : T(1.5));
            }
        // Deeper than the part that is packed at a time.
        for (const index_t depth : {index_t{191}, index_t{192}, index_t{193}, index_t{400}})
            for (const form f : {form::nt, form::nn, form::tn, form::syrk})
                check_product<T>(k, f, 27, 51, depth, T(2), T(-1));
    });
}

TEST_CASE("a panel is factored and its lower rows are solved in one sweep") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : sizes)
            for (const index_t below : {index_t{0}, index_t{1}, index_t{7}, index_t{40}}) {
                matrix<T> M(n + below, n);
                const matrix<T> V = random_matrix<T>(n, n + 4);
                for (index_t i = 0; i < n; ++i)
                    for (index_t j = 0; j < n; ++j) {
                        T sum = i == j ? T(0.1) : T(0);
                        for (index_t l = 0; l < n + 4; ++l) sum += V(i, l) * V(j, l);
                        M(i, j) = j <= i ? sum : std::numeric_limits<T>::quiet_NaN();
                    }
                for (index_t i = n; i < n + below; ++i)
                    for (index_t j = 0; j < n; ++j) M(i, j) = uniform<T>();
                const matrix<T> old = M;
                std::vector<T> reciprocal(static_cast<std::size_t>(n));
                INFO("n " << n << ", below " << below);
                REQUIRE(k.partial_cholesky(M.at(), n + below, n, M.ld, T(0), reciprocal.data()));
                worst w;
                bool above_kept = true;
                for (index_t i = 0; i < n + below; ++i)
                    check_solution<T>(w, M.at() + i * M.ld, old.at() + i * M.ld, M, std::min(i + 1, n), false);
                for (index_t i = 0; i < n; ++i) {
                    for (index_t j = i + 1; j < n; ++j) above_kept = above_kept && M(i, j) != M(i, j);
                    w.add(static_cast<long double>(reciprocal[static_cast<std::size_t>(i)]) * M(i, i) - 1, 4 * u<T>);
                }
                CHECK(static_cast<double>(w.ratio) <= 1.0);
                CHECK(above_kept);
                CHECK(M.padding_untouched());
            }
    });
}

TEST_CASE("triangular solves leave a residual of rounding, with one right-hand side and with many") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : sizes)
            for (const index_t m : {index_t{0}, index_t{1}, index_t{8}, index_t{13}, index_t{35}}) {
                const matrix<T> L = random_triangle<T>(n), B = random_matrix<T>(m, n);
                worst w;
                matrix<T> X = B, Y = B;
                k.trsm_lower(L.at(), L.ld, n, X.at(), X.ld, m);
                k.trsm_lower_transposed(L.at(), L.ld, n, Y.at(), Y.ld, m);
                for (index_t i = 0; i < m; ++i) {
                    check_solution<T>(w, X.at() + i * X.ld, B.at() + i * B.ld, L, n, false);
                    check_solution<T>(w, Y.at() + i * Y.ld, B.at() + i * B.ld, L, n, true);
                }
                std::vector<T> b = random_vector<T>(n), x = b, y = b;
                k.trsv_lower(L.at(), L.ld, n, x.data());
                k.trsv_lower_transposed(L.at(), L.ld, n, y.data());
                check_solution<T>(w, x.data(), b.data(), L, n, false);
                check_solution<T>(w, y.data(), b.data(), L, n, true);
                INFO("n " << n << ", rows " << m);
                CHECK(static_cast<double>(w.ratio) <= 1.0);
                CHECK(X.padding_untouched());
                CHECK(Y.padding_untouched());
            }
    });
}

TEST_CASE("matrix times vector, symmetric too, and the vector kernels") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        const T alpha = T(-1.25);
        for (const index_t m : sizes)
            for (const index_t n : sizes)
                for (const T beta : {T(0), T(0.5), T(1)}) {
                    const matrix<T> A = random_matrix<T>(m, n);
                    const std::vector<T> x = random_vector<T>(n), z = random_vector<T>(m);
                    std::vector<T> y = random_vector<T>(m), v = random_vector<T>(n);
                    if (beta == 0)
                        y.assign(y.size(), std::numeric_limits<T>::quiet_NaN()),
                            v.assign(v.size(), y.empty() ? T(0) : y[0]);
                    const std::vector<T> y0 = y, v0 = v;
                    k.gemv(A.at(), A.ld, m, n, alpha, x.data(), beta, y.data());
                    k.gemv_transposed(A.at(), A.ld, m, n, alpha, z.data(), beta, v.data());
                    worst w;
                    for (index_t i = 0; i < m; ++i) {
                        const long double rest =
                            beta == 0 ? 0.0L : static_cast<long double>(beta) * y0[static_cast<std::size_t>(i)];
                        long double sum = rest, size = std::abs(rest);
                        for (index_t j = 0; j < n; ++j) {
                            const long double term =
                                static_cast<long double>(alpha) * A(i, j) * x[static_cast<std::size_t>(j)];
                            sum += term;
                            size += std::abs(term);
                        }
                        w.add(y[static_cast<std::size_t>(i)] - sum, static_cast<long double>(n + 3) * u<T> * size);
                    }
                    for (index_t j = 0; j < n; ++j) {
                        const long double rest =
                            beta == 0 ? 0.0L : static_cast<long double>(beta) * v0[static_cast<std::size_t>(j)];
                        long double sum = rest, size = std::abs(rest);
                        for (index_t i = 0; i < m; ++i) {
                            const long double term =
                                static_cast<long double>(alpha) * A(i, j) * z[static_cast<std::size_t>(i)];
                            sum += term;
                            size += std::abs(term);
                        }
                        w.add(v[static_cast<std::size_t>(j)] - sum, static_cast<long double>(m + 3) * u<T> * size);
                    }
                    INFO("m " << m << ", n " << n << ", beta " << beta);
                    CHECK(static_cast<double>(w.ratio) <= 1.0);
                }
        for (const index_t n : sizes) {
            const matrix<T> S = random_triangle<T>(n);
            const std::vector<T> x = random_vector<T>(n), y0 = random_vector<T>(n);
            std::vector<T> y = y0, z = y0, s = y0;
            k.symv_lower(S.at(), S.ld, n, alpha, x.data(), T(0.5), y.data());
            k.axpy(alpha, x.data(), z.data(), n);
            k.scale(alpha, s.data(), n);
            worst w;
            long double sum = 0, size = 0, most = 0, added = 0;
            for (index_t i = 0; i < n; ++i) {
                const auto at = static_cast<std::size_t>(i);
                long double row = 0.5L * y0[at], row_size = std::abs(row);
                for (index_t j = 0; j < n; ++j) {
                    const long double term =
                        static_cast<long double>(alpha) * (j <= i ? S(i, j) : S(j, i)) * x[static_cast<std::size_t>(j)];
                    row += term;
                    row_size += std::abs(term);
                }
                w.add(y[at] - row, static_cast<long double>(n + 4) * u<T> * row_size);
                const long double product = static_cast<long double>(alpha) * x[at];
                w.add(z[at] - (y0[at] + product), 2 * u<T> * (std::abs(product) + std::abs(y0[at])));
                w.add(s[at] - static_cast<long double>(alpha) * y0[at], u<T> * std::abs(alpha * y0[at]) * 1.001L);
                sum += static_cast<long double>(x[at]) * y0[at];
                size += std::abs(static_cast<long double>(x[at]) * y0[at]);
                most = std::max(most, std::abs(static_cast<long double>(x[at])));
                added += std::abs(static_cast<long double>(x[at]));
            }
            w.add(k.dot(x.data(), y0.data(), n) - sum, static_cast<long double>(n + 1) * u<T> * size);
            INFO("n " << n);
            CHECK(static_cast<double>(w.ratio) <= 1.0);
            CHECK(k.max_abs(x.data(), n) == static_cast<T>(most));
            CHECK(std::abs(k.sum_abs(x.data(), n) - added) <= static_cast<long double>(n + 3) * u<T> * added);
        }
    });
}

TEST_CASE("the largest entries of rows and columns") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t m : sizes)
            for (const index_t n : sizes) {
                matrix<T> A = random_matrix<T>(m, n);
                std::vector<T> rows(static_cast<std::size_t>(m)), columns(static_cast<std::size_t>(n), T(0));
                k.rows_max_abs(A.at(), A.ld, m, n, rows.data());
                for (index_t i = 0; i < m; ++i) k.max_into(A.at() + i * A.ld, n, columns.data());
                bool right = true;
                for (index_t i = 0; i < m; ++i)
                    right = right && rows[static_cast<std::size_t>(i)] == k.max_abs(A.at() + i * A.ld, n);
                for (index_t j = 0; j < n; ++j) {
                    T most = 0;
                    for (index_t i = 0; i < m; ++i) most = std::max(most, std::abs(A(i, j)));
                    right = right && columns[static_cast<std::size_t>(j)] == most;
                }
                INFO("m " << m << ", n " << n);
                CHECK(right);
                if (m == 0 || n == 0) continue;
                for (const T bad : {std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::infinity()}) {
                    A(m / 2, n - 1) = bad;
                    k.rows_max_abs(A.at(), A.ld, m, n, rows.data());
                    for (index_t i = 0; i < m; ++i)
                        CHECK((rows[static_cast<std::size_t>(i)] == rows[static_cast<std::size_t>(i)]) == (i != m / 2));
                }
            }
    });
}

TEST_CASE("symmetric parts and mirrored triangles are exact") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : sizes) {
            const matrix<T> M = random_matrix<T>(n, n);
            matrix<T> part = M, mirrored = M;
            k.symmetric_part(part.at(), part.ld, n);
            k.mirror_lower(mirrored.at(), mirrored.ld, n);
            bool right = true;
            for (index_t i = 0; i < n; ++i)
                for (index_t j = 0; j < n; ++j) {
                    right = right && part(i, j) == T(0.5) * M(i, j) + T(0.5) * M(j, i); // halves are exact
                    right = right && mirrored(i, j) == (j <= i ? M(i, j) : M(j, i));
                }
            INFO("n " << n);
            CHECK(right);
            CHECK(part.padding_untouched());
            CHECK(mirrored.padding_untouched());
        }
    });
}

TEST_CASE("a pivot that is negative, zero, below the floor, NaN or infinite ends the factorization") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
        for (const index_t n : {index_t{1}, index_t{8}, index_t{25}, index_t{101}})
            for (const index_t bad : {index_t{0}, n / 2, n - 1})
                for (const T value : {T(-1), T(0), T(0.25), nan, inf, -inf}) {
                    matrix<T> M(n, n);
                    for (index_t i = 0; i < n; ++i)
                        for (index_t j = 0; j < n; ++j) M(i, j) = i == j ? T(1) : T(0);
                    REQUIRE(k.partial_cholesky(M.at(), n, n, M.ld, T(0.5), nullptr));
                    M(bad, bad) = value;
                    CHECK_FALSE(k.partial_cholesky(M.at(), n, n, M.ld, T(0.5), nullptr));
                }
        // A NaN left of the diagonal reaches the pivot of its row.
        matrix<T> M(60, 60);
        for (index_t i = 0; i < 60; ++i)
            for (index_t j = 0; j < 60; ++j) M(i, j) = i == j ? T(1) : T(0);
        M(50, 3) = nan;
        CHECK_FALSE(k.partial_cholesky(M.at(), 60, 60, M.ld, T(0), nullptr));
    });
}

TEST_CASE("NaN in an input reaches the output") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        const T nan = std::numeric_limits<T>::quiet_NaN();
        for (const index_t n : {index_t{1}, index_t{9}, index_t{25}, index_t{100}})
            for (const index_t at : {index_t{0}, n / 2, n - 1}) {
                matrix<T> A = random_matrix<T>(n, n), C(n, n);
                const matrix<T> B = random_matrix<T>(n, n);
                A(at, at) = nan;
                k.gemm_nt(C.at(), C.ld, A.at(), A.ld, B.at(), B.ld, n, n, n, T(1), T(0));
                bool row_nan = true, others_numbers = true;
                for (index_t i = 0; i < n; ++i)
                    for (index_t j = 0; j < n; ++j)
                        (i == at ? row_nan : others_numbers) &= (C(i, j) != C(i, j)) == (i == at);
                CHECK(row_nan);
                CHECK(others_numbers);
                std::vector<T> x = random_vector<T>(n);
                x[static_cast<std::size_t>(at)] = nan;
                CHECK(std::isnan(k.max_abs(x.data(), n)));
                CHECK(std::isnan(k.dot(x.data(), B.at(), n)));
            }
    });
}

TEST_CASE("rows appended to and deleted from a factor keep it the factor of what is left") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : {index_t{1}, index_t{2}, index_t{9}, index_t{33}, index_t{65}}) {
            // R = V V' + I / 2 with well separated eigenvalues from 1/2 on.
            const matrix<T> V = random_matrix<T>(n, n);
            matrix<T> R(n, n), L(n, n);
            for (index_t i = 0; i < n; ++i)
                for (index_t j = 0; j < n; ++j) {
                    T sum = i == j ? T(0.5) : T(0);
                    for (index_t l = 0; l < n; ++l) sum += V(i, l) * V(j, l);
                    R(i, j) = sum;
                }
            for (index_t i = 0; i < n; ++i) REQUIRE(k.cholesky_append(L.at(), L.ld, i, R.at() + i * R.ld, R(i, i)) > 0);
            std::vector<index_t> left(static_cast<std::size_t>(n));
            for (index_t i = 0; i < n; ++i) left[static_cast<std::size_t>(i)] = i;
            std::vector<T> work(static_cast<std::size_t>(2 * n));
            // Each deletion adds at most 6 sqrt(k) k u in the norm of R (Higham, lemma 19.9); the norm is below 2 n.
            long double bound = static_cast<long double>(n + 6) * u<T> * 2.0L * static_cast<long double>(n);
            while (!left.empty()) {
                const auto size = static_cast<index_t>(left.size());
                long double error = 0;
                for (index_t i = 0; i < size; ++i)
                    for (index_t j = 0; j <= i; ++j) {
                        long double sum = 0;
                        for (index_t l = 0; l <= j; ++l) sum += static_cast<long double>(L(i, l)) * L(j, l);
                        error = std::max(error, std::abs(sum - R(left[static_cast<std::size_t>(i)],
                                                                 left[static_cast<std::size_t>(j)])));
                    }
                INFO("n " << n << ", size " << size);
                REQUIRE(static_cast<double>(error) <= static_cast<double>(bound));
                const index_t gone = (5 * size + 2) % size;
                k.cholesky_delete(L.at(), L.ld, size, gone, work.data());
                left.erase(left.begin() + gone);
                bound += 12.0L * std::pow(static_cast<long double>(n), 1.5L) * u<T> * 2.0L;
            }
        }
        // A row that repeats another has the pivot 0: it is refused. diag(4) and its copy are exact.
        T L[4] = {2, 0, 0, 0};
        const T row[1] = {4};
        CHECK(k.cholesky_append(L, 2, 1, row, T(4)) == T(0));
        CHECK(L[3] == T(0));
    });
}

TEST_CASE("the choice of instruction set follows the processor") {
    const std::string name = dense<double>().name;
    CHECK(dense<float>().name == name);
    CHECK(dense<double>(name.c_str()) == &dense<double>());
    CHECK(dense<double>("sse9") == nullptr);
    CHECK(dense<double>("portable") != nullptr);
}
