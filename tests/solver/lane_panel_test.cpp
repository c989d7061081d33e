// SPDX-License-Identifier: Apache-2.0
// The kernels for problems with matrices of their own in lanes, against naive sums in long double; bounds as in
// kernels_test.cpp.

#include "kernels_reference.hpp"

using namespace kernel_test;
using optnet::solver::cpu::lanes;

namespace {

template <class I> std::size_t at(I i) { return static_cast<std::size_t>(i); }

/// A matrix per lane, as they lie side by side.
template <class T> struct side_by_side {
    index_t rows, cols;
    std::vector<T> data;

    side_by_side(index_t r, index_t c) : rows(r), cols(c), data(random_vector<T>(r * c * lanes<T>)) {}
    T& operator()(int lane, index_t i, index_t j) { return data[at((i * cols + j) * lanes<T> + lane)]; }
    const T& operator()(int lane, index_t i, index_t j) const { return const_cast<side_by_side&>(*this)(lane, i, j); }
    T* p() { return data.data(); }
};

/// Rows below a positive definite triangle: diagonally dominant, with another weight in each lane.
template <class T> side_by_side<T> panel(index_t rows, index_t n) {
    side_by_side<T> M(rows, n);
    for (int lane = 0; lane < lanes<T>; ++lane)
        for (index_t i = 0; i < n; ++i) M(lane, i, i) = static_cast<T>(n + lane);
    return M;
}

constexpr index_t few[] = {0, 1, 2, 3, 4, 5, 6, 7, 10, 13};

} // namespace

TEST_CASE("numbers are gathered to lanes and scattered back") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t count : sizes) {
            matrix<T> from = random_matrix<T>(lanes<T>, count), to(lanes<T>, count);
            std::vector<T> side(at(count * lanes<T>) + 1, matrix<T>::mark);
            const T* rows[lanes<T>];
            T* back[lanes<T>];
            for (int l = 0; l < lanes<T>; ++l) {
                rows[l] = from.at() + l * from.ld;
                back[l] = to.at() + l * to.ld;
            }
            k.lanes_gather(rows, count, side.data());
            k.lanes_scatter(side.data(), count, back);
            bool right = side.back() == matrix<T>::mark;
            for (int l = 0; l < lanes<T>; ++l)
                for (index_t i = 0; i < count; ++i)
                    right = right && side[at(i * lanes<T> + l)] == from(l, i) && to(l, i) == from(l, i);
            CHECK(right);
            CHECK(to.padding_untouched());
        }
    });
}

TEST_CASE("panels are factored in lanes, and triangles solved") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : few)
            for (const index_t below : few) {
                const side_by_side<T> M = panel<T>(n + below, n);
                side_by_side<T> L = M, x(n, 1);
                const side_by_side<T> right = x;
                std::vector<T> floor(at(n * lanes<T>), T(0)), inverse(floor);
                k.lanes_panel(L.p(), n + below, n, n, floor.data(), inverse.data());
                side_by_side<T> y = x;
                k.lanes_forward(L.p(), n, inverse.data(), n, y.p());
                k.lanes_backward(L.p(), n, inverse.data(), n, x.p());
                worst factor, forward, backward;
                for (int lane = 0; lane < lanes<T>; ++lane)
                    for (index_t i = 0; i < n + below; ++i) {
                        for (index_t j = 0; j < n && j <= i; ++j) {
                            long double sum = 0, size = 0;
                            for (index_t c = 0; c <= j; ++c) {
                                const long double term = static_cast<long double>(L(lane, i, c)) * L(lane, j, c);
                                sum += term;
                                size += std::abs(term);
                            }
                            factor.add(sum - M(lane, i, j), static_cast<long double>(n + 6) * u<T> * size);
                        }
                        if (i >= n) continue;
                        long double sum = 0, size = 0, turned = 0, turned_size = 0;
                        for (index_t j = 0; j < n; ++j) {
                            if (j <= i) {
                                const long double term = static_cast<long double>(L(lane, i, j)) * y(lane, j, 0);
                                sum += term;
                                size += std::abs(term);
                            }
                            if (j >= i) {
                                const long double term = static_cast<long double>(L(lane, j, i)) * x(lane, j, 0);
                                turned += term;
                                turned_size += std::abs(term);
                            }
                        }
                        forward.add(sum - right(lane, i, 0), static_cast<long double>(n + 6) * u<T> * size);
                        backward.add(turned - right(lane, i, 0), static_cast<long double>(n + 6) * u<T> * turned_size);
                    }
                INFO("n " << n << ", below " << below);
                CHECK(static_cast<double>(factor.ratio) <= 1.0);
                CHECK(static_cast<double>(forward.ratio) <= 1.0);
                CHECK(static_cast<double>(backward.ratio) <= 1.0);
            }
    });
}

