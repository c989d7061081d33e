// SPDX-License-Identifier: Apache-2.0
// The first active sets of batches that share R, and the kernels of their iteration and of verdicts against naive sums.

#include "kernels_reference.hpp"
#include "solver/algorithm/dual_active_set.hpp"
#include "solver/algorithm/first_guess.hpp"

#include <array>

using namespace kernel_test;
using optnet::solver::first_guess;
using optnet::solver::guess_matrix;

namespace {

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }
const double infinity = std::numeric_limits<double>::infinity();

/// s = R λ + d with known sets: R = V V' / m + I / 2 has condition 10 at most, λ and s lie in [1/2, 3/2] where they are
/// not 0. With a rank, R = V V' / m for a V of so many columns, and half as many rows are in each set.
struct known {
    known(index_t size, index_t problems, index_t rank = 0)
        : m(size), count(problems), R(at(m * m)), d(at(count * m)), lambda(at(count * m)), sets(at(count)) {
        const index_t columns = rank > 0 ? rank : m;
        const matrix<double> V = random_matrix<double>(m, columns);
        for (index_t i = 0; i < m; ++i)
            for (index_t j = 0; j < m; ++j) {
                double sum = i == j && rank == 0 ? 0.5 : 0.0;
                for (index_t l = 0; l < columns; ++l) sum += V(i, l) * V(j, l) / static_cast<double>(m);
                R[at(i * m + j)] = sum;
            }
        for (index_t k = 0; k < count; ++k) {
            double *own = d.data() + k * m, *multipliers = lambda.data() + k * m;
            for (index_t i = 0; i < m; ++i) {
                const double size_of = 1 + 0.5 * uniform<double>();
                const bool active = rank > 0 ? 2 * ((i + k) % m) < rank : uniform<double>() < 0;
                if (active) {
                    sets[at(k)].push_back(static_cast<int>(i));
                    multipliers[i] = size_of;
                } else {
                    own[i] = size_of;
                }
            }
            for (index_t i = 0; i < m; ++i)
                for (index_t j = 0; j < m; ++j) own[i] -= R[at(i * m + j)] * multipliers[j];
        }
    }
    std::vector<std::vector<int>> guess(std::vector<double> floor = {}) const {
        guess_matrix shared;
        shared.set_up(R.data(), m);
        REQUIRE(shared.usable());
        floor.resize(at(count * m), 1e-12);
        first_guess one;
        one.run(shared, m, count, d.data(), floor.data());
        std::vector<std::vector<int>> found(at(count));
        for (index_t k = 0; k < count; ++k) one.rows(k, found[at(k)]);
        return found;
    }
    index_t m, count;
    std::vector<double> R, d, lambda;
    std::vector<std::vector<int>> sets;
};

} // namespace

TEST_CASE("guess: the active sets of problems far from degenerate, in whatever units") {
    for (const index_t m : {index_t{1}, index_t{7}, index_t{50}, index_t{101}}) {
        INFO("m " << m);
        known x(m, 16);
        CHECK(x.guess() == x.sets);
        for (index_t k = 0; k < x.count; ++k)
            for (index_t i = 0; i < m; ++i) x.d[at(k * m + i)] *= std::ldexp(1.0, static_cast<int>(100 * (k - 8)));
        CHECK(x.guess() == x.sets);
        // Rows of G in units of their own: R_ij times u_i u_j, d_i times u_i.
        for (index_t i = 0; i < m; ++i) {
            const double unit = std::ldexp(1.0, static_cast<int>(11 * i % 90 - 45));
            for (index_t j = 0; j < m; ++j) x.R[at(i * m + j)] *= unit, x.R[at(j * m + i)] *= unit;
            for (index_t k = 0; k < x.count; ++k) x.d[at(k * m + i)] *= unit;
        }
        CHECK(x.guess() == x.sets);
    }
}

TEST_CASE("guess: an absent row is never active, and the others are as if it were not there") {
    known x(40, 8);
    std::vector<double> floor(at(40 * 8), 1e-12);
    // Row 39 is violated by far, but absent; without it the sets are those of the leading 39 rows.
    known less(39, 8);
    for (index_t i = 0; i < 39; ++i)
        for (index_t j = 0; j < 39; ++j) x.R[at(i * 40 + j)] = less.R[at(i * 39 + j)];
    for (index_t k = 0; k < 8; ++k) {
        std::copy_n(less.d.data() + k * 39, 39, x.d.data() + k * 40);
        x.d[at(k * 40 + 39)] = -5;
        floor[at(k * 40 + 39)] = infinity;
    }
    for (index_t j = 0; j < 40; ++j) x.R[at(39 * 40 + j)] = x.R[at(j * 40 + 39)] = j == 39 ? 1.0 : 0.01;
    CHECK(x.guess(floor) == less.sets);
}

