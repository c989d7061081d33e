// SPDX-License-Identifier: Apache-2.0
#pragma once

// simplex(z): two constraints under one name.

#include "optnet/dsl/constraint.hpp"

namespace optnet::expr {

/// z >= 0 and sum(z) == 1.
template <class Lower, class Sum> struct simplex_constraint {
    static constexpr bool is_constraint = true;
    Lower lower;
    Sum upper; ///< the second half, as of a range
};

} // namespace optnet::expr

namespace optnet::dsl {

template <relation K, bool F, class Zero, class Z, class Sum>
struct shown<expr::simplex_constraint<expr::comparison<K, F, Zero, Z>, Sum>> : shown<Z> {};

template <class E> constexpr auto make_simplex(const E& z) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<name("simplex"), E>>();
    } else if constexpr (bent<E>) {
        return refused_by<this_simplex_is_not_affine<text_of<E>()>>();
    } else {
        const auto lower = compare<relation::less_equal, true>(expr::number{0}, z);
        const auto sum = compare<relation::equal, false>(make<kinds::sum>(z), expr::number{1});
        return expr::simplex_constraint<std::remove_const_t<decltype(lower)>, std::remove_const_t<decltype(sum)>>{lower,
                                                                                                                  sum};
    }
}

} // namespace optnet::dsl

namespace optnet::expr {

/// The constraint that z lies on the probability simplex: no entry is negative and all of them sum to 1.
template <class E> constexpr auto simplex(const E& z) { return dsl::make_simplex(z); }

} // namespace optnet::expr
