// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/max_over.hpp"

namespace optnet::atoms {

/// The smallest of several, entry by entry, where a scalar broadcasts; of one argument its smallest entry: the mirror
/// of max.
struct min {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "min";
    template <class... F> static constexpr shape form(const F&... x) { return max::form(x...); }
    template <class... F> static constexpr attributes what(const F&... x) {
        return dsl::mirrored(max::what(dsl::mirrored(x)...));
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        std::vector<typename Algebra::value> negative;
        for (const auto& each : x) negative.push_back(t.negate(each));
        return t.negate(max::value(t, std::span<const typename Algebra::value>(negative)));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        dsl::lower_mirrored<max>(l, x, n, f);
    }
};

/// The smallest entry of every column (dimension 0) or row (dimension 1) of a matrix.
template <int Dimension> struct min_over {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = Dimension == 0 ? "min<0>" : "min<1>";
    static constexpr shape form(const facts& x) { return dsl::reduced(x.form, Dimension); }
    static constexpr attributes what(const facts& x) { return min::what(x); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.negate(t.largest_over(t.negate(x[0]), Dimension));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        dsl::lower_mirrored<max_over<Dimension>>(l, x, n, f);
    }
};

} // namespace optnet::atoms

namespace optnet::expr {

/// The smallest entry of a vector or matrix; concave and nondecreasing.
template <class E> constexpr auto min(const E& x) { return dsl::make_atom_of_one<atoms::min>(x); }

/// The smallest of several expressions and numbers, entry by entry; concave and nondecreasing.
template <class A, class B, class... C> constexpr auto min(const A& a, const B& b, const C&... c) {
    return dsl::make_extreme<atoms::min>(a, b, c...);
}

// As for max, since there is std::min too.
template <class A>
requires expression<A>
constexpr auto min(const A& a, const A& b) { return dsl::make_extreme<atoms::min>(a, b); }
template <class A, class C>
requires expression<A>
constexpr auto min(const A& a, const A& b, C c) { return dsl::make_extreme<atoms::min>(a, b, c); }

/// The smallest entries over a dimension of a matrix [m, n], as torch does: min<0>(W) is [n], one of every column;
/// min<1>(W) is [m], one of every row. Concave and nondecreasing.
template <auto Dimension, class E> constexpr auto min(const E& x) {
    if constexpr (dsl::reduces<dsl::name("min"), Dimension, E>())
        return dsl::make_atom<atoms::min_over<static_cast<int>(Dimension)>>(x);
    else
        return dsl::refused{};
}

} // namespace optnet::expr
