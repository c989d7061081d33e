// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/atom.hpp"

namespace optnet::atoms {

/// Sum of the squares of all entries; nondecreasing where x >= 0.
struct sum_squares {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "sum_squares";
    static constexpr shape form(const facts&) { return {}; }
    static constexpr attributes what(const facts& x) {
        attributes result = dsl::convex_nonnegative(x.what, dsl::grows_with_magnitude(x.what));
        result.quadratic = x.has_variables;
        return result;
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.sum(t.square(x[0]));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node&, dsl::form& f) {
        l.quadratic(x[0], -1, f);
    }
};

/// The squares of the entries; nondecreasing where x >= 0.
struct square {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "square";
    static constexpr shape form(const facts& x) { return x.form; }
    static constexpr attributes what(const facts& x) { return sum_squares::what(x); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.square(x[0]);
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node&, dsl::form& f) {
        l.squares(x[0], f);
    }
};

/// z'Qz for affine z and Q known to be psd; the symmetric part of Q counts.
struct quad {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "quad";
    static constexpr shape form(const facts&, const facts&) { return {}; }
    static constexpr attributes what(const facts& z, const facts&) {
        return {.sign = mark::plus, .curvature = mark::plus, .psd = false, .quadratic = z.has_variables};
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.dot(x[0], t.multiply(x[1], x[0]));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        l.quadratic(x[0], l.out.of.arguments[static_cast<std::size_t>(n.first_argument) + 1], f);
    }
};

} // namespace optnet::atoms

namespace optnet::dsl {

template <class Z, class Q> constexpr auto make_quad(const Z& z, const Q& matrix) {
    using made = expr::node<atoms::quad, Z, Q>;
    if constexpr (Z::form.rank != 1 || Q::form.rank != 2 || !agree(product(Q::form, Z::form), Z::form)) {
        these_shapes_disagree<text_of<made>(), shapes_of<Z, Q>()>();
    } else if constexpr (Q::has_variables) {
        this_is_a_product_of_variables<text_of<made>()>();
    } else if constexpr (!Q::what.psd) {
        this_matrix_is_not_known_to_be_psd<text_of<Q>()>();
    } else if constexpr (bent<Z>) {
        this_argument_must_be_affine<text_of<made>()>();
    }
    return make<atoms::quad>(z, matrix);
}

} // namespace optnet::dsl

namespace optnet::expr {

/// Sum of squares of all entries; convex. May stand in the objective only.
template <class E> constexpr auto sum_squares(const E& x) { return dsl::make_atom_of_one<atoms::sum_squares>(x); }

/// The square of every entry; convex. May stand in the objective only.
template <class E> constexpr auto square(const E& x) { return dsl::make_atom_of_one<atoms::square>(x); }

/// z'Qz (no half) for a vector z that is affine in the variables and a matrix Q known to be psd; convex. May stand in
/// the objective only.
template <class Z, class Q> constexpr auto quad(const Z& z, const Q& matrix) {
    if constexpr (dsl::pair_of_operands<Z, Q>())
        return dsl::make_quad(dsl::as_expression(z), dsl::as_expression(matrix));
    else
        return dsl::refused{};
}

} // namespace optnet::expr
