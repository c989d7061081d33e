// SPDX-License-Identifier: Apache-2.0
// The interior point in lanes for problems that share R, and its kernels, against the optimality conditions and sums in
// long double; bounds as in kernels_test.cpp.

#include "kernels_reference.hpp"

#include "solver/algorithm/shared_interior.hpp"
#include "solver/cpu/kernels_interior.hpp"

#include <array>

using namespace kernel_test;
using optnet::solver::interior_member;
using optnet::solver::shared_interior;
using optnet::solver::cpu::interior;
using optnet::solver::cpu::lanes;

namespace {

constexpr std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

/// V V' with V [n, rank].
template <class T> matrix<T> gram(index_t n, index_t rank) {
    const matrix<T> V = random_matrix<T>(n, rank);
    matrix<T> R(n, n);
    for (index_t i = 0; i < n; ++i)
        for (index_t j = 0; j <= i; ++j) {
            T sum = 0;
            for (index_t l = 0; l < rank; ++l) sum += V(i, l) * V(j, l);
            R(i, j) = R(j, i) = sum;
        }
    return R;
}

template <class F> void each_interior(const F& f) {
    for (const char* name : {"portable", "avx2", "avx512"}) {
        INFO(name);
        if (const auto* k = interior<double>(name)) f(*k, *dense<double>(name), double());
        if (const auto* k = interior<float>(name)) f(*k, *dense<float>(name), float());
    }
}

/// One problem min ½λ'Rλ + d'λ, λ ≥ 0 per member, from afar.
struct batch_of {
    index_t m;
    std::vector<double> R, d, floor, lambda, s;

    batch_of(index_t rows, index_t rank, index_t count) : m(rows), d(at(rows * count)), floor(at(rows * count), 1e-13) {
        const matrix<double> V = gram<double>(rows, rank);
        for (index_t i = 0; i < rows; ++i)
            for (index_t j = 0; j < rows; ++j) R.push_back(V(i, j));
        // s = d at some point of V's range: there is a solution.
        for (double& e : d) e = uniform<double>() + (rank < rows ? 1.0 : 0.0);
        for (std::size_t e = 0; e < floor.size(); e += 7) floor[e] = HUGE_VAL;
        lambda.assign(d.size(), 0.0);
        s.assign(d.size(), 0.0);
    }
    std::vector<interior_member> members(const std::vector<index_t>& which) {
        std::vector<interior_member> all;
        for (const index_t k : which)
            all.push_back({d.data() + k * m, floor.data() + k * m, lambda.data() + k * m, s.data() + k * m});
        return all;
    }
    std::vector<index_t> everybody() const {
        std::vector<index_t> all;
        for (index_t k = 0; k < static_cast<index_t>(d.size()) / m; ++k) all.push_back(k);
        return all;
    }
};

template <class T> void check_conditions(double eps, int limit) {
    for (const index_t m : {index_t{1}, index_t{6}, index_t{24}, index_t{50}, index_t{101}})
        for (const index_t rank : {m + 5, (m + 1) / 2}) {
            batch_of x(m, rank, 21);
            auto members = x.members(x.everybody());
            shared_interior<T> method;
            method.set_up(x.R.data(), m);
            method.run(members, eps, 0.1, limit, 0);
            CAPTURE(m, rank, sizeof(T));
            for (const auto& one : members) {
                CHECK(one.converged);
                double gap = 0, cost = 0, size = 0, off = 0;
                for (index_t i = 0; i < m; ++i) {
                    if (one.floor[i] == HUGE_VAL) {
                        CHECK(one.lambda[i] == 0);
                        CHECK(one.s[i] == 1);
                        continue;
                    }
                    const double unit = 1 / std::sqrt(x.R[at(i * (m + 1))]);
                    double v = one.d[i], terms = std::abs(v);
                    for (index_t j = 0; j < m; ++j) {
                        v += x.R[at(i * m + j)] * one.lambda[j];
                        terms += std::abs(x.R[at(i * m + j)] * one.lambda[j]);
                    }
                    CHECK(one.lambda[i] > 0);
                    CHECK(one.s[i] > 0);
                    size = std::max(size, std::abs(one.d[i]) * unit);
                    // The iterates' own rounding comes on top.
                    off = std::max(
                        off, unit * std::max(0.0, std::abs(v - one.s[i]) - double(std::numeric_limits<T>::epsilon()) *
                                                                               static_cast<double>(m + 6) * terms));
                    gap += one.lambda[i] * one.s[i];
                    cost += std::abs(one.d[i]) * one.lambda[i];
                }
                CHECK(gap <= 1.001 * eps * (size * size + cost));
                CHECK(off <= 1.001 * eps * size);
            }
        }
}

} // namespace

