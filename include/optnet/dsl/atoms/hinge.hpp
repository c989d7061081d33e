// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/pos.hpp"

namespace optnet::atoms {

/// max(1 - x, 0), entry by entry. Graph form: t with 1 - x <= t, 0 <= t.
struct hinge {
    static constexpr op code = op::atom;
    static constexpr std::string_view name = "hinge";
    static constexpr shape form(const facts& x) { return x.form; }
    static constexpr attributes what(const facts& x) { return dsl::convex_nonnegative(x.what, mark::minus); }
    template <class Algebra> static auto value(const Algebra& t, std::span<const typename Algebra::value> x) {
        return t.pos(t.add(t.number(1), t.negate(x[0])));
    }
    static constexpr void lower(lowering& l, const std::vector<dsl::form>& x, const dsl::node& n, dsl::form& f) {
        std::vector<dsl::form> missing = x;
        lowering::negate(missing[0]);
        missing[0].constant.push_back({l.maps.one()});
        pos::lower(l, missing, n, f);
    }
};

} // namespace optnet::atoms

namespace optnet::expr {

/// max(1 - x, 0), entry by entry: what x lacks of the margin 1; convex and nonincreasing.
template <class E> constexpr auto hinge(const E& x) { return dsl::make_atom_of_one<atoms::hinge>(x); }

} // namespace optnet::expr
