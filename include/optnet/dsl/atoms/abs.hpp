// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/atom.hpp"

namespace optnet::atoms {

/// |x|, entry by entry. Graph form: t with |x| <= t.
struct abs {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "abs";
    static constexpr shape form(const facts& x) { return x.form; }
    static constexpr attributes what(const facts& x) {
        return dsl::convex_nonnegative(x.what, dsl::grows_with_magnitude(x.what));
    }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.abs(x[0]);
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node&, dsl::form& f) {
        l.magnitude(x[0], f);
    }
};

} // namespace optnet::atoms

namespace optnet::expr {

/// |x|, entry by entry; convex.
template <dsl::not_a_number E> constexpr auto abs(const E& x) { return dsl::make_atom_of_one<atoms::abs>(x); }

} // namespace optnet::expr
