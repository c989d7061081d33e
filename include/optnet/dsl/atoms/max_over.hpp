// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/max.hpp"

namespace optnet::atoms {

/// The largest entry of every column (dimension 0) or row (dimension 1) of a matrix. Graph form: one t for each, with
/// every x of the column or row <= t.
template <int Dimension> struct max_over {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = Dimension == 0 ? "max<0>" : "max<1>";
    static constexpr shape form(const facts& x) { return dsl::reduced(x.form, Dimension); }
    static constexpr attributes what(const facts& x) { return max::what(x); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.largest_over(x[0], Dimension);
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        l.epigraph(f);
        const int matrix = l.out.of.arguments[static_cast<std::size_t>(n.first_argument)];
        const dsl::shape_form of = l.maps.at(matrix).shape; // by value: nodes move when more are written
        // What sums over the dimension, transposed, puts the t of a column or row beside each of its entries.
        const int beside = l.maps.transpose(l.maps.summation(Dimension, of.rows, of.cols));
        dsl::form bound = f;
        bound.count = x[0].count;
        bound.linear[0].map = l.maps.apply(beside, f.linear[0].map);
        l.at_most(x[0], bound);
    }
};

} // namespace optnet::atoms

namespace optnet::expr {

/// The largest entries over a dimension of a matrix [m, n], as torch does: max<0>(W) is [n], one of every column;
/// max<1>(W) is [m], one of every row. Convex and nondecreasing.
template <auto Dimension, class E> constexpr auto max(const E& x) {
    if constexpr (dsl::reduces<dsl::name("max"), Dimension, E>())
        return dsl::make_atom<atoms::max_over<static_cast<int>(Dimension)>>(x);
    else
        return dsl::refused{};
}

} // namespace optnet::expr
