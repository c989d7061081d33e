// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door between types and values: the tree of an expression's type becomes a plain array of nodes.

#include "optnet/dsl/expression.hpp"

namespace optnet::dsl {

constexpr int intern(std::vector<std::string_view>& names, std::string_view which) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == which) return static_cast<int>(i);
    names.push_back(which);
    return static_cast<int>(names.size()) - 1;
}

/// The names of the sizes in a problem. They are copied: a size inside a template argument has no address.
template <expr::size S, int Term> inline constexpr symbol symbol_text = S.terms[Term].of;

template <expr::size S> constexpr size_form flatten_size(program& p) {
    size_form result;
    result.constant = S.constant;
    result.count = S.count;
    // Ordered by index, as everything after this point is.
    const auto term = [&]<int I>() {
        if constexpr (I < S.count) {
            const int which = intern(p.symbols, symbol_text<S, I>.view());
            int at = I;
            while (at > 0 && result.terms[static_cast<std::size_t>(at - 1)].symbol > which) {
                result.terms[static_cast<std::size_t>(at)] = result.terms[static_cast<std::size_t>(at - 1)];
                --at;
            }
            result.terms[static_cast<std::size_t>(at)] = {which, -1, S.terms[I].coefficient};
        }
    };
    term.template operator()<0>();
    term.template operator()<1>();
    term.template operator()<2>();
    term.template operator()<3>();
    return result;
}

template <shape S> constexpr shape_form flatten_shape(program& p) {
    return {S.rank, flatten_size<S.rows>(p), flatten_size<S.cols>(p)};
}

constexpr int declare(std::vector<declaration>& all, const declaration& d) {
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i] == d) return static_cast<int>(i);
    all.push_back(d);
    return static_cast<int>(all.size()) - 1;
}

/// Appends the nodes of an expression, arguments first; returns the place of its root.
template <class E> constexpr int flatten(program& p);

template <class Kind, class... A> constexpr void flatten_node(program& p, node& n, const expr::node<Kind, A...>*) {
    const int arguments[] = {flatten<A>(p)...};
    n.code = Kind::code;
    if constexpr (Kind::code == op::atom) n.atom = Kind::name;
    if constexpr (requires { Kind::from; }) {
        n.from = flatten_size<Kind::from>(p);
        n.to = flatten_size<Kind::to>(p);
    }
    n.first_argument = static_cast<int>(p.arguments.size());
    n.argument_count = sizeof...(A);
    for (const int a : arguments) p.arguments.push_back(a);
}

template <class E> constexpr int flatten(program& p) {
    node n;
    n.shape = flatten_shape<E::form>(p);
    n.what = E::what;
    n.has_variables = E::has_variables;
    n.has_parameters = E::has_parameters;
    if constexpr (requires { typename E::kind; }) {
        flatten_node(p, n, static_cast<const E*>(nullptr));
    } else if constexpr (requires { E::given; }) {
        n.code = op::parameter;
        n.name = declare(p.parameters, {E::label.view(), n.shape, E::given});
    } else if constexpr (requires { E::label; }) {
        n.code = op::variable;
        n.name = declare(p.variables, {E::label.view(), n.shape, promise::none});
    } else {
        n.code = op::number;
        n.slot = p.number_count++;
    }
    p.nodes.push_back(n);
    return static_cast<int>(p.nodes.size()) - 1;
}

template <class H, class... T> constexpr void collect_numbers_of(const pack<H, T...>& p, std::vector<double>& out);

/// The numbers inside an expression, in the order of the slots that `flatten` gives them. Branches without numbers are
/// left out, since every function on the way is one that the compiler makes.
template <class E> constexpr void collect_numbers(const E& e, std::vector<double>& out) {
    if constexpr (requires { typename E::kind; })
        collect_numbers_of(e.args, out);
    else
        out.push_back(e.value);
}
template <class H, class... T> constexpr void collect_numbers_of(const pack<H, T...>& p, std::vector<double>& out) {
    if constexpr (H::has_numbers) collect_numbers(p.head, out);
    if constexpr ((T::has_numbers || ...)) collect_numbers_of(p.tail, out);
}

} // namespace optnet::dsl
