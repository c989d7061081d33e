// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words that are affine in the variables, and the functions of parameters alone.

#include "optnet/dsl/operators.hpp"

namespace optnet::dsl {

/// True for two operands of which one at least is an expression; states the sentence otherwise.
template <class L, class R> constexpr bool pair_of_operands() {
    if constexpr (expr::expression<L> || expr::expression<R>) {
        return are_operands<L, R>();
    } else {
        words_take_expressions<name("dot, mul"), L>();
        return false;
    }
}

template <class Kind, class E> constexpr auto make_function(const E& e) {
    if constexpr (!expr::expression<E>) {
        words_take_expressions<name("exp, log, sqrt, softplus, sigmoid, tanh"), E>();
        return e;
    } else if constexpr (E::has_variables) {
        this_function_takes_data_only<text_of<expr::node<Kind, E>>()>();
        return e;
    } else {
        return make<Kind>(e);
    }
}

template <name Word, class E> constexpr auto make_transpose(const E& e) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<Word, E>>();
    } else if constexpr (E::form.rank == 1) {
        this_transposes_a_vector<text_of<E>()>();
        return e;
    } else {
        return make<kinds::transpose>(e);
    }
}

/// Leaves the functions of C++ to numbers.
template <class E>
concept not_a_number = !arithmetic<E>;

constexpr bool slice_fits(const expr::size& from, const expr::size& to, const expr::size& all) {
    const auto negative = [](const expr::size& s) { return s.count == 0 && s.constant < 0; };
    const expr::size length = to - from;
    const bool empty = length.count == 0 && length.constant <= 0;
    return !(negative(from) || negative(all - to) || empty);
}

} // namespace optnet::dsl

namespace optnet::expr {

/// Sum of the products of entries, of two vectors or matrices of one shape.
template <class L, class R> constexpr auto dot(const L& l, const R& r) {
    if constexpr (dsl::pair_of_operands<L, R>())
        return dsl::make_pairing<kinds::dot>(dsl::as_expression(l), dsl::as_expression(r));
    else
        return dsl::refused{};
}

/// Product entry by entry.
template <class L, class R> constexpr auto mul(const L& l, const R& r) {
    if constexpr (dsl::pair_of_operands<L, R>())
        return dsl::make_pairing<kinds::elementwise>(dsl::as_expression(l), dsl::as_expression(r));
    else
        return dsl::refused{};
}

/// Sum of all entries.
template <class E> constexpr auto sum(const E& e) {
    if constexpr (expression<E>)
        return dsl::make<kinds::sum>(e);
    else
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("sum"), E>>();
}

/// Sums over a dimension of a matrix [m, n], as torch does: sum<0>(W) is [n], one of every column; sum<1>(W) is [m],
/// one of every row.
template <auto Dimension, class E> constexpr auto sum(const E& e) {
    if constexpr (dsl::reduces<dsl::name("sum"), Dimension, E>())
        return dsl::make<kinds::sum_over<static_cast<int>(Dimension)>>(e);
    else
        return dsl::refused{};
}

/// The mean of all entries.
template <class E> constexpr auto mean(const E& e) {
    if constexpr (expression<E>)
        return dsl::make<kinds::mean>(e);
    else
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("mean"), E>>();
}

/// Means over a dimension of a matrix, as sum does.
template <auto Dimension, class E> constexpr auto mean(const E& e) {
    if constexpr (dsl::reduces<dsl::name("mean"), Dimension, E>())
        return dsl::make<kinds::mean_over<static_cast<int>(Dimension)>>(e);
    else
        return dsl::refused{};
}

/// The transpose of a matrix.
template <class E> constexpr auto T(const E& e) { return dsl::make_transpose<dsl::name("T")>(e); }

/// The same as T.
template <class E> constexpr auto transpose(const E& e) { return dsl::make_transpose<dsl::name("transpose")>(e); }

/// Entries from, from + 1, ..., to - 1 of a vector.
template <auto From, auto To, class E> constexpr auto slice(const E& e) {
    if constexpr (!expression<E>) {
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("slice"), E>>();
    } else if constexpr (E::form.rank != 1) {
        dsl::only_a_vector_goes_here<dsl::text_of<node<kinds::slice<size(From), size(To)>, E>>()>();
        return e;
    } else if constexpr (!dsl::slice_fits(From, To, E::form.rows)) {
        dsl::this_slice_is_empty_or_outside<dsl::text_of<node<kinds::slice<size(From), size(To)>, E>>()>();
        return e;
    } else {
        return dsl::make<kinds::slice<size(From), size(To)>>(e);
    }
}

/// z[1] - z[0], z[2] - z[1], ...; one entry fewer than the vector.
template <class E> constexpr auto diff(const E& e) {
    if constexpr (!expression<E>) {
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("diff"), E>>();
    } else if constexpr (E::form.rank != 1) {
        dsl::only_a_vector_goes_here<dsl::text_of<node<kinds::diff, E>>()>();
        return e;
    } else if constexpr (dsl::bent<E>) {
        dsl::this_has_unknown_curvature<dsl::text_of<node<kinds::diff, E>>()>();
        return e;
    } else {
        return dsl::make<kinds::diff>(e);
    }
}

/// z[0], z[0] + z[1], ..., the sum of all entries: as many as the vector has.
template <class E> constexpr auto cumsum(const E& e) {
    if constexpr (!expression<E>) {
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("cumsum"), E>>();
    } else if constexpr (E::form.rank != 1) {
        dsl::only_a_vector_goes_here<dsl::text_of<node<kinds::cumsum, E>>()>();
        return e;
    } else {
        return dsl::make<kinds::cumsum>(e);
    }
}

template <dsl::not_a_number E> constexpr auto exp(const E& e) { return dsl::make_function<kinds::exp>(e); }
template <dsl::not_a_number E> constexpr auto log(const E& e) { return dsl::make_function<kinds::log>(e); }
template <dsl::not_a_number E> constexpr auto sqrt(const E& e) { return dsl::make_function<kinds::sqrt>(e); }
template <class E> constexpr auto softplus(const E& e) { return dsl::make_function<kinds::softplus>(e); }
template <class E> constexpr auto sigmoid(const E& e) { return dsl::make_function<kinds::sigmoid>(e); }
template <dsl::not_a_number E> constexpr auto tanh(const E& e) { return dsl::make_function<kinds::tanh>(e); }

} // namespace optnet::expr