TEST_CASE("a pivot at or below its floor, or not a number, makes its own lane NaN and no other") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        const index_t n = 7, rows = 9;
        const side_by_side<T> good = panel<T>(rows, n);
        side_by_side<T> expected = good, bad = good;
        std::vector<T> floor(at(n * lanes<T>), T(0)), inverse(floor), other(floor);
        k.lanes_panel(expected.p(), rows, n, n, floor.data(), inverse.data());
        bad(1, 3, 3) = -1;
        bad(2, 0, 0) = std::numeric_limits<T>::quiet_NaN();
        floor[at(5 * lanes<T> + 3)] = T(1000);
        k.lanes_panel(bad.p(), rows, n, n, floor.data(), other.data());
        for (int lane = 0; lane < lanes<T>; ++lane) {
            CAPTURE(lane);
            const T last = bad(lane, rows - 1, n - 1);
            if (lane >= 1 && lane <= 3)
                CHECK(last != last);
            else
                for (index_t i = 0; i < rows; ++i)
                    for (index_t j = 0; j < n && j <= i; ++j) CHECK(bad(lane, i, j) == expected(lane, i, j));
        }
    });
}

TEST_CASE("products in lanes are sums of products") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t m : few)
            for (const index_t n : few)
                for (const index_t depth : {index_t{0}, index_t{1}, index_t{6}})
                    for (const bool turned : {false, true}) {
                        side_by_side<T> A(m, depth), B(turned ? depth : n, turned ? n : depth), C(m, n);
                        const side_by_side<T> old = C;
                        const T alpha = T(-1.5), beta = T(0.5);
                        k.lanes_product(C.p(), n, A.p(), depth, B.p(), turned ? 1 : depth, turned ? n : 1, m, n, depth,
                                        false, alpha, beta);
                        worst w;
                        for (int lane = 0; lane < lanes<T>; ++lane)
                            for (index_t i = 0; i < m; ++i)
                                for (index_t j = 0; j < n; ++j) {
                                    long double sum = 0, size = 0;
                                    for (index_t d = 0; d < depth; ++d) {
                                        const long double term = static_cast<long double>(A(lane, i, d)) *
                                                                 (turned ? B(lane, d, j) : B(lane, j, d));
                                        sum += term;
                                        size += std::abs(term);
                                    }
                                    const long double rest = static_cast<long double>(beta) * old(lane, i, j);
                                    w.add(C(lane, i, j) - (alpha * sum + rest),
                                          static_cast<long double>(depth + 3) * u<T> *
                                              (std::abs(alpha) * size + std::abs(rest)));
                                }
                        INFO("m " << m << ", n " << n << ", depth " << depth << ", turned " << turned);
                        CHECK(static_cast<double>(w.ratio) <= 1.0);
                    }
    });
}

