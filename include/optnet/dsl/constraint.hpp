// SPDX-License-Identifier: Apache-2.0
#pragma once

// Comparisons of expressions: convex <= concave, affine == affine, low <= z <= high.

#include "optnet/dsl/operators.hpp"

namespace optnet::expr {

/// left <= right or left == right; `Flipped`: written as right >= left.
template <dsl::relation Kind, bool Flipped, class L, class R> struct comparison {
    static constexpr bool is_constraint = true;
    L left;
    R right;
};

/// low <= middle <= high.
template <class Lower, class Upper> struct range {
    static constexpr bool is_constraint = true;
    Lower lower;
    Upper upper;
};

template <dsl::name N, class C> struct named_constraint {
    static constexpr bool is_constraint = true;
    static constexpr auto label = N;
    C of;
};

template <class C>
concept constraint = requires {
    requires std::remove_cvref_t<C>::is_constraint;
};

/// The two sides of a comparison.
template <class L, class R>
concept sides = (expression<L> || expression<R>)&&!constraint<L> && !constraint<R>;

} // namespace optnet::expr

namespace optnet::dsl {

/// What a side of a constraint must not be; states the sentence.
template <class E> constexpr bool no_quadratic() {
    if constexpr (E::what.quadratic) this_is_not_a_quadratic_program<text_of<E>()>();
    return !E::what.quadratic;
}

template <relation Kind, bool Flipped, class L, class R> constexpr auto compare(const L& l, const R& r) {
    using made = expr::comparison<Kind, Flipped, L, R>;
    using difference = expr::node<kinds::add, L, expr::node<kinds::negate, R>>;
    if constexpr (broadcast(L::form, R::form).rank < 0) {
        these_shapes_disagree<name_of([](program& p, printer<program>& into) {
                                  into.constraint({flatten<L>(p), flatten<R>(p), Kind, Flipped, 0, {}});
                              }),
                              shapes_of<L, R>()>();
    } else if constexpr (!difference::has_variables) {
        this_constraint_has_no_variable<name_of([](program& p, printer<program>& into) {
            into.constraint({flatten<L>(p), flatten<R>(p), Kind, Flipped, 0, {}});
        })>();
    } else if constexpr (!no_quadratic<L>() || !no_quadratic<R>()) {
    } else if constexpr (Kind == relation::equal) {
        if constexpr (bent<L> || bent<R>)
            this_equality_is_not_affine<name_of([](program& p, printer<program>& into) {
                into.constraint({flatten<L>(p), flatten<R>(p), Kind, Flipped, 0, {}});
            })>();
    } else if constexpr (L::what.curvature != mark::zero && L::what.curvature != mark::plus) {
        this_side_must_be_convex<text_of<L>()>();
    } else if constexpr (R::what.curvature != mark::zero && R::what.curvature != mark::minus) {
        this_side_must_be_concave<text_of<R>()>();
    }
    return made{l, r};
}

/// An operand whose text can be shown: of a constraint, its left side.
template <class C> struct shown { using type = C; };
template <relation K, bool F, class L, class R> struct shown<expr::comparison<K, F, L, R>> : shown<L> {};
template <class L, class U> struct shown<expr::range<L, U>> : shown<L> {};
template <name N, class C> struct shown<expr::named_constraint<N, C>> : shown<C> {};
template <class L, class R>
using either = shown<std::conditional_t<expr::expression<L> || expr::constraint<L>, L, R>>::type;

template <class T>
concept part = expr::expression<T> || expr::constraint<T>;

} // namespace optnet::dsl

namespace optnet::expr {

template <class L, class R>
requires sides<L, R>
constexpr auto operator<=(const L& l, const R& r) {
    if constexpr (dsl::are_operands<L, R>())
        return dsl::compare<dsl::relation::less_equal, false>(dsl::as_expression(l), dsl::as_expression(r));
    else
        return dsl::refused{};
}

template <class L, class R>
requires sides<L, R>
constexpr auto operator>=(const L& l, const R& r) {
    if constexpr (dsl::are_operands<L, R>())
        return dsl::compare<dsl::relation::less_equal, true>(dsl::as_expression(r), dsl::as_expression(l));
    else
        return dsl::refused{};
}

template <class L, class R>
requires sides<L, R>
constexpr auto operator==(const L& l, const R& r) {
    if constexpr (dsl::are_operands<L, R>())
        return dsl::compare<dsl::relation::equal, false>(dsl::as_expression(l), dsl::as_expression(r));
    else
        return dsl::refused{};
}

/// The second half of low <= z <= high.
template <class Low, class Z, class High>
constexpr auto operator<=(const comparison<dsl::relation::less_equal, false, Low, Z>& lower, const High& high) {
    if constexpr (dsl::are_operands<Z, High>()) {
        const auto upper = dsl::compare<dsl::relation::less_equal, false>(lower.right, dsl::as_expression(high));
        return range<comparison<dsl::relation::less_equal, false, Low, Z>, std::remove_cvref_t<decltype(upper)>>{lower,
                                                                                                                 upper};
    } else {
        return dsl::refused{};
    }
}

// What may not be written, one sentence each.

template <class L, class R>
requires(constraint<L> || constraint<R>) constexpr auto operator>=(const L&, const R&) {
    dsl::this_chain_points_the_wrong_way<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <class L, class R>
requires(constraint<L> || constraint<R>) constexpr auto operator<=(const L&, const R&) {
    dsl::this_chain_points_the_wrong_way<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <class L, class R>
requires(constraint<L> || constraint<R>) constexpr auto operator==(const L&, const R&) {
    dsl::this_chain_points_the_wrong_way<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <class L, class R>
requires(dsl::part<L> || dsl::part<R>) constexpr auto operator<(const L&, const R&) {
    dsl::this_comparison_is_not_convex<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <class L, class R>
requires(dsl::part<L> || dsl::part<R>) constexpr auto operator>(const L&, const R&) {
    dsl::this_comparison_is_not_convex<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
// Two overloads, each as constrained as its ==, which else would be taken for !=.
template <class L, class R>
requires sides<L, R>
constexpr auto operator!=(const L&, const R&) {
    dsl::this_comparison_is_not_convex<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <class L, class R>
requires(constraint<L> || constraint<R>) constexpr auto operator!=(const L&, const R&) {
    dsl::this_comparison_is_not_convex<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <class L, class R>
requires(dsl::part<L> || dsl::part<R>) constexpr auto operator&&(const L&, const R&) {
    dsl::these_are_no_conditions<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <class L, class R>
requires(dsl::part<L> || dsl::part<R>) constexpr auto operator||(const L&, const R&) {
    dsl::these_are_no_conditions<dsl::text_of<dsl::either<L, R>>()>();
    return dsl::refused{};
}
template <dsl::part C> constexpr auto operator!(const C&) {
    dsl::these_are_no_conditions<dsl::text_of<dsl::either<C, C>>()>();
    return dsl::refused{};
}

/// Gives a constraint a name, under which its multiplier is found: solution.dual<"budget">().
template <dsl::name N, class C> constexpr auto named(const C& c) {
    if constexpr (constraint<C>)
        return named_constraint<N, C>{c};
    else
        return dsl::refused_by<dsl::st_takes_constraints<N>>();
}

} // namespace optnet::expr
