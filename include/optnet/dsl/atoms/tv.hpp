// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/norm1.hpp"

namespace optnet::atoms {

/// Sum of the absolute differences of neighbours: of a vector, of a matrix in its columns and rows. Graph form: the
/// sums of t with |difference| <= t.
struct tv {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "tv";
    static constexpr shape form(const facts&) { return {}; }
    static constexpr attributes what(const facts& x) { return dsl::convex_nonnegative(x.what, mark::any); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        const auto of_columns = t.sum(t.abs(t.diff(x[0])));
        return x[0].rank < 2 ? of_columns : t.add(of_columns, t.sum(t.abs(t.diff(t.transpose(x[0])))));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        const dsl::shape_form of = l.maps.at(l.out.of.arguments[static_cast<std::size_t>(n.first_argument)]).shape;
        std::vector<dsl::form> differences = x;
        for (dsl::constant_term& t : differences[0].constant) t.node = l.maps.flat(t.node);
        const dsl::form entries = differences[0];
        l.differences(dsl::minus(x[0].count, dsl::number_size(1)), differences[0]);
        if (of.rank == 2) {
            in_rows(l, of.cols, differences[0]);
            dsl::form ends = differences[0]; // for its count
            norm1::lower(l, differences, n, f);
            ends.linear.clear();
            ends.constant.clear();
            ends.constant.push_back({l.maps.row_ends(ends.count, of.cols), -1});
            l.total(ends);
            l.add(f, ends);
            in_columns(l, of.cols, entries, differences[0]);
        }
        dsl::form own;
        norm1::lower(l, differences, n, own);
        l.add(f, own);
    }

private:
    /// f, the differences of all entries row by row, becomes those inside the rows. From the end of a row to the next
    /// one it becomes -1, which costs 1 (taken off again): 0 would leave two equal rows of G active.
    static constexpr void in_rows(lowering& l, const dsl::size_form& cols, dsl::form& f) {
        dsl::map_algebra& maps = l.maps;
        const int ends = maps.row_ends(f.count, cols), inside = maps.add(maps.ones(f.count), maps.negate(ends));
        for (dsl::linear_term& t : f.linear) t.map = maps.scale_rows(inside, t.map);
        for (dsl::constant_term& t : f.constant) t.node = maps.elementwise(inside, t.node);
        f.constant.push_back({ends, -1});
    }

    /// f becomes the differences of every row of x and the one before it.
    static constexpr void in_columns(lowering& l, const dsl::size_form& cols, const dsl::form& x, dsl::form& f) {
        dsl::form before = x;
        f = x;
        l.part({}, dsl::minus(x.count, cols), before);
        l.part(cols, x.count, f);
        l.add(f, before, true);
    }
};

} // namespace optnet::atoms

namespace optnet::dsl {

template <class E> constexpr auto make_tv(const E& x) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<name("tv"), E>>();
    } else if constexpr (E::form.rank == 0) {
        a_scalar_has_no_neighbours<text_of<expr::node<atoms::tv, E>>()>();
        return x;
    } else {
        return make_atom<atoms::tv>(x);
    }
}

} // namespace optnet::dsl

namespace optnet::expr {

/// Total variation: the sum of |z[i + 1] - z[i]|; of a matrix that of all its columns and rows (anisotropic). Convex.
template <class E> constexpr auto tv(const E& x) { return dsl::make_tv(x); }

} // namespace optnet::expr