TEST_CASE("of a symmetric product the lower triangle is there") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t m : few) {
            side_by_side<T> V(m, 5), whole(m, m), lower(m, m);
            k.lanes_product(whole.p(), m, V.p(), 5, V.p(), 5, 1, m, m, 5, false, T(1), T(0));
            k.lanes_product(lower.p(), m, V.p(), 5, V.p(), 5, 1, m, m, 5, true, T(1), T(0));
            for (int lane = 0; lane < lanes<T>; ++lane)
                for (index_t i = 0; i < m; ++i)
                    for (index_t j = 0; j <= i; ++j) CHECK(lower(lane, i, j) == whole(lane, i, j));
        }
    });
}

TEST_CASE("rows are scaled by powers of two, and what is odd about a lane is said") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        const T inf = std::numeric_limits<T>::infinity();
        side_by_side<T> M(3, 4);
        for (int lane = 0; lane < lanes<T>; ++lane)
            for (index_t j = 0; j < 4; ++j) {
                M(lane, 0, j) *= static_cast<T>(std::ldexp(1.0, 3 * lane - 5));
                M(lane, 1, j) = 0;
                M(lane, 2, j) = j == 2 ? T(-6) : T(0); // one entry: shows nothing to the columns
            }
        M(1, 0, 3) = std::numeric_limits<T>::quiet_NaN();
        M(2, 0, 0) = -inf;
        M(3, 2, 2) = std::numeric_limits<T>::denorm_min();
        const side_by_side<T> old = M;
        std::vector<T> power(at(3 * lanes<T>)), column(at(4 * lanes<T>), T(0)), wrong(at(lanes<T>), T(0));
        std::vector<T> only(power), bad(wrong);
        k.lanes_row_powers(M.p(), 4, 3, 4, only.data(), bad.data()); // the same powers, and M stays as it is
        k.lanes_scale_rows(M.p(), 4, 3, 4, T(2), power.data(), column.data(), wrong.data());
        for (int lane = 0; lane < lanes<T>; ++lane) {
            CAPTURE(lane);
            const bool odd = lane >= 1 && lane <= 3;
            CHECK((wrong[at(lane)] == 0) != odd);
            CHECK((bad[at(lane)] == 0) != odd);
            for (index_t i = 0; i < 3 && !odd; ++i)
                CHECK(only[at(i * lanes<T> + lane)] == power[at(i * lanes<T> + lane)]);
            if (odd) continue;
            T most = 0;
            for (index_t j = 0; j < 4; ++j) {
                const T p = power[at(lane)];
                CHECK(M(lane, 0, j) == old(lane, 0, j) * p);
                CHECK(column[at(j * lanes<T> + lane)] == M(lane, 0, j) * M(lane, 0, j));
                most = std::max(most, std::abs(M(lane, 0, j)));
            }
            CHECK(most >= 1);
            CHECK(most < 2);
            CHECK(power[at(lanes<T> + lane)] == 1);
            CHECK(power[at(2 * lanes<T> + lane)] == T(0.25));
            CHECK(M(lane, 2, 2) == T(-1.5));
        }
    });
}

TEST_CASE("rows that are gathered come with the powers that they have in lanes") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        constexpr int N = lanes<T>;
        const index_t rows = 3;
        for (const index_t n : {1, 3, 8, 13, 16, 21, 50}) {
            CAPTURE(n);
            const index_t ld = n + 1;
            side_by_side<T> M(rows, ld), old = M;
            std::vector<std::vector<T>> given(at(N));
            const T* from[N];
            for (int l = 0; l < N; ++l) {
                given[at(l)] = random_vector<T>(rows * n);
                for (index_t j = 0; j < n; ++j) given[at(l)][at(n + j)] *= static_cast<T>(std::ldexp(1.0, 2 * l - 9));
                from[l] = given[at(l)].data();
            }
            given[1][at(rows * n - 1)] = std::numeric_limits<T>::quiet_NaN();
            given[2][0] = -std::numeric_limits<T>::infinity();
            std::vector<T> power(at(rows * N)), only(power), wrong(at(N), T(0)), bad(wrong);
            k.lanes_gather_rows(from, rows, n, M.p(), ld, power.data(), wrong.data());
            k.lanes_row_powers(M.p(), ld, rows, n, only.data(), bad.data());
            for (int l = 0; l < N; ++l) {
                CAPTURE(l);
                const bool odd = l == 1 || l == 2;
                CHECK((wrong[at(l)] == 0) != odd);
                CHECK((bad[at(l)] == 0) != odd);
                for (index_t i = 0; i < rows; ++i) {
                    if (!odd) CHECK(power[at(i * N + l)] == only[at(i * N + l)]);
                    for (index_t j = 0; j < n && !odd; ++j) CHECK(M(l, i, j) == given[at(l)][at(i * n + j)]);
                    CHECK(M(l, i, n) == old(l, i, n));
                }
            }
        }
    });
}

