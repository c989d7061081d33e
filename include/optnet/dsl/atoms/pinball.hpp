// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/atom.hpp"

#include <stdexcept>

namespace optnet::atoms {

/// max(tau r, (tau - 1) r), entry by entry, for a number 0 <= tau <= 1. Graph form: t / 2 + (tau - 1 / 2) r with
/// |r| <= t.
struct pinball {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "pinball";
    static constexpr shape form(const facts& r, const facts&) { return r.form; }
    static constexpr attributes what(const facts& r, const facts&) {
        return dsl::convex_nonnegative(r.what, dsl::grows_with_magnitude(r.what));
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.maximum(t.multiply(x[1], x[0]), t.multiply(t.add(x[1], t.number(-1)), x[0]));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        const int tau = l.out.of.arguments[static_cast<std::size_t>(n.first_argument) + 1];
        dsl::form tilted = x[0];
        l.weigh(l.maps.add(l.maps.add(tau, tau), l.maps.negate(l.maps.one())), tilted);
        l.magnitude(x[0], f);
        l.add(f, tilted);
        lowering::scale(0.5, f);
    }
};

} // namespace optnet::atoms

namespace optnet::dsl {

template <class E, class K> constexpr auto make_pinball(const E& r, const K& tau) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<name("pinball"), E>>();
    } else if constexpr (!arithmetic<K>) {
        only_a_number_goes_here<text_of<expr::node<atoms::pinball, E, expr::nonnegative_number>>()>();
        return r;
    } else {
        if (!(tau >= 0 && tau <= 1))
            throw std::invalid_argument("the level tau of pinball(r, tau) lies between 0 and 1");
        return make_atom<atoms::pinball>(r, expr::nonnegative_number{static_cast<double>(tau)});
    }
}

} // namespace optnet::dsl

namespace optnet::expr {

/// max(tau r, (tau - 1) r), entry by entry, for a number tau between 0 and 1: least in the mean where r changes its
/// sign at the quantile tau. Convex.
template <class E, class K> constexpr auto pinball(const E& r, const K& tau) { return dsl::make_pinball(r, tau); }

} // namespace optnet::expr