TEST_CASE("guess: its multipliers are those of the rows, near the solution's") {
    // With the condition κ an iteration brings t nearer to the solution by (√κ − 1) / (√κ + 1): twelve of them by
    // 4e-4 for κ = 10. |t| is below 6 here, and λ is twice t.
    const index_t m = 50;
    const known x(m, 8);
    guess_matrix shared;
    shared.set_up(x.R.data(), m);
    first_guess one;
    one.run(shared, m, 8, x.d.data(), std::vector<double>(at(8 * m), 1e-12).data());
    for (index_t k = 0; k < 8; ++k) {
        std::vector<double> lambda;
        one.multipliers(shared, k, lambda);
        std::vector<char> active(at(m), 0);
        for (const int i : x.sets[at(k)]) active[at(i)] = 1;
        double off = 0;
        for (index_t i = 0; i < m; ++i) {
            CHECK((lambda[at(i)] > 0) == (active[at(i)] != 0));
            off = std::max(off, active[at(i)] != 0 ? std::abs(lambda[at(i)] - x.lambda[at(k * m + i)]) : 0.0);
        }
        CHECK(off <= 5e-3);
    }
}

TEST_CASE("guess: fewer steps of the dual active set are left where R is singular") {
    const index_t m = 60, rank = 40;
    known x(m, 8, rank);
    guess_matrix shared;
    shared.set_up(x.R.data(), m, true);
    REQUIRE(shared.usable());
    first_guess one;
    const std::vector<double> floor(at(m), 1e-12), floors(at(8 * m), 1e-12);
    one.run(shared, m, 8, x.d.data(), floors.data());
    optnet::solver::dual_active_set from_guess, from_nothing;
    for (index_t k = 0; k < 8; ++k) {
        const std::vector<double> d(x.d.begin() + k * m, x.d.begin() + (k + 1) * m);
        one.rows(k, from_guess.basis);
        one.multipliers(shared, k, from_guess.lambda);
        using optnet::solver::first_basis;
        const auto solve = [&](auto& dual, first_basis from) {
            CHECK(dual.solve(x.R.data(), m, d, floor, 1000, from) == optnet::solver::dual_outcome::optimal);
            std::vector<int> rows = dual.basis;
            std::sort(rows.begin(), rows.end());
            CHECK(rows == x.sets[at(k)]);
        };
        solve(from_guess, first_basis::given);
        solve(from_nothing, first_basis::none);
        CHECK(from_guess.steps < from_nothing.steps);
    }
}

TEST_CASE("guess: a problem does not know the others nor its place") {
    const known x(30, 24);
    known other(30, 8);
    other.R = x.R;
    const auto all = x.guess();
    for (index_t k = 0; k < 24; ++k) {
        std::copy_n(x.d.data() + k * 30, 30, other.d.data() + (k * 5 % 8) * 30);
        other.d[at((k * 5 + 1) % 8 * 30)] = std::numeric_limits<double>::quiet_NaN();
        CHECK(other.guess()[at(k * 5 % 8)] == all[at(k)]);
    }
}

TEST_CASE("guess: R without digits is not used, dependent rows are") {
    const index_t m = 6;
    std::vector<double> R(at(m * m), 1.0); // all rows the same
    guess_matrix shared;
    shared.set_up(R.data(), m);
    CHECK(shared.usable());
    shared.set_up(R.data(), m, true); // but not where multipliers would go on growing
    CHECK(!shared.usable());
    for (index_t i = 0; i < m; ++i) R[at(i * m)] = R[at(i)] = std::numeric_limits<double>::quiet_NaN();
    shared.set_up(R.data(), m);
    CHECK(!shared.usable());
    R.assign(at(m * m), -1.0); // not a matrix of products
    for (index_t i = 0; i < m; ++i) R[at(i * m + i)] = 1;
    shared.set_up(R.data(), m);
    CHECK(!shared.usable());
}