TEST_CASE("rows are scaled alike where no column is looked at, and what lies between them stays") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        side_by_side<T> M(5, 4), wide(5, 6);
        const side_by_side<T> old = wide;
        for (int lane = 0; lane < lanes<T>; ++lane)
            for (index_t i = 0; i < 5; ++i)
                for (index_t j = 0; j < 4; ++j) M(lane, i, j) = wide(lane, i, j);
        std::vector<T> power(at(5 * lanes<T>)), other(power), column(at(4 * lanes<T>), T(0)), wrong(at(lanes<T>), T(0));
        k.lanes_scale_rows(M.p(), 4, 5, 4, T(1), power.data(), column.data(), wrong.data());
        k.lanes_scale_rows(wide.p(), 6, 5, 4, T(1), other.data(), nullptr, wrong.data());
        CHECK(power == other);
        for (int lane = 0; lane < lanes<T>; ++lane) {
            CHECK(wrong[at(lane)] == 0);
            for (index_t i = 0; i < 5; ++i)
                for (index_t j = 0; j < 6; ++j) CHECK(wide(lane, i, j) == (j < 4 ? M(lane, i, j) : old(lane, i, j)));
        }
    });
}

TEST_CASE("rows that come later are solved in lanes") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        for (const index_t n : few)
            for (const index_t rows : few) {
                side_by_side<T> L = panel<T>(n, n), X(rows, n + 2);
                const side_by_side<T> old = X;
                std::vector<T> floor(at(n * lanes<T>), T(0)), inverse(floor);
                k.lanes_panel(L.p(), n, n, n, floor.data(), inverse.data());
                side_by_side<T> later = X; // what is asked for meanwhile changes nothing
                const T* ahead[lanes<T>];
                for (const T*& from : ahead) from = later.p();
                const index_t count = n % 2 == 0 ? rows * (n + 2) : 0;
                k.lanes_solve_rows(L.p(), n, inverse.data(), n, X.p(), n + 2, rows, count > 0 ? ahead : nullptr, count);
                worst w;
                bool untouched = true;
                for (int lane = 0; lane < lanes<T>; ++lane)
                    for (index_t i = 0; i < rows; ++i) {
                        for (index_t j = 0; j < n; ++j) {
                            long double sum = 0, size = 0;
                            for (index_t c = 0; c <= j; ++c) {
                                const long double term = static_cast<long double>(L(lane, j, c)) * X(lane, i, c);
                                sum += term;
                                size += std::abs(term);
                            }
                            w.add(sum - old(lane, i, j), static_cast<long double>(n + 6) * u<T> * size);
                        }
                        for (index_t j = n; j < n + 2; ++j) untouched = untouched && X(lane, i, j) == old(lane, i, j);
                    }
                INFO("n " << n << ", rows " << rows);
                CHECK(static_cast<double>(w.ratio) <= 1.0);
                CHECK(untouched);
            }
    });
}

