// SPDX-License-Identifier: Apache-2.0
// What the GPU's code says where the rounding of the data, of the sums or of the result is larger than the tolerance:
// as rounding_test.cpp asks it of the CPU, on the host.

#include "catch.hpp"
#include "cuda/sparse_host.hpp"
#include "rounding_problems.hpp"

#include <limits>

using namespace problems;
namespace cuda = optnet::solver::cuda;
using cuda::handed_over;

namespace {

template <class Batch, class T> Batch on_host(const dense<T>& d) {
    const view<T> v(d);
    Batch b(v.batch, {});
    cuda::serial_team one;
    b.solve(one);
    return b;
}
template <class T> using by_dense = host::batch<T>;
template <class T> using by_sparse = host::sparse_batch<T>;

/// |Az − b| of the one equality in long double, and the sum of the sizes of its terms.
std::pair<long double, long double> primal_residual(const dense<double>& d, const std::vector<double>& z,
                                                    std::int64_t k) {
    long double sum = -static_cast<long double>(d.bat(k, 0)), terms = std::abs(sum);
    for (int j = 0; j < d.n; ++j) {
        const long double term = static_cast<long double>(d.Aat(k, 0, j)) * z[static_cast<std::size_t>(k * d.n + j)];
        sum += term;
        terms += std::abs(term);
    }
    return {std::abs(sum), terms};
}

/// What a batch has come to: points beyond the tolerance, points within ten thousand of it and none, and solutions with
/// residuals that doubles could not tell.
struct counts {
    int beyond = 0, inaccurate = 0, failed = 0, judged = 0;
};

/// What is not solved is handed over, with a point within ten thousand tolerances or with none.
template <class Batch> void check_refused(const dense<double>& d, const Batch& b, std::int64_t k, counts& found) {
    CHECK(b.handed_over(k) == handed_over::not_solved);
    const bool inaccurate = b.out.at(k) == status::solved_inaccurate;
    ++(inaccurate ? found.inaccurate : found.failed);
    if (inaccurate) {
        CHECK(shares(d, b.out, k, 1e-8) <= 1e4L * (1 + 1e-6L));
    } else {
        CHECK(b.out.at(k) == status::numerical_error);
        CHECK(std::isnan(b.out.z[static_cast<std::size_t>(k * d.n)]));
    }
}

/// Nothing beyond the tolerance is called solved; what is refused is handed over, and what is solved has the residual
/// of exact sums.
template <class Batch> void check_rounding(const dense<double>& d, counts& found) {
    const Batch b = on_host<Batch>(d);
    for (std::int64_t k = 0; k < d.batch; ++k) {
        CAPTURE(d.n, k);
        const long double share = shares(d, b.out, k, 1e-8);
        found.beyond += share > 1 ? 1 : 0;
        if (b.out.at(k) != status::solved) {
            check_refused(d, b, k, found);
            continue;
        }
        CHECK(share <= 1 + 1e-6L);
        CHECK(b.handed_over(k) == handed_over::no);
        const auto [residual, terms] = primal_residual(d, b.out.z, k);
        const double said = b.out.residuals[static_cast<std::size_t>(3 * k)];
        // 64 bits of long double for each term.
        CHECK(std::abs(static_cast<double>(residual) - said) <= static_cast<double>(1e-18L * terms));
        found.judged += terms > 1e9L ? 1 : 0;
    }
}

/// The elements without a number in float32 fail, without a gradient; the others are solved and have one.
template <class Batch> void check_beyond_float32() {
    const dense<float> d = beyond_float32(3);
    const view<float> v(d);
    Batch b(v.batch, {});
    cuda::serial_team one;
    b.solve(one);
    CHECK(b.out.at(0) == status::numerical_error);
    CHECK(b.handed_over(0) == handed_over::no);
    for (std::size_t j = 0; j < 2; ++j) CHECK(std::isnan(b.out.z[j]));
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::isnan(b.out.residuals[i]));
    for (const std::int64_t k : {1, 2}) CHECK(b.out.at(k) == status::solved);
    const std::vector<float> right(6, 1.0F);
    std::vector<float> left(6, 7.0F);
    b.kkt_solve(one, {right.data(), nullptr, nullptr}, {left.data(), nullptr, nullptr});
    for (std::size_t i = 0; i < 6; ++i) CHECK(left[i] == (i < 2 ? 0.0F : static_cast<float>(1 / double{1e-20F})));
}

} // namespace

