// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/pos.hpp"

#include <concepts>
#include <stdexcept>

namespace optnet::atoms {

/// The sum of the k largest entries. Graph form: k t + the sum of p with x - t <= p, 0 <= p, where t is free.
struct sum_largest {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "sum_largest";
    static constexpr shape form(const facts&, const facts&) { return {}; }
    static constexpr attributes what(const facts& x, const facts&) {
        return {.sign = x.what.sign,
                .curvature = compose(mark::plus, mark::plus, x.what.curvature),
                .psd = false,
                .quadratic = x.what.quadratic};
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.sum_largest(x[0], x[1]);
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        l.epigraph(f);
        std::vector<dsl::form> above = x;
        l.add(above[0], f, true);
        dsl::form excess;
        excess.count = x[0].count;
        excess.scalar = x[0].scalar;
        pos::lower(l, above, n, excess);
        l.total(excess);
        l.weigh(l.out.of.arguments[static_cast<std::size_t>(n.first_argument) + 1], f);
        l.add(f, excess);
    }
};

/// The sum of the k smallest entries: the mirror of sum_largest.
struct sum_smallest {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "sum_smallest";
    static constexpr shape form(const facts&, const facts&) { return {}; }
    static constexpr attributes what(const facts& x, const facts& k) {
        return dsl::mirrored(sum_largest::what(dsl::mirrored(x), k));
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.negate(t.sum_largest(t.negate(x[0]), x[1]));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        dsl::lower_mirrored<sum_largest>(l, x, n, f);
    }
};

} // namespace optnet::atoms

namespace optnet::dsl {

/// k is looked at here where the size is a number, else by the call.
template <class Atom, class E, class K> constexpr auto make_sum_of_extremes(const E& x, const K& k) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<name<Atom::name.size() + 1>(Atom::name), E>>();
    } else if constexpr (!std::integral<K>) {
        only_a_number_goes_here<text_of<expr::node<Atom, E, expr::nonnegative_number>>()>();
        return x;
    } else {
        constexpr bool known = E::form.rows.count == 0 && E::form.cols.count == 0;
        constexpr int entries = known ? E::form.rows.constant * E::form.cols.constant : 0;
        if (k < 1 || (known && k > static_cast<K>(entries)))
            throw std::invalid_argument("sum_largest and sum_smallest add up k entries: k goes from 1 to their number");
        return make_atom<Atom>(x, expr::nonnegative_number{static_cast<double>(k)});
    }
}

} // namespace optnet::dsl

namespace optnet::expr {

/// The sum of the k largest entries of a vector or matrix; convex and nondecreasing.
template <class E, class K> constexpr auto sum_largest(const E& x, const K& k) {
    return dsl::make_sum_of_extremes<atoms::sum_largest>(x, k);
}

/// The sum of the k smallest entries of a vector or matrix; concave and nondecreasing.
template <class E, class K> constexpr auto sum_smallest(const E& x, const K& k) {
    return dsl::make_sum_of_extremes<atoms::sum_smallest>(x, k);
}

} // namespace optnet::expr
