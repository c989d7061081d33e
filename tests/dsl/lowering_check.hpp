// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a block table says the same as the user's line: at random points, with epigraph variables at their least
// values, the table's objective and rows must be the objective and the constraints, evaluated by their definitions.

#include "catch.hpp"
#include "dsl/dense_program.hpp"
#include "optnet/dsl/words.hpp"

#include <map>
#include <random>
#include <string>

namespace optnet::test {

using size_values = std::map<std::string, int>;

/// Random data that keep their promises. A psd matrix is B'B plus a skew part, which no quadratic form sees.
class random_data {
public:
    explicit random_data(unsigned seed) : engine(seed) {}

    data of(const dsl::table& t, std::vector<double> numbers, const size_values& sizes) {
        data out;
        for (const std::string_view symbol : t.symbols) out.sizes.push_back(sizes.at(std::string(symbol)));
        out.numbers = std::move(numbers);
        const node_evaluator sizes_of(t, out);
        for (const dsl::declaration& d : t.parameters) out.parameters.push_back(value(d, sizes_of));
        for (const dsl::declaration& d : t.variables) out.variables.push_back(value(d, sizes_of));
        return out;
    }

private:
    double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine); }

    dense_value value(const dsl::declaration& d, const node_evaluator& sizes_of) {
        const int rows = sizes_of.size(d.shape.rows), cols = sizes_of.size(d.shape.cols);
        const bool positive = d.given == dsl::promise::nonneg || d.given == dsl::promise::diagonal;
        dense_value v = zeros(d.shape.rank, rows, cols);
        for (double& x : v.data) x = positive ? uniform(0.1, 2) : uniform(-2, 2);
        if (d.given == dsl::promise::diagonal)
            for (int i = 0; i < rows; ++i)
                for (int j = 0; j < cols; ++j) v(i, j) *= i == j;
        if (d.given == dsl::promise::psd) {
            const dense_value skew = each(v, transposed(v), [](double a, double b) { return a - b; });
            v = each(product(transposed(v), v), skew, [](double a, double b) { return a + b; });
        }
        return v;
    }

    std::mt19937_64 engine;
};

/// Sums of at most a hundred products of numbers around one, in another order: far below 1e-11 of their magnitude.
inline bool agree(double a, double b, double magnitude) { return std::abs(a - b) <= 1e-11 * (1 + magnitude); }

/// Whether rows of one kind are what the solver is told of them.
inline void check_row_kinds(const dsl::table& t, const dense_program& dense) {
    for (std::size_t g = 0; g < t.rows.size(); ++g) {
        const dsl::row_group& group = t.rows[g];
        if (group.where != solver::matrix::G) continue;
        const int first = dense.first_row[g], end = first + dense.rows_of(group);
        if (group.kind == solver::row_kind::bound)
            for (int i = first; i < end; ++i) {
                int found = 0;
                for (int j = 0; j < dense.n; ++j) found += dense.G(i, j) != 0;
                CHECK(found <= 1);
            }
        if (group.kind == solver::row_kind::epigraph) {
            const int half = (end - first) / 2,
                      column = dense.first_column[static_cast<std::size_t>(group.epigraph_column)];
            for (int i = 0; i < half; ++i)
                for (int j = 0; j < dense.n; ++j) {
                    const bool t_of_row = j == column + (group.epigraph_shared ? 0 : i);
                    const double upper = dense.G(first + i, j), lower = dense.G(first + half + i, j);
                    CHECK((t_of_row ? upper == -1 && lower == -1 : lower == -upper));
                }
        }
    }
}

inline void check_lowering(const dsl::table& t, const std::vector<double>& numbers, const size_values& sizes) {
    CHECK(static_cast<int>(numbers.size()) == t.number_count);
    for (unsigned seed = 1; seed <= 5; ++seed) {
        const data given = random_data(seed).of(t, numbers, sizes);
        const node_evaluator direct(t, given);
        const dense_program dense(t, given);
        const dense_value z = dense.point();
        const double wanted = direct.of(t.objective).data[0], found = dense.objective(z);
        INFO("seed " << seed << ": the objective is " << wanted << ", its lowering " << found);
        CHECK(agree(wanted, found, std::abs(wanted)));
        for (std::size_t c = 0; c < t.constraints.size(); ++c) {
            const dense_value left = direct.of(t.constraints[c].left), right = direct.of(t.constraints[c].right);
            const dense_value difference = each(left, right, [](double a, double b) { return a - b; });
            const dense_value rows = dense.residual(static_cast<int>(c), z);
            REQUIRE(rows.entries() == difference.entries());
            for (std::size_t i = 0; i < rows.data.size(); ++i) {
                INFO("constraint " << c << ", row " << i << ": " << difference.data[i] << " became " << rows.data[i]);
                CHECK(agree(difference.data[i], rows.data[i], std::abs(left.data[left.rank == 0 ? 0 : i])));
            }
        }
        check_row_kinds(t, dense);
        // An epigraph variable above its least value never helps: the lowering is a relaxation in the right direction.
        const int epigraphs = dense.n - [&] {
            int entries = 0;
            for (const dense_value& x : given.variables) entries += x.entries();
            return entries;
        }();
        for (int j = dense.n - epigraphs; j < dense.n; ++j) {
            const dense_value worse = dense.point(j);
            const double loss = (t.maximize ? -1 : 1) * (dense.objective(worse) - found);
            CHECK(loss >= -1e-11 * (1 + std::abs(found)));
            for (std::size_t c = 0; c < t.constraints.size(); ++c) {
                const dense_value now = dense.residual(static_cast<int>(c), worse),
                                  before = dense.residual(static_cast<int>(c), z);
                for (int i = 0; i < now.rows; ++i) CHECK(now(i) >= before(i) - 1e-11 * (1 + std::abs(before(i))));
            }
        }
    }
}

/// The same for the table that the compiler makes and the one that the same function makes at run time.
template <class Problem> void check_lowering(const Problem& problem, const size_values& sizes) {
    check_lowering(dsl::lower<Problem>(), dsl::numbers(problem), sizes);
}

} // namespace optnet::test
