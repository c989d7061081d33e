// SPDX-License-Identifier: Apache-2.0
// Products of structured maps: every kind with every kind has the value of the dense product, and keeps its structure
// where there is one.

#include "catch.hpp"
#include "dsl/node_evaluator.hpp"
#include "optnet/dsl/maps.hpp"
#include "optnet/dsl/number_value.hpp"

#include <random>

using namespace optnet::dsl;
using optnet::test::dense_value;

namespace {

/// A program with parameters alone, and the maps over them.
struct workshop {
    layout out;
    optnet::test::data given{{}, {}, {}, {3.0}};
    map_algebra maps{out.of};
    std::mt19937_64 engine{7};
    int three = number();

    int number() {
        node n;
        n.slot = 0;
        out.of.nodes.push_back(n);
        out.of.number_count = 1;
        return 0;
    }
    int parameter(int rank, int rows, int cols, promise p = promise::none) {
        const shape_form shape{rank, number_size(rows), number_size(cols)};
        node n;
        n.code = op::parameter;
        n.shape = shape;
        n.has_parameters = true;
        n.name = static_cast<int>(out.of.parameters.size());
        out.of.parameters.push_back({"p", shape, p});
        out.of.nodes.push_back(n);
        dense_value v = optnet::test::zeros(rank, rows, cols);
        for (double& x : v.data) x = std::uniform_real_distribution<double>(-2, 2)(engine);
        if (p == promise::diagonal)
            for (int i = 0; i < rows; ++i)
                for (int j = 0; j < cols; ++j) v(i, j) *= i == j;
        given.parameters.push_back(v);
        return static_cast<int>(out.of.nodes.size()) - 1;
    }
    int scalar() { return parameter(0, 1, 1); }
    int vector(int n) { return parameter(1, n, 1); }
    int matrix(int m, int n) { return parameter(2, m, n); }

    /// A map of this kind and size with a scale and a factor; bands from `first` to `last`.
    linear_map map(map_kind kind, int rows, int cols, int first = 0, int last = 1) {
        linear_map m{kind, number_size(rows), number_size(cols)};
        m.scale = -0.5;
        m.factor = three;
        switch (kind) {
        case map_kind::identity: break;
        case map_kind::scaled: m.node = scalar(); break;
        case map_kind::diagonal: m.node = vector(rows); break;
        case map_kind::banded:
            m.node = matrix(rows, last - first + 1);
            m.first = first;
            m.last = last;
            for (int i = 0; i < rows; ++i) // nothing may stand outside
                for (int k = 0; k <= last - first; ++k)
                    if (i + first + k < 0 || i + first + k >= cols) given.parameters.back()(i, k) = 0;
            break;
        case map_kind::row: m.node = vector(cols); break;
        case map_kind::column: m.node = vector(rows); break;
        case map_kind::dense: m.node = matrix(rows, cols); break;
        }
        return m;
    }

    dense_value of(int i) const {
        const table t = view(out);
        return optnet::test::node_evaluator(t, given).of(i);
    }

    /// The map as a matrix; `bare`: without its scale and factor.
    dense_value of(const linear_map& m, bool bare = false) const {
        const int rows = m.rows.constant, cols = m.cols.constant;
        const dense_value v = m.node < 0 ? optnet::test::scalar_value(1) : of(m.node);
        dense_value all = optnet::test::zeros(2, rows, cols);
        const double factor = bare ? 1 : m.scale * number_value(view(out), m.factor, given.numbers);
        for (int i = 0; i < rows; ++i)
            for (int j = 0; j < cols; ++j) {
                double x = 0;
                switch (m.kind) {
                case map_kind::identity:
                case map_kind::scaled: x = i == j ? v.data.at(0) : 0; break;
                case map_kind::diagonal: x = i == j ? v(i) : 0; break;
                case map_kind::banded: x = j - i >= m.first && j - i <= m.last ? v(i, j - i - m.first) : 0; break;
                case map_kind::row: x = v(j); break;
                case map_kind::column: x = v(i); break;
                case map_kind::dense: x = v(i, j); break;
                }
                all(i, j) = factor * x;
            }
        return all;
    }
};

/// Products of at most five numbers below two, rounded in another order.
void check_equal(const dense_value& found, const dense_value& wanted) {
    REQUIRE(found.data.size() == wanted.data.size());
    for (std::size_t i = 0; i < wanted.data.size(); ++i) CHECK(std::abs(found.data[i] - wanted.data[i]) <= 1e-13 * 50);
}

dense_value column_of(const dense_value& v) { return {2, v.entries(), 1, v.data}; }
dense_value row_of(const dense_value& v) { return {2, 1, v.entries(), v.data}; }

/// Every kind with four rows.
std::vector<linear_map> tall(workshop& w) {
    using enum map_kind;
    return {w.map(identity, 4, 4),      w.map(scaled, 4, 4),        w.map(diagonal, 4, 4), w.map(banded, 4, 5),
            w.map(banded, 4, 4, -1, 1), w.map(banded, 4, 3, -2, 0), w.map(column, 4, 1),   w.map(dense, 4, 3)};
}
/// Every kind with one row.
std::vector<linear_map> flat(workshop& w) {
    using enum map_kind;
    return {w.map(identity, 1, 1), w.map(scaled, 1, 1), w.map(row, 1, 4),     w.map(dense, 1, 3),
            w.map(banded, 1, 2),   w.map(column, 1, 1), w.map(diagonal, 1, 1)};
}

} // namespace

