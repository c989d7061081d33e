// SPDX-License-Identifier: Apache-2.0
#pragma once

// + - * / and the words that act entry by entry. A number scales and a minus flips: a number times something whose sign
// or curvature matters must be known to the compiler and not be negative, so those overloads take it through a
// consteval constructor. For an expression beside anything else there is one overload, which states a sentence.

#include "optnet/dsl/make.hpp"

namespace optnet::expr {

template <class L, class R>
requires(expression<L> || expression<R>) constexpr auto operator+(const L& l, const R& r) {
    if constexpr (dsl::are_operands<L, R>())
        return dsl::make_sum(dsl::as_expression(l), dsl::as_expression(r));
    else
        return dsl::refused{};
}

template <class L, class R>
requires(expression<L> || expression<R>) constexpr auto operator-(const L& l, const R& r) {
    if constexpr (dsl::are_operands<L, R>())
        return dsl::make_difference(dsl::as_expression(l), dsl::as_expression(r));
    else
        return dsl::refused{};
}

template <expression E> constexpr auto operator-(const E& e) { return dsl::make_negative(e); }
template <expression E> constexpr auto operator+(const E& e) { return e; }

template <class L, class R>
requires((expression<L> || expression<R>)&&!dsl::arithmetic<L> && !dsl::arithmetic<R>) constexpr auto
operator*(const L& l, const R& r) {
    if constexpr (dsl::are_operands<L, R>())
        return dsl::make_product(l, r);
    else
        return dsl::refused{};
}

template <dsl::arithmetic K, expression E>
requires(!dsl::bent<E> && !dsl::promised<E>) constexpr auto operator*(K k, const E& e) {
    return dsl::make<kinds::multiply>(number{static_cast<double>(k)}, e);
}
template <expression E>
requires dsl::bent<E>
constexpr auto operator*(dsl::factor_of_bent k, const E& e) { return dsl::scale(k, e); }
template <expression E>
requires(!dsl::bent<E> && dsl::promised<E>) constexpr auto operator*(dsl::factor_of_promised k, const E& e) {
    return dsl::scale(k, e);
}
template <expression E, dsl::arithmetic K>
requires(!dsl::bent<E> && !dsl::promised<E>) constexpr auto operator*(const E& e, K k) { return k * e; }
template <expression E>
requires dsl::bent<E>
constexpr auto operator*(const E& e, dsl::factor_of_bent k) { return dsl::scale(k, e); }
template <expression E>
requires(!dsl::bent<E> && dsl::promised<E>) constexpr auto operator*(const E& e, dsl::factor_of_promised k) {
    return dsl::scale(k, e);
}

template <class L, class R>
requires((expression<L> || expression<R>)&&!dsl::arithmetic<R>) constexpr auto operator/(const L& l, const R& r) {
    if constexpr (dsl::are_operands<L, R>())
        return dsl::make_quotient(dsl::as_expression(l), r);
    else
        return dsl::refused{};
}
template <expression E, dsl::arithmetic K>
requires(!dsl::bent<E> && !dsl::promised<E>) constexpr auto operator/(const E& e, K k) {
    return dsl::make<kinds::divide>(e, number{static_cast<double>(k)});
}
template <expression E>
requires dsl::bent<E>
constexpr auto operator/(const E& e, dsl::factor_of_bent k) { return dsl::divide_by(e, k); }
template <expression E>
requires(!dsl::bent<E> && dsl::promised<E>) constexpr auto operator/(const E& e, dsl::factor_of_promised k) {
    return dsl::divide_by(e, k);
}

} // namespace optnet::expr
