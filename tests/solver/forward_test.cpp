// SPDX-License-Identifier: Apache-2.0
// The kernel that selects a first active set row by row, against systems that are solved in long double.

#include "kernels_reference.hpp"

#include <numeric>

using namespace kernel_test;

namespace {

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }
constexpr double infinity = std::numeric_limits<double>::infinity();

struct system_of_rows {
    index_t m;
    std::vector<double> R, d, floor;
    double entry(int i, int j) const { return R[at(i * m + j)]; }
};

/// R = V V' / m + I / 2 has condition 10 at most; d lies in [-1, 1].
system_of_rows draw(index_t m) {
    system_of_rows x{m, std::vector<double>(at(m * m)), random_vector<double>(m), std::vector<double>(at(m), 0.0)};
    const matrix<double> V = random_matrix<double>(m, m);
    for (index_t i = 0; i < m; ++i)
        for (index_t j = 0; j < m; ++j) {
            double sum = i == j ? 0.5 : 0.0;
            for (index_t l = 0; l < m; ++l) sum += V(i, l) * V(j, l) / static_cast<double>(m);
            x.R[at(i * m + j)] = sum;
        }
    return x;
}

/// lambda with R_WW lambda = -d_W, 0 elsewhere.
std::vector<long double> on_equalities(const system_of_rows& x, const std::vector<int>& W) {
    const std::size_t k = W.size();
    std::vector<std::vector<long double>> M(k, std::vector<long double>(k + 1));
    for (std::size_t i = 0; i < k; ++i) {
        for (std::size_t j = 0; j < k; ++j) M[i][j] = x.entry(W[i], W[j]);
        M[i][k] = -x.d[at(W[i])];
    }
    for (std::size_t c = 0; c < k; ++c)
        for (std::size_t i = 0; i < k; ++i) {
            if (i == c) continue;
            const long double f = M[i][c] / M[c][c];
            for (std::size_t j = c; j <= k; ++j) M[i][j] -= f * M[c][j];
        }
    std::vector<long double> lambda(at(x.m), 0.0L);
    for (std::size_t i = 0; i < k; ++i) lambda[at(W[i])] = M[i][k] / M[i][i];
    return lambda;
}

std::vector<long double> slacks(const system_of_rows& x, const std::vector<int>& W) {
    const std::vector<long double> lambda = on_equalities(x, W);
    std::vector<long double> s(x.d.begin(), x.d.end());
    for (index_t i = 0; i < x.m; ++i)
        for (const int j : W) s[at(i)] += x.entry(static_cast<int>(i), j) * lambda[at(j)];
    return s;
}

template <class T> struct selected {
    std::vector<int> rows;
    std::vector<T> multipliers; ///< in units of the largest violation
};

/// Of all problems in turns; they have as many rows.
template <class T>
std::vector<selected<T>> select(const kernels<T>& kernel, const std::vector<const system_of_rows*>& all) {
    constexpr index_t vector = optnet::solver::cpu::lanes<T>, whole = optnet::solver::cpu::lanes<double>;
    const index_t m = all[0]->m, ld = (m + vector - 1) / vector * vector, ldr = (m + whole - 1) / whole * whole;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    struct memory {
        std::vector<double> R;
        std::vector<T> work, L;
    };
    std::vector<memory> own(all.size());
    std::vector<selected<T>> out(all.size(), {std::vector<int>(at(m), -1), std::vector<T>(at(m), nan)});
    std::vector<optnet::solver::cpu::forward_selection<T>> problems;
    for (std::size_t c = 0; c < all.size(); ++c) {
        // Nothing counts behind the rows of R.
        own[c] = {std::vector<double>(at(m * ldr), c % 2 == 0 ? static_cast<double>(nan) : 1e30),
                  std::vector<T>(at((m + 9) * ld), nan), std::vector<T>(at(m * ld), nan)};
        for (index_t i = 0; i < m; ++i) std::copy_n(all[c]->R.data() + i * m, m, own[c].R.data() + i * ldr);
        problems.push_back({own[c].R.data(), all[c]->d.data(), all[c]->floor.data(), own[c].work.data(),
                            own[c].L.data(), out[c].multipliers.data(), out[c].rows.data(), -1, -1});
    }
    kernel.forward_sets(problems.data(), static_cast<index_t>(all.size()), ldr, m, 8 * u<T>, 8 * u<T>, ld);
    for (std::size_t c = 0; c < all.size(); ++c) {
        const index_t k = problems[c].count;
        REQUIRE(k >= 0);
        REQUIRE(k <= m);
        kernel.trsv_lower_transposed(own[c].L.data(), ld, k, out[c].multipliers.data());
        out[c].rows.resize(at(k));
        out[c].multipliers.resize(at(k));
    }
    return out;
}

template <class T> selected<T> select(const kernels<T>& kernel, const system_of_rows& x) {
    return select<T>(kernel, std::vector<const system_of_rows*>{&x})[0];
}

double largest_violation(const system_of_rows& x) {
    double most = 0;
    for (index_t i = 0; i < x.m; ++i)
        if (-x.d[at(i)] > x.floor[at(i)]) most = std::max(most, -x.d[at(i)]);
    return most;
}

} // namespace

