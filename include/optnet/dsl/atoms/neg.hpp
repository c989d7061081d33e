// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/pos.hpp"

namespace optnet::atoms {

/// max(-x, 0), entry by entry. Graph form: t with -x <= t, 0 <= t.
struct neg {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "neg";
    static constexpr shape form(const facts& x) { return x.form; }
    static constexpr attributes what(const facts& x) { return dsl::convex_nonnegative(x.what, mark::minus); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.pos(t.negate(x[0]));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        std::vector<dsl::form> negative = x;
        lowering::negate(negative[0]);
        pos::lower(l, negative, n, f);
    }
};

} // namespace optnet::atoms

namespace optnet::expr {

/// max(-x, 0), entry by entry; convex and nonincreasing.
template <class E> constexpr auto neg(const E& x) { return dsl::make_atom_of_one<atoms::neg>(x); }

} // namespace optnet::expr
