// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a user's line is made of: variables, parameters, numbers, and nodes over them. Everything about a node but the
// values of its numbers is in its type; `flatten` turns the type into plain data.
//
// The namespace optnet::expr is searched for functions whenever an expression is an argument: it holds the words of the
// language, its operators, and nothing else.

#include "optnet/dsl/kinds.hpp"
#include "optnet/dsl/messages.hpp"

#include <concepts>
#include <type_traits>

namespace optnet::dsl {

/// A tuple without the cost of std::tuple and without its namespace.
template <class... A> struct pack {};
template <class H, class... T> struct pack<H, T...> {
    [[no_unique_address]] H head;
    [[no_unique_address]] pack<T...> tail;
};

template <class... A> constexpr pack<A...> make_pack(const A&... a) {
    if constexpr (sizeof...(A) == 0)
        return {};
    else
        return []<class H, class... T>(const H& h, const T&... t) { return pack<H, T...>{h, make_pack(t...)}; }(a...);
}

/// The mathematics of an expression as text, for errors; a number prints as "...". Defined in print.hpp.
template <class E> consteval auto text_of();

template <class E> constexpr facts facts_of() { return {E::form, E::what, E::has_variables, E::has_numbers}; }

/// What may stand on the right of `parameter = ...`: numbers here, tensors where torch is known.
template <class V> inline constexpr bool bindable = std::is_arithmetic_v<V>;

/// parameter = value, in learn, fix or a call.
template <class Parameter, class V> struct binding {
    using parameter = Parameter;
    V value;
};

} // namespace optnet::dsl

namespace optnet::expr {

template <class E>
concept expression = requires {
    requires std::remove_cvref_t<E>::is_expression;
};

template <class Kind, class... A> struct node;

/// A literal or another number of the program, of unknown sign.
struct number {
    static constexpr bool is_expression = true, has_variables = false, has_parameters = false, has_numbers = true;
    static constexpr dsl::shape form{};
    static constexpr dsl::attributes what{};
    double value = 0;
};

/// A number that the compiler has seen to be >= 0.
struct nonnegative_number {
    static constexpr bool is_expression = true, has_variables = false, has_parameters = false, has_numbers = true;
    static constexpr dsl::shape form{};
    static constexpr dsl::attributes what{.sign = dsl::mark::plus};
    double value = 0;
};

} // namespace optnet::expr

namespace optnet::dsl {

/// z[i], i from 0; of a vector. An index that the compiler does not see is looked at by the call.
template <class E> constexpr auto element(const E& e, int i) {
    if constexpr (E::form.rank == 1) {
        const bool outside = i < 0 || (E::form.rows.count == 0 && i >= E::form.rows.constant);
        if (std::is_constant_evaluated() && outside)
            throw "an index lies outside its vector: indices go from 0 to size - 1";
        return expr::node<kinds::index, E, expr::number>{make_pack(e, expr::number{static_cast<double>(i)})};
    } else {
        only_a_vector_has_elements<text_of<E>()>();
        return e;
    }
}

} // namespace optnet::dsl

namespace optnet::expr {

/// An unknown of the problem: scalar, vector [n] or matrix [m, n].
template <dsl::name N, auto... Sizes> struct variable {
    static constexpr bool is_expression = true, has_variables = true, has_parameters = false, has_numbers = false;
    static constexpr auto label = N;
    static_assert(dsl::check_sizes<Sizes...>());
    static constexpr dsl::shape form = dsl::make_shape<Sizes...>();
    static constexpr dsl::attributes what{};
    constexpr auto operator[](std::integral auto i) const { return dsl::element(*this, static_cast<int>(i)); }
};

#define OPTNET_PARAMETER(WORD, PROMISE, SHAPE, ...)                                                                    \
    static constexpr bool is_expression = true, has_variables = false, has_parameters = true, has_numbers = false;     \
    static constexpr auto label = N;                                                                                   \
    static constexpr dsl::shape form = SHAPE;                                                                          \
    static constexpr dsl::promise given = dsl::promise::PROMISE;                                                       \
    static constexpr dsl::attributes what{__VA_ARGS__};                                                                \
    constexpr auto operator[](std::integral auto i) const { return dsl::element(*this, static_cast<int>(i)); }         \
    template <class V> constexpr auto operator=(V&& value) const {                                                     \
        if constexpr (dsl::bindable<std::remove_cvref_t<V>>)                                                           \
            return dsl::binding<WORD, std::remove_cvref_t<V>>{std::forward<V>(value)};                                 \
        else                                                                                                           \
            return dsl::refused_by<dsl::binds_a_tensor_or_a_number<N>>();                                              \
    }

/// Data: scalar, vector [n] or matrix [m, n], of any sign.
template <dsl::name N, auto... Sizes> struct param {
    static_assert(dsl::check_sizes<Sizes...>());
    OPTNET_PARAMETER(param, none, dsl::make_shape<Sizes...>())
};

/// Data whose every entry is promised to be >= 0.
template <dsl::name N, auto... Sizes> struct nonneg {
    static_assert(dsl::check_sizes<Sizes...>());
    OPTNET_PARAMETER(nonneg, nonneg, dsl::make_shape<Sizes...>(), .sign = dsl::mark::plus)
};

/// A matrix [n, n] that is promised to be positive semidefinite; its symmetric part counts.
template <dsl::name N, auto Size> struct psd {
    static_assert(dsl::check_sizes<Size>());
    OPTNET_PARAMETER(psd, psd, (dsl::make_shape<Size, Size>()), .psd = true)
};

/// A diagonal matrix [n, n], bound to its diagonal [n]. As a quadratic its entries are promised to be >= 0.
template <dsl::name N, auto Size> struct diagonal {
    static_assert(dsl::check_sizes<Size>());
    OPTNET_PARAMETER(diagonal, diagonal, (dsl::make_shape<Size, Size>()), .psd = true)
};
#undef OPTNET_PARAMETER

/// An operation on expressions; `Kind` says which, its shape and what is known of its value.
template <class Kind, class... A> struct node {
    using kind = Kind;
    static constexpr bool is_expression = true;
    static constexpr bool has_variables = (A::has_variables || ...), has_parameters = (A::has_parameters || ...),
                          has_numbers = (A::has_numbers || ...);
    static constexpr dsl::shape form = Kind::form(dsl::facts_of<A>()...);
    static constexpr dsl::attributes what =
        dsl::without_curvature_of_data(Kind::what(dsl::facts_of<A>()...), has_variables);
    dsl::pack<A...> args;
    constexpr auto operator[](std::integral auto i) const { return dsl::element(*this, static_cast<int>(i)); }
};

} // namespace optnet::expr