TEST_CASE("forward selection: each row is violated by the ones before it as equalities, and none is left") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        for (const index_t m : sizes) {
            if (m == 0 || m > 65) continue; // long double takes its time
            INFO("m " << m);
            system_of_rows x = draw(m);
            for (std::size_t i = 3; i < at(m); i += 7) x.floor[i] = infinity; // absent
            const auto out = select<T>(kernel, x);
            // The condition of R bounds what rounding does to s and to the multipliers.
            const long double near = 100 * static_cast<long double>(m + 4) * u<T>;
            std::vector<int> W;
            for (const int i : out.rows) {
                const std::vector<long double> s = slacks(x, W);
                CHECK(x.floor[at(i)] == 0);
                CHECK(s[at(i)] < near);
                if (W.empty()) {
                    long double best = 0;
                    for (index_t j = 0; j < m; ++j)
                        if (x.d[at(j)] < 0 && x.floor[at(j)] == 0)
                            best = std::max<long double>(best, x.d[at(j)] * x.d[at(j)] / x.R[at(j * (m + 1))]);
                    const long double own = x.d[at(i)] * x.d[at(i)] / x.R[at(i * (m + 1))];
                    // The last bits of this number hold the place of the row.
                    CHECK(own >= best * (1 - 1024 * 4 * u<T>));
                }
                CHECK(std::find(W.begin(), W.end(), i) == W.end());
                W.push_back(i);
            }
            const std::vector<long double> s = slacks(x, W), lambda = on_equalities(x, W);
            for (index_t i = 0; i < m; ++i) CHECK((x.floor[at(i)] > 0 || s[at(i)] > -near));
            const double unit = largest_violation(x);
            for (std::size_t i = 0; i < W.size(); ++i)
                CHECK(std::abs(unit * static_cast<long double>(out.multipliers[i]) - lambda[at(W[i])]) <= near);
        }
    });
}

TEST_CASE("forward selection: what is selected for one problem does not depend on those it takes turns with") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        const index_t m = 37;
        std::vector<system_of_rows> all;
        for (int c = 0; c < 5; ++c) {
            all.push_back(draw(m));
            std::rotate(all.back().d.begin(), all.back().d.begin() + 7 * c, all.back().d.end());
        }
        for (double& v : all[2].d) v = std::abs(v);                         // is done before it begins
        for (std::size_t i = 4; i < at(m); ++i) all[3].floor[i] = infinity; // and this one soon
        all[3].d[0] = -1;
        std::vector<const system_of_rows*> turns;
        for (const system_of_rows& x : all) turns.push_back(&x);
        const auto together = select<T>(kernel, turns);
        for (std::size_t c = 0; c < all.size(); ++c) {
            CAPTURE(c);
            const selected<T> alone = select<T>(kernel, all[c]);
            CHECK(alone.rows == together[c].rows);
            CHECK(alone.multipliers == together[c].multipliers);
            CHECK(alone.rows.empty() == (c == 2));
        }
    });
}

TEST_CASE("forward selection: rows that have nothing to do with each other come by their merit") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        const index_t m = 40;
        system_of_rows x{m, std::vector<double>(at(m * m), 0.0), std::vector<double>(at(m)),
                         std::vector<double>(at(m), 0.0)};
        std::vector<int> expected;
        for (index_t i = 0; i < m; ++i) {
            const bool violated = i % 3 != 0;
            x.R[at(i * (m + 1))] = std::ldexp(1.0, static_cast<int>(i % 5));
            x.d[at(i)] = violated ? -std::pow(1.25, static_cast<double>(i * 7 % m)) : 1.0;
            if (violated) expected.push_back(static_cast<int>(i));
        }
        const auto merit = [&](int i) { return x.d[at(i)] * x.d[at(i)] / x.entry(i, i); };
        std::sort(expected.begin(), expected.end(), [&](int a, int b) { return merit(a) > merit(b); });
        for (const double scale : {1.0, 1e-30, 1e30}) { // their units do not matter
            system_of_rows scaled = x;
            for (double& v : scaled.d) v *= scale;
            const auto out = select<T>(kernel, scaled);
            CHECK(out.rows == expected);
            const double unit = largest_violation(scaled);
            for (std::size_t i = 0; i < out.rows.size(); ++i) {
                const int row = out.rows[i];
                CHECK(std::abs(out.multipliers[i] * unit * x.entry(row, row) / -scaled.d[at(row)] - 1) <= 8 * u<T>);
            }
        }
    });
}

TEST_CASE("forward selection: a dependent row ends it, and where no row is violated nothing is selected") {
    each_table([](const auto& kernel, auto zero) {
        using T = decltype(zero);
        // Rows 0 and 1 are the same; that both hold is impossible.
        const system_of_rows twice{3, {1, 1, 0, 1, 1, 0, 0, 0, 1}, {-4, -2, -1}, {0, 0, 0}};
        CHECK(select<T>(kernel, twice).rows == std::vector<int>({0, 2}));
        system_of_rows other = twice;
        other.d = {-2, -4, -1}; // now row 0 stays violated by nothing once row 1 holds
        CHECK(select<T>(kernel, other).rows == std::vector<int>({1, 2}));
        other.d = {1, 0, 2};
        CHECK(select<T>(kernel, other).rows.empty());
        other.d = {-1, -1, -1};
        other.floor = {1, infinity, 2};
        CHECK(select<T>(kernel, other).rows.empty());
        other.floor = {0, 0, 0};
        other.d.assign(3, std::numeric_limits<double>::quiet_NaN());
        CHECK(select<T>(kernel, other).rows.empty());
    });
}