TEST_CASE("symmetric parts in lanes, their size, and what is odd about a lane") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        const index_t n = 5, ld = 7;
        side_by_side<T> M(n, ld);
        for (int lane = 1; lane < lanes<T>; lane += 2) // these are symmetric
            for (index_t i = 0; i < n; ++i)
                for (index_t j = 0; j < i; ++j) M(lane, j, i) = M(lane, i, j);
        // By two units in the last place of the largest entry, which is rounding, and by sixteen.
        M(5, 0, 1) = T(0.5), M(5, 1, 0) = T(0.5) + 2 * std::numeric_limits<T>::epsilon();
        M(7, 0, 1) = T(0.5), M(7, 1, 0) = T(0.5) + 16 * std::numeric_limits<T>::epsilon();
        M(5, 2, 2) = M(7, 2, 2) = T(1);
        M(2, 4, 0) = std::numeric_limits<T>::infinity();
        M(3, 1, 1) = std::numeric_limits<T>::quiet_NaN();
        const side_by_side<T> old = M;
        std::vector<T> most(at(lanes<T>)), uneven(most), wrong(at(lanes<T>), T(0));
        k.lanes_symmetric_part(M.p(), ld, n, most.data(), uneven.data(), wrong.data());
        for (int lane = 0; lane < lanes<T>; ++lane) {
            CAPTURE(lane);
            CHECK((wrong[at(lane)] == 0) == (lane != 2 && lane != 3));
            if (lane == 2 || lane == 3) continue;
            CHECK(uneven[at(lane)] == (lane % 2 == 0 || lane == 7 ? T(1) : T(0)));
            T largest = 0;
            for (index_t i = 0; i < n; ++i)
                for (index_t j = 0; j <= i; ++j) {
                    CHECK(M(lane, i, j) == T(0.5) * old(lane, i, j) + T(0.5) * old(lane, j, i));
                    largest = std::max(largest, std::abs(M(lane, i, j)));
                }
            CHECK(most[at(lane)] == largest);
        }
    });
}

TEST_CASE("factors of some rows of a matrix of its own in every lane are those of lanes that share it") {
    each_table([](const auto& k, auto zero) {
        using T = decltype(zero);
        constexpr int N = lanes<T>;
        const index_t m = 13, most = 8, ld = 9;
        std::vector<std::vector<T>> R(at(N));
        const T* each[N];
        for (int l = 0; l < N; ++l) {
            R[at(l)] = random_vector<T>(m * m);
            for (index_t i = 0; i < m; ++i) {
                for (index_t j = 0; j < i; ++j) R[at(l)][at(j * m + i)] = R[at(l)][at(i * m + j)];
                R[at(l)][at(i * m + i)] = static_cast<T>(m + l);
            }
            each[l] = R[at(l)].data();
        }
        std::vector<int> which(at(most * N), 0);
        std::vector<T> counts(at(N)), L(at(most * ld * N)), inverse(at(most * N)), shared(L), other(inverse);
        for (int l = 0; l < N; ++l) {
            counts[at(l)] = static_cast<T>(l % (most + 1));
            for (index_t i = 0; i < l % (most + 1); ++i) which[at(i * N + l)] = static_cast<int>((3 * i + l) % m);
        }
        k.lanes_cholesky_each(each, m, which.data(), counts.data(), most, T(1e-5), L.data(), ld, inverse.data());
        for (int l = 0; l < N; ++l) {
            k.lanes_cholesky(each[l], m, which.data(), counts.data(), most, T(1e-5), shared.data(), ld, other.data());
            bool same = true;
            for (index_t i = 0; i < most; ++i) {
                same = same && inverse[at(i * N + l)] == other[at(i * N + l)];
                for (index_t j = 0; j <= i; ++j)
                    same = same && L[at((i * ld + j) * N + l)] == shared[at((i * ld + j) * N + l)];
            }
            CAPTURE(l);
            CHECK(same);
        }
    });
}
