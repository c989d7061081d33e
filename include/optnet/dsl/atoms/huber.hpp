// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/quadratics.hpp"

#include <stdexcept>

namespace optnet::atoms {

/// x^2 where |x| <= M, 2 M |x| - M^2 beyond, entry by entry, for M >= 0. Graph form: (x - v)^2 + 2 M t with |v| <= t,
/// where v is free to take from x what goes beyond M.
struct huber {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "huber";
    static constexpr shape form(const facts& x, const facts&) { return x.form; }
    static constexpr attributes what(const facts& x, const facts&) { return sum_squares::what(x); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        // With m = min(|x|, M) it is m (2 |x| - m).
        const auto magnitude = t.abs(x[0]);
        const auto m = t.negate(t.maximum(t.negate(magnitude), t.negate(x[1])));
        return t.elementwise(m, t.add(t.add(magnitude, magnitude), t.negate(m)));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        const int threshold = l.out.of.arguments[static_cast<std::size_t>(n.first_argument) + 1];
        dsl::form beyond, within = x[0];
        beyond.count = f.count;
        beyond.scalar = f.scalar;
        l.epigraph(beyond);
        l.add(within, beyond, true);
        l.magnitude(beyond, f);
        const bool one = l.maps.at(threshold).shape.rank == 0;
        const int weights = one ? threshold : l.maps.flat(threshold);
        for (dsl::linear_term& t : f.linear)
            t.map = one ? l.maps.scale(weights, t.map) : l.maps.scale_rows(weights, t.map);
        lowering::scale(2, f);
        l.squares(within, f);
    }
};

} // namespace optnet::atoms

namespace optnet::dsl {

template <class E, class M> constexpr auto make_huber(const E& x, const M& threshold) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<name("huber"), E>>();
    } else if constexpr (arithmetic<M>) {
        if (!(threshold >= 0)) throw std::invalid_argument("the threshold M of huber(x, M) must be >= 0");
        return make_atom<atoms::huber>(x, expr::nonnegative_number{static_cast<double>(threshold)});
    } else if constexpr (!expr::expression<M>) {
        return refused_by<this_is_no_expression<text_of<E>()>>();
    } else if constexpr (M::has_variables || M::what.sign != mark::plus) {
        this_threshold_has_unknown_sign<text_of<M>(), text_of<expr::node<atoms::huber, E, M>>()>();
        return x;
    } else if constexpr (M::form.rank != 0 && !agree(M::form, E::form)) {
        these_shapes_disagree<text_of<expr::node<atoms::huber, E, M>>(), shapes_of<E, M>()>();
        return x;
    } else {
        return make_atom<atoms::huber>(x, threshold);
    }
}

} // namespace optnet::dsl

namespace optnet::expr {

/// x^2 where |x| <= M and 2 M |x| - M^2 beyond, entry by entry; M is a number or nonneg data, a scalar or of the shape
/// of x. Convex; may stand in the objective only.
template <class E, class M> constexpr auto huber(const E& x, const M& threshold) {
    return dsl::make_huber(x, threshold);
}

} // namespace optnet::expr
