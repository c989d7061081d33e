// SPDX-License-Identifier: Apache-2.0
#pragma once

// Nodes made with their checks: each function either returns the node or states one sentence.

#include "optnet/dsl/print.hpp"

namespace optnet::dsl {

template <class T>
concept arithmetic = std::is_arithmetic_v<std::remove_cvref_t<T>>;

template <class T>
concept operand = expr::expression<T> || arithmetic<T>;

template <class E> inline constexpr bool bent = E::what.curvature != mark::zero;
/// Something is known of its sign that a negative factor would turn round.
template <class E> inline constexpr bool promised = E::what.sign != mark::any || E::what.psd;

template <operand T> constexpr auto as_expression(const T& v) {
    if constexpr (arithmetic<T>)
        return expr::number{static_cast<double>(v)};
    else
        return v;
}

template <class Kind, class... A> constexpr auto make(const A&... a) { return expr::node<Kind, A...>{make_pack(a...)}; }

/// For an operand that is none: states the sentence with the text of the other one.
template <class L, class R> constexpr bool are_operands() {
    if constexpr (operand<L> && operand<R>) {
        return true;
    } else {
        if constexpr (expr::expression<L>)
            this_is_no_expression<text_of<L>()>();
        else
            this_is_no_expression<text_of<R>()>();
        return false;
    }
}

/// Of several operands, one at least an expression.
template <class H, class... T> struct first_expression : first_expression<T...> {};
template <expr::expression H, class... T> struct first_expression<H, T...> { using type = H; };

template <class L, class R> constexpr auto make_sum(const L& l, const R& r) {
    if constexpr (broadcast(L::form, R::form).rank < 0)
        these_shapes_disagree<text_of<expr::node<kinds::add, L, R>>(), shapes_of<L, R>()>();
    return make<kinds::add>(l, r);
}

template <class E> constexpr auto make_negative(const E& e) { return make<kinds::negate>(e); }

template <class L, class R> constexpr auto make_difference(const L& l, const R& r) {
    using negative = expr::node<kinds::negate, R>;
    if constexpr (broadcast(L::form, R::form).rank < 0)
        these_shapes_disagree<text_of<expr::node<kinds::add, L, negative>>(), shapes_of<L, R>()>();
    return make<kinds::add>(l, make_negative(r));
}

/// "sum<2>(W)".
template <name Word, auto Dimension, class E> consteval auto text_of_reduction() {
    return name_of([](program& p, printer<program>& into) {
        into.append(Word.view()).append("<");
        if constexpr (size_like<decltype(Dimension)>)
            into.size(flatten_size<expr::size(Dimension)>(p));
        else
            into.append("...");
        into.append(">(").expression(flatten<E>(p)).append(")");
    });
}

template <auto Dimension> constexpr bool is_dimension() {
    if constexpr (std::integral<decltype(Dimension)>)
        return Dimension == 0 || Dimension == 1;
    else
        return false;
}

/// True where Word<Dimension>(E) has a meaning; states the sentence otherwise.
template <name Word, auto Dimension, class E> constexpr bool reduces() {
    if constexpr (!expr::expression<E>) {
        words_take_expressions<Word, E>();
        return false;
    } else if constexpr (E::form.rank != 2) {
        only_a_matrix_has_dimensions<text_of_reduction<Word, Dimension, E>()>();
        return false;
    } else if constexpr (!is_dimension<Dimension>()) {
        this_dimension_is_neither_0_nor_1<text_of_reduction<Word, Dimension, E>()>();
        return false;
    } else {
        return true;
    }
}

/// The condition that makes a product of data and a bent expression keep its curvature.
template <class N, class L, class R> constexpr bool factors_fit() {
    if constexpr (L::has_variables && R::has_variables) {
        this_is_a_product_of_variables<text_of<N>()>();
        return false;
    } else if constexpr (bent<L> && R::what.sign == mark::any) {
        this_factor_has_unknown_sign<text_of<R>(), text_of<N>()>();
        return false;
    } else if constexpr (bent<R> && L::what.sign == mark::any) {
        this_factor_has_unknown_sign<text_of<L>(), text_of<N>()>();
        return false;
    } else {
        return true;
    }
}

/// B and T(B), or T(B) and B: equal types, made of parameters alone and without numbers, which types do not show.
template <class A, class B> inline constexpr bool transposes = false;
template <class B>
inline constexpr bool transposes<expr::node<kinds::transpose, B>, B> = !B::has_numbers && !B::has_variables;
template <class B>
inline constexpr bool transposes<B, expr::node<kinds::transpose, B>> = !B::has_numbers && !B::has_variables;

/// (A * P) * R and L * (P * B) with a psd P in the middle.
template <class L, class R> inline constexpr bool psd_inside_left = false;
template <class K, class A, class P, class R>
inline constexpr bool psd_inside_left<expr::node<K, A, P>, R> =
    K::code == op::multiply&& P::what.psd&& transposes<A, R>;
template <class L, class R> inline constexpr bool psd_inside_right = false;
template <class L, class K, class P, class B>
inline constexpr bool psd_inside_right<L, expr::node<K, P, B>> =
    K::code == op::multiply&& P::what.psd&& transposes<L, B>;

/// L * R with a psd value by its pattern: L * T(L), T(B) * P * B.
template <class L, class R>
inline constexpr bool psd_pattern = transposes<L, R> || psd_inside_left<L, R> || psd_inside_right<L, R>;

template <class L, class R> constexpr auto make_product(const L& l, const R& r) {
    using plain = expr::node<kinds::multiply, L, R>;
    if constexpr (L::form.rank == 1 && R::form.rank == 1) {
        this_multiplies_two_vectors<text_of<plain>()>();
        return l;
    } else if constexpr (L::form.rank == 1 && R::form.rank == 2) {
        this_multiplies_a_vector_by_a_matrix<text_of<plain>()>();
        return l;
    } else if constexpr (product(L::form, R::form).rank < 0) {
        these_shapes_disagree<text_of<plain>(), shapes_of<L, R>()>();
        return l;
    } else if constexpr (!factors_fit<plain, L, R>()) {
        return l;
    } else if constexpr (psd_pattern<L, R>) {
        return make<kinds::psd_multiply>(l, r);
    } else {
        return make<kinds::multiply>(l, r);
    }
}

/// mul and dot: two operands of one shape.
template <class Kind, class L, class R> constexpr auto make_pairing(const L& l, const R& r) {
    using made = expr::node<Kind, L, R>;
    if constexpr (!agree(L::form, R::form)) {
        these_shapes_disagree<text_of<made>(), shapes_of<L, R>()>();
        return l;
    } else if constexpr (!factors_fit<made, L, R>()) {
        return l;
    } else {
        return make<Kind>(l, r);
    }
}

template <class L, class R> constexpr auto make_quotient(const L& l, const R& r) {
    using made = expr::node<kinds::divide, L, R>;
    if constexpr (R::has_variables) {
        this_divides_by_a_variable<text_of<made>()>();
        return l;
    } else if constexpr (broadcast(L::form, R::form).rank < 0) {
        these_shapes_disagree<text_of<made>(), shapes_of<L, R>()>();
        return l;
    } else if constexpr (bent<L> && R::what.sign == mark::any) {
        this_factor_has_unknown_sign<text_of<R>(), text_of<made>()>();
        return l;
    } else {
        return make<kinds::divide>(l, r);
    }
}

/// A number before something bent. The compiler shows the line that throws.
struct factor_of_bent {
    double value;
    template <arithmetic A> consteval factor_of_bent(A v) : value(static_cast<double>(v)) {
        if (!(value >= 0)) throw "a negative number times a convex or concave expression: write -(c * f) with c >= 0";
    }
};

/// A number before data of known sign or known to be psd.
struct factor_of_promised {
    double value;
    template <arithmetic A> consteval factor_of_promised(A v) : value(static_cast<double>(v)) {
        if (!(value >= 0))
            throw "a negative number times data of known sign: write -(2 * lambda) instead of -2 * lambda";
    }
};

template <class F, class E> constexpr auto scale(F factor, const E& e) {
    return make<kinds::multiply>(expr::nonnegative_number{factor.value}, e);
}
template <class F, class E> constexpr auto divide_by(const E& e, F divisor) {
    return make<kinds::divide>(e, expr::nonnegative_number{divisor.value});
}

} // namespace optnet::dsl
