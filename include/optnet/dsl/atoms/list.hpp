// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/abs.hpp"
#include "optnet/dsl/atoms/max.hpp"
#include "optnet/dsl/atoms/max_over.hpp"
#include "optnet/dsl/atoms/norm1.hpp"
#include "optnet/dsl/atoms/pos.hpp"
#include "optnet/dsl/atoms/quadratics.hpp"

namespace optnet::dsl {

template <class... Atom> struct atom_list {
    /// f(Atom{}) for the atom of this name; false if there is none.
    static constexpr bool visit(std::string_view name, auto&& f) {
        return ((Atom::name == name && (f(Atom{}), true)) || ...);
    }
};

using all_atoms = atom_list<atoms::abs, atoms::max, atoms::max_over<0>, atoms::max_over<1>, atoms::norm1, atoms::pos,
                            atoms::quad, atoms::square, atoms::sum_squares>;

} // namespace optnet::dsl
