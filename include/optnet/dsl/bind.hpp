// SPDX-License-Identifier: Apache-2.0
#pragma once

// Binding parameters to values: learn(...), fix(...), and the check that every parameter is given exactly once.
// Parameters become places in the table first, so that the check is one function over integers and only the sentence of
// the first offender is instantiated.

#include "optnet/dsl/lower.hpp"

#include <boost/hana/basic_tuple.hpp>
#include <boost/hana/unpack.hpp>

#include <array>

namespace optnet::dsl {

template <class T> inline constexpr bool is_binding = false;
template <class Parameter, class V> inline constexpr bool is_binding<binding<Parameter, V>> = true;

/// Parameters that have values before the call.
template <class... Parameter> struct parameter_list {};

/// What learn(...) and fix(...) return. `Learned`: the values are leaves of autograd.
template <bool Learned, class... Binding> struct registration {
    static constexpr bool learned = Learned;
    boost::hana::basic_tuple<Binding...> bindings;
};

/// The parameters that the arguments of a layer register, in their order.
template <class Found, class... Argument> struct registered_by { using type = Found; };
template <class... Found, class Argument, class... Rest>
struct registered_by<parameter_list<Found...>, Argument, Rest...> : registered_by<parameter_list<Found...>, Rest...> {};
template <class... Found, bool Learned, class... Parameter, class... V, class... Rest>
struct registered_by<parameter_list<Found...>, registration<Learned, binding<Parameter, V>...>, Rest...>
    : registered_by<parameter_list<Found..., Parameter...>, Rest...> {};

/// The place of a variable or parameter among the declared ones of a problem: the same name, shape and promise; -1: it
/// is not there.
template <class Declared>
constexpr int find_declared(std::span<const std::string_view> symbols, std::span<const declaration> among) {
    for (std::size_t i = 0; i < among.size(); ++i) {
        if (among[i].name != Declared::label.view()) continue;
        program p;
        p.symbols.assign(symbols.begin(), symbols.end());
        declaration d{Declared::label.view(), flatten_shape<Declared::form>(p), promise::none};
        if constexpr (requires { Declared::given; }) d.given = Declared::given;
        return d == among[i] ? static_cast<int>(i) : -1;
    }
    return -1;
}

template <class Problem, class Parameter>
inline constexpr int place_of_parameter = find_declared<Parameter>(table_of<Problem>.symbols,
                                                                   table_of<Problem>.parameters);

template <class Problem, class Variable>
inline constexpr int place_of_variable = find_declared<Variable>(table_of<Problem>.symbols,
                                                                 table_of<Problem>.variables);

enum class offence : unsigned char { none, unknown, twice, missing };

/// `which`: into the given ones; of a missing one, into the parameters of the problem.
struct verdict {
    offence what = offence::none;
    int which = -1;
};

/// The first of the `given` places that is unknown (-1) or was there before; else, if all of the `wanted` parameters
/// must be there, the first missing one.
constexpr verdict first_offence(std::span<const int> given, std::size_t wanted, bool all) {
    std::vector<char> seen(wanted, 0);
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (given[i] < 0) return {offence::unknown, static_cast<int>(i)};
        char& there = seen[static_cast<std::size_t>(given[i])];
        if (there) return {offence::twice, static_cast<int>(i)};
        there = 1;
    }
    for (std::size_t i = 0; all && i < wanted; ++i)
        if (!seen[i]) return {offence::missing, static_cast<int>(i)};
    return {};
}

template <class Problem, class... Parameter>
inline constexpr std::array<int, sizeof...(Parameter)> places_of{place_of_parameter<Problem, Parameter>...};

template <class Problem, bool All, class... Parameter>
inline constexpr verdict verdict_on = first_offence(places_of<Problem, Parameter...>,
                                                    table_of<Problem>.parameters.size(), All);

template <std::size_t I, class Head, class... Rest> struct nth : nth<I - 1, Rest...> {};
template <class Head, class... Rest> struct nth<0, Head, Rest...> { using type = Head; };

/// The name of a parameter as a template argument.
template <class Problem, int Place> consteval auto name_of_parameter() {
    constexpr std::string_view text = table_of<Problem>.parameters[Place].name;
    return name<text.size() + 1>(text);
}

/// Whether the parameters fit the problem; if not, states the sentence for the first that does not.
template <class Problem, bool All, class... Parameter> constexpr bool bindings_fit() {
    constexpr verdict found = verdict_on<Problem, All, Parameter...>;
    if constexpr (found.what == offence::missing)
        this_parameter_is_not_given<name_of_parameter<Problem, found.which>()>();
    else if constexpr (found.what == offence::unknown)
        this_parameter_is_unknown<nth<found.which, Parameter...>::type::label>();
    else if constexpr (found.what == offence::twice)
        this_parameter_is_given_twice<nth<found.which, Parameter...>::type::label>();
    return found.what == offence::none;
}

/// The first parameter that is not among the given ones.
template <class Problem, class... Parameter>
inline constexpr int first_free = verdict_on<Problem, true, Parameter...>.which;

template <bool Learned, name Word, class... B> constexpr auto make_registration(B&&... bindings) {
    if constexpr ((is_binding<std::remove_cvref_t<B>> && ...))
        return registration<Learned, std::remove_cvref_t<B>...>{
            boost::hana::basic_tuple<std::remove_cvref_t<B>...>(std::forward<B>(bindings)...)};
    else
        return refused_by<arguments_are_bindings<Word>>();
}

/// Calls f(binding) for each binding of a registration, in the order written.
template <bool Learned, class... B, class F>
constexpr void for_each_binding(const registration<Learned, B...>& all, F&& f) {
    boost::hana::unpack(all.bindings, [&](const auto&... b) { (f(b), ...); });
}

} // namespace optnet::dsl

namespace optnet::expr {

/// Parameters that a layer learns: learn(A = tensor, ...). Each tensor becomes a registered parameter of the module.
template <class... B> constexpr auto learn(B&&... bindings) {
    return dsl::make_registration<true, "learn(...)">(std::forward<B>(bindings)...);
}

/// Parameters whose values a layer keeps: fix(lambda = 0.1, ...). Each becomes a registered buffer of the module.
template <class... B> constexpr auto fix(B&&... bindings) {
    return dsl::make_registration<false, "fix(...)">(std::forward<B>(bindings)...);
}

} // namespace optnet::expr