TEST_CASE("a map before a scalar, a diagonal, a matrix, a row") {
    workshop w;
    const int s = w.scalar(), v = w.vector(4), c = w.vector(4), M = w.matrix(2, 4);
    const int d = w.parameter(2, 4, 4, promise::diagonal);
    for (const linear_map& m : tall(w)) {
        INFO("kind " << static_cast<int>(m.kind));
        const dense_value value = w.of(m);
        check_equal(w.of(w.maps.densified(m)), value);
        check_equal(w.of(w.maps.scale(s, m)), product(w.of(s), value));
        check_equal(w.of(w.maps.scale(w.three, m)), product(optnet::test::scalar_value(3), value));
        CHECK(w.maps.scale(w.three, m).kind == m.kind); // a number never costs structure
        dense_value rows = value;
        for (int i = 0; i < 4; ++i)
            for (int j = 0; j < value.cols; ++j) rows(i, j) *= w.of(v)(i);
        check_equal(w.of(w.maps.scale_rows(v, m)), rows);
        check_equal(w.of(w.maps.apply(M, m)), product(w.of(M), value));
        check_equal(w.of(w.maps.apply(d, m)), product(w.of(d), value));
        check_equal(w.of(w.maps.row_product(c, m)), product(row_of(w.of(c)), value));
        check_equal(w.of(w.maps.adjoint(m, v)), product(transposed(w.of(m, true)), column_of(w.of(v))));
    }
}

TEST_CASE("a column before a map of one row") {
    workshop w;
    const int c = w.vector(3), s = w.scalar();
    for (const linear_map& m : flat(w)) {
        INFO("kind " << static_cast<int>(m.kind));
        check_equal(w.of(w.maps.column_product(c, m)), product(column_of(w.of(c)), w.of(m)));
        if (m.kind == map_kind::row)
            check_equal(w.of(w.maps.adjoint(m, s)), product(transposed(w.of(m, true)), w.of(s)));
    }
}

TEST_CASE("the Gram matrix of every pair") {
    workshop w;
    for (const bool one_row : {false, true}) {
        const std::vector<linear_map> all = one_row ? flat(w) : tall(w);
        for (const linear_map& a : all)
            for (const linear_map& b : all) {
                INFO("kinds " << static_cast<int>(a.kind) << " and " << static_cast<int>(b.kind));
                const auto [map, turned] = w.maps.gram(a, b);
                const dense_value found = w.of(map), wanted = product(transposed(w.of(a)), w.of(b));
                CHECK((turned ? found.rows : found.cols) == wanted.cols);
                check_equal(turned ? transposed(found) : found, wanted);
            }
    }
}

TEST_CASE("structure is kept") {
    using enum map_kind;
    workshop w;
    const auto I = w.map(identity, 4, 4), S = w.map(scaled, 4, 4), D = w.map(diagonal, 4, 4);
    const auto B = w.map(banded, 4, 5), F = w.map(dense, 4, 3), C = w.map(column, 4, 1);
    const auto gram = [&](const linear_map& a, const linear_map& b) { return w.maps.gram(a, b).map.kind; };
    CHECK(gram(I, I) == identity);
    CHECK((gram(I, S) == scaled && gram(S, S) == scaled && gram(S, I) == scaled));
    CHECK((gram(D, I) == diagonal && gram(D, D) == diagonal && gram(S, D) == diagonal));
    CHECK((gram(B, B) == banded && gram(B, I) == banded && gram(D, B) == banded && gram(B, D) == banded));
    CHECK((w.maps.gram(B, B).map.first == -1 && w.maps.gram(B, B).map.last == 1));
    CHECK((gram(F, F) == dense && gram(B, F) == dense && gram(C, C) == scaled && gram(D, C) == column));
    const int v = w.vector(4), s = w.scalar(), d = w.parameter(2, 4, 4, promise::diagonal);
    CHECK((w.maps.scale_rows(v, I).kind == diagonal && w.maps.scale_rows(v, B).kind == banded));
    CHECK((w.maps.apply(d, S).kind == diagonal && w.maps.apply(w.maps.transpose(d), D).kind == diagonal));
    CHECK((w.maps.scale(s, I).kind == scaled && w.maps.scale(s, B).kind == banded));
    CHECK((w.maps.row_product(v, C).kind == scaled && w.maps.row_product(v, F).kind == row));
}
