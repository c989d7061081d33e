// SPDX-License-Identifier: Apache-2.0
#pragma once

// An atom is one struct that says everything about itself: its name, shape, sign, curvature and monotonicity (`what`),
// its value on parameters alone, and its graph form (`lower`); and one word that makes a node of it. A new atom is a
// file like the ones beside this, a line in list.hpp and a test.

#include "optnet/dsl/affine.hpp"
#include "optnet/dsl/lowering.hpp"

namespace optnet::dsl {

/// Monotonicity of a convex function that grows with the magnitude of its argument, like abs.
constexpr mark grows_with_magnitude(const attributes& x) { return x.sign; }

/// Sign >= 0, convex, of one argument: the composition rule.
constexpr attributes convex_nonnegative(const attributes& x, mark monotone) {
    return {.sign = mark::plus,
            .curvature = compose(mark::plus, monotone, x.curvature),
            .psd = false,
            .quadratic = x.quadratic};
}

/// What is known of -x.
constexpr attributes mirrored(const attributes& a) {
    return {.sign = flip(a.sign), .curvature = flip(a.curvature), .psd = false, .quadratic = a.quadratic};
}
constexpr facts mirrored(facts x) {
    x.what = mirrored(x.what);
    return x;
}

/// A concave atom by its convex mirror: f becomes -Convex(-x).
template <class Convex> constexpr void lower_mirrored(lowering& l, std::vector<form> x, const node& n, form& f) {
    for (form& each : x) lowering::negate(each);
    Convex::lower(l, x, n, f);
    lowering::negate(f);
}

/// A node of an atom whose arguments have been checked: none quadratic, the result convex, concave or data.
template <class Atom, class... E> constexpr auto make_atom(const E&... e) {
    using made = expr::node<Atom, E...>;
    if constexpr (made::has_variables && (E::what.quadratic || ...))
        this_is_not_a_quadratic_program<text_of<made>()>();
    else if constexpr (made::what.curvature == mark::any)
        this_has_unknown_curvature<text_of<made>()>();
    return make<Atom>(e...);
}

/// The word of an atom that takes one expression.
template <class Atom, class E> constexpr auto make_atom_of_one(const E& e) {
    if constexpr (expr::expression<E>)
        return make_atom<Atom>(e);
    else
        return refused_by<words_take_expressions<name<Atom::name.size() + 1>(Atom::name), E>>();
}

} // namespace optnet::dsl

/// Types only: template arguments of nodes.
namespace optnet::atoms {

using dsl::attributes;
using dsl::facts;
using dsl::form;
using dsl::lowering;
using dsl::mark;
using dsl::op;
using dsl::shape;

} // namespace optnet::atoms
