// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/atom.hpp"

namespace optnet::atoms {

/// max(x, 0), entry by entry. Graph form: t with x <= t, 0 <= t.
struct pos {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "pos";
    static constexpr shape form(const facts& x) { return x.form; }
    static constexpr attributes what(const facts& x) { return dsl::convex_nonnegative(x.what, mark::plus); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.pos(x[0]);
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node&, dsl::form& f) {
        l.epigraph(f);
        l.at_most(x[0], f);
        dsl::form negative = f;
        lowering::negate(negative);
        l.at_most_zero(negative);
    }
};

} // namespace optnet::atoms

namespace optnet::expr {

/// max(x, 0), entry by entry; convex and nondecreasing.
template <class E> constexpr auto pos(const E& x) { return dsl::make_atom_of_one<atoms::pos>(x); }

} // namespace optnet::expr
