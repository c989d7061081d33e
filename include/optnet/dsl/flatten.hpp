// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door between types and values: the tree of an expression's type becomes a plain array of nodes.

#include "optnet/dsl/expression.hpp"
#include "optnet/dsl/size_algebra.hpp"

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

/// Names of extents that no type says.
inline constexpr std::string_view open_names[] = {"?1", "?2",  "?3",  "?4",  "?5",  "?6",  "?7",  "?8",
                                                  "?9", "?10", "?11", "?12", "?13", "?14", "?15", "?16"};

constexpr size_form open_size(program& p) {
    if (p.open_count == static_cast<int>(std::size(open_names)))
        throw "a problem has at most sixteen extents that only constants know: take Eigen matrices of fixed size";
    size_form s;
    s.count = 1;
    s.terms[0] = {intern(p.symbols, open_names[p.open_count++]), -1, 1};
    return s;
}

/// The shape of a node whose type leaves a size open, from the shapes of its arguments.
constexpr shape_form open_shape(const program& p, const node& n, int rank, const std::vector<int>& arguments) {
    const auto shape_of = [&](std::size_t k) { return p.nodes[static_cast<std::size_t>(arguments[k])].shape; };
    const shape_form a = shape_of(0);
    switch (n.code) {
    case op::transpose: return {rank, a.cols, a.rows};
    case op::multiply: {
        const shape_form b = shape_of(1);
        if (a.rank == 0 || b.rank == 0) return a.rank == 0 ? b : a;
        return {b.rank, a.rows, b.cols};
    }
    case op::sum_over:
    case op::mean_over: return vector_shape(n.from.constant == 0 ? a.cols : a.rows);
    case op::row: return vector_shape(a.cols);
    case op::column:
    case op::diagonal_of: return vector_shape(a.rows);
    case op::diagonal: return matrix_shape(a.rows, a.rows);
    case op::rows: return matrix_shape(minus(n.to, n.from), a.cols);
    case op::columns: return matrix_shape(a.rows, minus(n.to, n.from));
    case op::diff: return vector_shape(minus(a.rows, number_size(1)));
    case op::hstack:
    case op::vstack: {
        shape_form all = rank == 2 && a.rank < 2 ? matrix_shape(number_size(1), a.rows) : a;
        for (std::size_t k = 1; k < arguments.size(); ++k) {
            const shape_form b = shape_of(k);
            size_form& along = n.code == op::hstack && rank == 2 ? all.cols : all.rows;
            along = plus(along, n.code == op::hstack ? (rank == 2 ? b.cols : b.rows)
                                                     : (b.rank == 2 ? b.rows : number_size(1)));
        }
        all.rank = rank;
        return all;
    }
    default: break;
    }
    if (rank < a.rank) return vector_shape(n.atom.ends_with("<0>") ? a.cols : a.rows); // max<0>(W)
    for (std::size_t k = 0; k < arguments.size(); ++k)
        if (shape_of(k).rank == rank) return shape_of(k);
    return a;
}

/// n.shape, the sizes that are not open as the type `Form` says them.
template <shape Form> constexpr void complete_shape(program& p, node& n, const std::vector<int>& arguments) {
    const shape_form found = open_shape(p, n, Form.rank, arguments);
    n.shape.rank = Form.rank;
    if constexpr (is_open(Form.rows))
        n.shape.rows = found.rows;
    else
        n.shape.rows = flatten_size<Form.rows>(p);
    if constexpr (is_open(Form.cols))
        n.shape.cols = found.cols;
    else
        n.shape.cols = flatten_size<Form.cols>(p);
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
    constexpr shape form = expr::node<Kind, A...>::form;
    if constexpr (is_open(form)) complete_shape<form>(p, n, {std::begin(arguments), std::end(arguments)});
    n.first_argument = static_cast<int>(p.arguments.size());
    n.argument_count = sizeof...(A);
    for (const int a : arguments) p.arguments.push_back(a);
}

template <class E> constexpr int flatten(program& p) {
    node n;
    if constexpr (!is_open(E::form)) n.shape = flatten_shape<E::form>(p);
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
    } else if constexpr (requires { E::is_constant; }) {
        n.code = op::constant;
        n.slot = p.constant_count++;
        if constexpr (is_open(E::form)) {
            n.shape.rank = E::form.rank;
            if constexpr (is_open(E::form.rows)) n.shape.rows = open_size(p);
            if constexpr (!is_open(E::form.rows)) n.shape.rows = flatten_size<E::form.rows>(p);
            if constexpr (is_open(E::form.cols)) n.shape.cols = open_size(p);
            if constexpr (!is_open(E::form.cols)) n.shape.cols = flatten_size<E::form.cols>(p);
        }
    } else {
        n.code = op::number;
        n.slot = p.number_count++;
    }
    p.nodes.push_back(n);
    return static_cast<int>(p.nodes.size()) - 1;
}

/// What an expression holds beside its type: its numbers, and its constants, each as its rows, its columns and its
/// entries.
struct held {
    std::vector<double> numbers, constants;
};

template <class H, class... T> constexpr void collect_numbers_of(const pack<H, T...>& p, held& out);

/// The numbers inside an expression, in the order of the slots that `flatten` gives them. Branches without numbers are
/// left out, since every function on the way is one that the compiler makes.
template <class E> constexpr void collect_numbers(const E& e, held& out) {
    if constexpr (requires { typename E::kind; })
        collect_numbers_of(e.args, out);
    else if constexpr (requires { E::is_constant; })
        out.constants.insert(out.constants.end(), e.data->begin(), e.data->end());
    else
        out.numbers.push_back(e.value);
}
template <class H, class... T> constexpr void collect_numbers_of(const pack<H, T...>& p, held& out) {
    if constexpr (H::has_numbers) collect_numbers(p.head, out);
    if constexpr ((T::has_numbers || ...)) collect_numbers_of(p.tail, out);
}

} // namespace optnet::dsl
