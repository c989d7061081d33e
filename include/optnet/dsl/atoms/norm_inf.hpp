// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/atom.hpp"

namespace optnet::atoms {

/// The largest |x| of all entries. Graph form: one t with |x| <= t.
struct norm_inf {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "norm_inf";
    static constexpr shape form(const facts&) { return {}; }
    static constexpr attributes what(const facts& x) {
        return dsl::convex_nonnegative(x.what, dsl::grows_with_magnitude(x.what));
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.largest(t.abs(x[0]));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node&, dsl::form& f) {
        l.largest_magnitude(x[0], f);
    }
};

} // namespace optnet::atoms

namespace optnet::expr {

/// The largest of the absolute values of all entries; convex.
template <class E> constexpr auto norm_inf(const E& x) { return dsl::make_atom_of_one<atoms::norm_inf>(x); }

} // namespace optnet::expr