TEST_CASE("the factor of R + shift in lanes, and products with R") {
    each_interior([](const auto& kernel, const auto& dense_kernels, auto zero) {
        using T = decltype(zero);
        constexpr std::size_t N = at(lanes<T>);
        for (const index_t m : {index_t{4}, index_t{20}, index_t{52}, index_t{100}}) {
            const matrix<T> R = gram<T>(m, m / 2);
            const index_t ld = m + 1;
            std::vector<T> shift, x, base, y(at(m) * N), l(at(m * ld) * N), reciprocal(at(m) * N);
            for (std::size_t e = 0; e < at(m) * N; ++e) {
                shift.push_back(std::exp(4 * uniform<T>()));
                x.push_back(uniform<T>());
                base.push_back(uniform<T>());
            }
            kernel.cholesky(R.at(), R.ld, m, shift.data(), T(0), l.data(), ld, reciprocal.data());
            kernel.product(R.at(), R.ld, m, x.data(), base.data(), y.data());
            worst factors, products, solutions;
            std::vector<T> solved = base;
            dense_kernels.lanes_solve(l.data(), ld, reciprocal.data(), m, solved.data());
            for (std::size_t lane = 0; lane < N; ++lane)
                for (index_t i = 0; i < m; ++i) {
                    long double sum = base[at(i) * N + lane], terms = std::abs(sum), left = 0, left_terms = 0;
                    for (index_t j = 0; j < m; ++j) {
                        const long double entry =
                            static_cast<long double>(R(i, j)) + (i == j ? shift[at(i) * N + lane] : 0);
                        const long double term = static_cast<long double>(R(i, j)) * x[at(j) * N + lane];
                        sum += term;
                        terms += std::abs(term);
                        left += entry * solved[at(j) * N + lane];
                        left_terms += std::abs(entry * solved[at(j) * N + lane]);
                        if (j > i) continue;
                        long double product = 0, of_product = 0;
                        for (index_t c = 0; c <= j; ++c) {
                            const long double one =
                                static_cast<long double>(l[at(i * ld + c) * N + lane]) * l[at(j * ld + c) * N + lane];
                            product += one;
                            of_product += std::abs(one);
                        }
                        factors.add(product - entry, static_cast<long double>(m + 6) * u<T> * of_product);
                    }
                    products.add(y[at(i) * N + lane] - sum, static_cast<long double>(m + 3) * u<T> * terms);
                    // |L||L'| of a positive definite matrix is its diagonal at most, so m of these bound a row.
                    solutions.add(left - base[at(i) * N + lane],
                                  static_cast<long double>(6 * m * m) * u<T> * (left_terms + 1));
                }
            INFO("m " << m);
            CHECK(static_cast<double>(factors.ratio) <= 1.0);
            CHECK(static_cast<double>(products.ratio) <= 1.0);
            CHECK(static_cast<double>(solutions.ratio) <= 1.0);
        }
    });
}

TEST_CASE("a pivot of rounding is raised in its own lane") {
    each_interior([](const auto& kernel, const auto&, auto zero) {
        using T = decltype(zero);
        constexpr std::size_t N = at(lanes<T>);
        matrix<T> R(4, 4); // rows 0 and 2 are the same
        for (index_t i = 0; i < 4; ++i)
            for (index_t j = 0; j < 4; ++j) R(i, j) = i % 2 != j % 2 ? T(1) : i == 3 && j == 3 ? T(5) : T(4);
        std::vector<T> shift(4 * N, T(0)), l(4 * 5 * N), reciprocal(4 * N);
        shift[2 * N + 1] = T(4); // makes lane 1 regular
        kernel.cholesky(R.at(), R.ld, 4, shift.data(), T(1e-4), l.data(), 5, reciprocal.data());
        CHECK(std::abs(reciprocal[2 * N] * std::sqrt(T(4e-4)) - 1) <= T(1e-5));
        CHECK(std::abs(reciprocal[2 * N + 1] * std::sqrt(T(4)) - 1) <= T(1e-5));
    });
}

TEST_CASE("the optimality conditions hold to the precision that was asked for, in double and in single precision") {
    check_conditions<double>(1e-10, 60);
    check_conditions<float>(1e-4, 60);
}

TEST_CASE("the last steps bring every product of slack and multiplier to their mean") {
    batch_of x(30, 40, 13);
    auto members = x.members(x.everybody());
    shared_interior<double> method;
    method.set_up(x.R.data(), 30);
    method.run(members, 1e-8, 0.1, 60, 4);
    for (const auto& one : members) {
        REQUIRE(one.converged);
        double least = HUGE_VAL, most = 0;
        for (index_t i = 0; i < 30; ++i) {
            if (one.floor[i] == HUGE_VAL) continue;
            least = std::min(least, one.lambda[i] * one.s[i]);
            most = std::max(most, one.lambda[i] * one.s[i]);
        }
        CHECK(most <= 1.01 * least);
    }
}

TEST_CASE("a problem does not know the others in its lanes, and NaN stays in its own") {
    const index_t m = 18;
    batch_of x(m, 25, 20);
    for (index_t i = 0; i < m; ++i) x.d[at(3 * m + i)] = std::nan("");
    const auto points = [&](const std::vector<index_t>& which) {
        std::fill(x.lambda.begin(), x.lambda.end(), 0.0);
        std::fill(x.s.begin(), x.s.end(), 0.0);
        auto members = x.members(which);
        shared_interior<double> method;
        method.set_up(x.R.data(), m);
        method.run(members, 1e-9, 0.1, 60, 2);
        for (std::size_t c = 0; c < which.size(); ++c) CHECK(members[c].converged == (which[c] != 3));
        std::vector<double> all = x.lambda;
        all.insert(all.end(), x.s.begin(), x.s.end());
        return all;
    };
    const std::vector<double> together = points(x.everybody());
    for (const index_t k : {index_t{0}, index_t{2}, index_t{11}, index_t{19}}) {
        const std::vector<double> apart = points({3, k});
        for (index_t i = 0; i < m; ++i)
            for (const index_t e : {k * m + i, static_cast<index_t>(x.lambda.size()) + k * m + i})
                CHECK(together[at(e)] == apart[at(e)]);
    }
}
