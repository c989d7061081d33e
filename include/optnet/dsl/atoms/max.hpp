// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/atom.hpp"

namespace optnet::atoms {

/// The largest of several, entry by entry, where a scalar broadcasts; of one argument its largest entry. Graph form: t
/// with every x <= t.
struct max {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "max";
    template <class... F> static constexpr shape form(const F&... x) {
        shape all{};
        if constexpr (sizeof...(F) > 1) ((all = broadcast(all, x.form)), ...);
        return all;
    }
    template <class... F> static constexpr attributes what(const F&... x) {
        attributes result{.sign = mark::zero, .curvature = mark::plus};
        ((result = {.sign = join(result.sign, x.what.sign),
                    .curvature = join(result.curvature, x.what.curvature),
                    .psd = false,
                    .quadratic = result.quadratic || x.what.quadratic}),
         ...);
        if (((x.what.sign == mark::plus) || ...)) result.sign = mark::plus;
        return result;
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        if (x.size() == 1) return t.largest(x[0]);
        auto largest = x[0];
        for (const auto& other : x.subspan(1)) largest = t.maximum(largest, other);
        return largest;
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node&, dsl::form& f) {
        l.epigraph(f);
        for (const dsl::form& each : x) l.at_most(each, f);
    }
};

} // namespace optnet::atoms

namespace optnet::dsl {

/// max and min of several.
template <class Atom, class... E> constexpr auto make_extreme(const E&... e) {
    if constexpr (!(expr::expression<E> || ...)) {
        return refused_by<words_take_expressions<name<Atom::name.size() + 1>(Atom::name), pack<E...>>>();
    } else if constexpr (!(operand<E> && ...)) {
        return refused_by<this_is_no_expression<text_of<typename first_expression<E...>::type>()>>();
    } else {
        constexpr auto together = [](const shape& a, const shape& b) { return a.rank < 0 ? a : broadcast(a, b); };
        constexpr shape all = [&] {
            shape s{};
            ((s = together(s, decltype(as_expression(e))::form)), ...);
            return s;
        }();
        using made = expr::node<Atom, decltype(as_expression(e))...>;
        if constexpr (all.rank < 0) {
            these_shapes_disagree<text_of<made>(), shapes_of<decltype(as_expression(e))...>()>();
            return refused{};
        } else {
            return make_atom<Atom>(as_expression(e)...);
        }
    }
}

} // namespace optnet::dsl

namespace optnet::expr {

/// The largest entry of a vector or matrix; convex and nondecreasing.
template <class E> constexpr auto max(const E& x) { return dsl::make_atom_of_one<atoms::max>(x); }

/// The largest of several expressions and numbers, entry by entry; convex and nondecreasing.
template <class A, class B, class... C> constexpr auto max(const A& a, const B& b, const C&... c) {
    return dsl::make_extreme<atoms::max>(a, b, c...);
}

// std::max(const T&, const T&) and (const T&, const T&, Compare) are more special than the above where both are
// visible.
template <class A>
requires expression<A>
constexpr auto max(const A& a, const A& b) { return dsl::make_extreme<atoms::max>(a, b); }
template <class A, class C>
requires expression<A>
constexpr auto max(const A& a, const A& b, C c) { return dsl::make_extreme<atoms::max>(a, b, c); }

} // namespace optnet::expr