TEST_CASE("the GPU's code says solved only where rounding does not decide") {
    counts whole, pattern;
    for (const bool shared : {true, false})
        for (const int n : {17, 40}) {
            CAPTURE(shared);
            check_rounding<by_dense<double>>(far_away(n, 9, shared), whole);
            check_rounding<by_sparse<double>>(far_away(n, 9, shared), pattern);
        }
    numbers draw(3);
    for (const int n : {3, 20, 100}) {
        const dense<double> d = far_on_a_diagonal(n, 20, draw);
        check_rounding<by_dense<double>>(d, whole);
        check_rounding<by_sparse<double>>(d, pattern);
    }
    for (const counts& c : {whole, pattern}) {
        CHECK(c.beyond > 0);
        CHECK(c.judged > 0);
    }
}

TEST_CASE("nor does the GPU's code say solved_inaccurate beyond ten thousand tolerances") {
    counts whole, pattern;
    for (const bool shared : {true, false})
        for (const double cost : {1e8, 3e8, 1e9, 3e9}) {
            CAPTURE(shared, cost);
            check_rounding<by_dense<double>>(far_away(17, 33, shared, cost), whole);
            check_rounding<by_sparse<double>>(far_away(17, 33, shared, cost), pattern);
        }
    for (const counts& c : {whole, pattern}) {
        CHECK(c.inaccurate > 0);
        CHECK(c.failed > 0);
    }
}

TEST_CASE("a solution beyond float32 is no solution in float32 on a GPU, and has no gradient") {
    check_beyond_float32<by_dense<float>>();
    check_beyond_float32<by_sparse<float>>();
}

TEST_CASE("a Q of low rank that was computed in float32 is convex on a GPU") {
    for (const int n : {3, 10, 40})
        for (const bool shared : {true, false}) {
            CAPTURE(n, shared);
            const dense<float> d = low_rank(n, 2, shared, static_cast<std::uint64_t>(n) + 1);
            const auto whole = on_host<by_dense<float>>(d);
            const auto pattern = on_host<by_sparse<float>>(d);
            for (std::int64_t k = 0; k < d.batch; ++k) {
                CHECK(whole.out.at(k) == status::solved);
                CHECK(pattern.out.at(k) == status::solved);
                // The returned point is rounded once more.
                CHECK(shares(d, whole.out, k, 1e-4) <= 1.1L);
                CHECK(shares(d, pattern.out, k, 1e-4) <= 1.1L);
            }
        }
    dense<float> saddle = zeros<float>(2, 0, 0);
    saddle.Q = {1, 0, 0, -1e-4F};
    CHECK(on_host<by_dense<float>>(saddle).out.at(0) == status::nonconvex);
    CHECK(on_host<by_sparse<float>>(saddle).out.at(0) == status::nonconvex);
}

TEST_CASE("sums of two doubles keep what doubles lose, in every order of the workers") {
    // Terms 1e16 and −1e16 in turn with i + ½ behind them: the sum of 2n terms is 2n².
    const auto term = [](int i) { return cuda::two{i % 2 == 0 ? 1e16 : -1e16, 0.5 + i}; };
    for (const int n : {1, 50, 500}) {
        cuda::serial_team one;
        const cuda::two sum = one.reduce<cuda::add_exactly>(2 * n, [&](int i) {
            cuda::exact_sum s;
            s.add(term(i).a, 1.0);
            s.add(term(i).b, 1.0);
            return s.parts();
        });
        CHECK(sum.a + sum.b == 2.0 * n * n);
    }
}