TEST_CASE("guess: the steps of the iteration, in numbers that are exact") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        // Small integers: three steps stay below 2^24 halves.
        const auto number = [] { return static_cast<T>(std::lround(1.49 * uniform<double>())); };
        for (const index_t m : {index_t{1}, index_t{15}, index_t{16}, index_t{33}, index_t{50}, index_t{101}})
            for (const index_t count : {index_t{8}, index_t{24}, index_t{40}}) {
                const index_t ld = (m + 15) / 16 * 16;
                std::vector<T> E(at(m * ld)), side(at(count * ld), T(1)), d(at(count * ld)), work(at(48 * ld));
                for (index_t i = 0; i < m; ++i)
                    for (index_t j = 0; j <= i; ++j) E[at(i * ld + j)] = E[at(j * ld + i)] = number();
                for (index_t k = 0; k < count; ++k)
                    for (index_t i = 0; i < m; ++i) {
                        d[at(k * ld + i)] = number();
                        if ((i + k) % 5 == 0) side[at(k * ld + i)] = T(-1);
                    }
                const T factor = T(-0.5);
                const auto product = [&](const std::vector<T>& w, index_t k, index_t i) {
                    T sum = 0;
                    for (index_t j = 0; j < m; ++j) sum += E[at(i * ld + j)] * w[at(k * ld + j)];
                    return sum;
                };
                std::vector<T> c(d.size()), expected, w(d.size());
                for (const int steps : {1, 2, 3}) {
                    for (index_t k = 0; k < count; ++k)
                        for (index_t i = 0; i < m; ++i)
                            c[at(k * ld + i)] = factor * (product(d, k, i) + d[at(k * ld + i)]);
                    expected = c;
                    for (int step = 1; step < steps; ++step) {
                        for (std::size_t i = 0; i < w.size(); ++i)
                            w[i] = side[i] > 0 ? std::abs(expected[i]) : -expected[i];
                        for (index_t k = 0; k < count; ++k)
                            for (index_t i = 0; i < m; ++i)
                                expected[at(k * ld + i)] = product(w, k, i) + c[at(k * ld + i)];
                    }
                    std::vector<T> t = d;
                    kernel.modulus_steps(E.data(), ld, m, side.data(), count, factor, steps, t.data(), work.data());
                    INFO("m " << m << ", count " << count << ", steps " << steps);
                    CHECK(t == expected);
                }
            }
    });
}

TEST_CASE("judged: residuals, terms and sums of rows and columns") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        const T none = std::numeric_limits<T>::infinity();
        for (const index_t n : sizes) {
            INFO("n " << n);
            const auto draw = [&] { return random_vector<T>(n); };
            const std::vector<T> x = draw(), b = draw(), y = draw(), a = draw(), g = draw(), z = draw();
            std::vector<T> unit = draw(), floor(at(n), T(0));
            for (T& u : unit) u = std::abs(u);
            for (std::size_t i = 2; i < at(n); i += 4) floor[i] = none;
            for (const bool bounds : {false, true}) {
                T residual = 0, size = 0;
                long double sum = 0, terms = 0;
                for (std::size_t i = 0; i < at(n); ++i) {
                    sum += static_cast<long double>(b[i]) * y[i];
                    terms += std::abs(static_cast<long double>(b[i]) * y[i]);
                    if (bounds && floor[i] == none) continue;
                    const T left = x[i] - b[i];
                    residual = std::max(residual, unit[i] * (bounds ? left : std::abs(left)));
                    size = std::max(size, unit[i] * std::max(std::abs(x[i]), std::abs(b[i])));
                }
                std::array<T, 4> out{};
                kernel.judge_rows(x.data(), b.data(), unit.data(), y.data(), bounds ? floor.data() : nullptr, n,
                                  out.data());
                CHECK(out[0] == residual);
                CHECK(out[1] == size);
                CHECK(std::abs(out[2] - sum) <= static_cast<long double>(n + 3) * u<T> * terms);
                CHECK(out[3] == 0);
            }
            T residual = 0, size = 0;
            long double square = 0, linear = 0, terms = 0;
            for (std::size_t j = 0; j < at(n); ++j) {
                residual = std::max(residual, unit[j] * std::abs(x[j] + b[j] + a[j] + g[j]));
                size = std::max(size,
                                unit[j] * std::max({std::abs(x[j]), std::abs(b[j]), std::abs(a[j]), std::abs(g[j])}));
                square += static_cast<long double>(z[j]) * x[j];
                linear += static_cast<long double>(z[j]) * b[j];
                terms += std::abs(static_cast<long double>(z[j])) * std::max(std::abs(x[j]), std::abs(b[j]));
            }
            std::array<T, 5> out{};
            const auto judge = [&](const std::vector<T>& qz) {
                kernel.judge_columns(qz.data(), b.data(), a.data(), g.data(), unit.data(), z.data(), n, out.data());
            };
            judge(x);
            CHECK(out[0] == residual);
            CHECK(out[1] == size);
            CHECK(std::abs(out[2] - square) <= static_cast<long double>(n + 3) * u<T> * terms);
            CHECK(std::abs(out[3] - linear) <= static_cast<long double>(n + 3) * u<T> * terms);
            CHECK(out[4] == 0);
            for (const T value : {none, std::numeric_limits<T>::quiet_NaN()})
                for (const index_t place : {index_t{0}, n / 2, n - 1}) {
                    if (n == 0) continue;
                    std::vector<T> broken = x;
                    broken[at(place)] = value;
                    judge(broken);
                    CHECK(out[4] != out[4]);
                    std::array<T, 4> rows{};
                    kernel.judge_rows(broken.data(), b.data(), unit.data(), y.data(), nullptr, n, rows.data());
                    CHECK(rows[3] != rows[3]);
                }
        }
    });
}
