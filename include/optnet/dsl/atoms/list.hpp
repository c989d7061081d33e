// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/atoms/abs.hpp"
#include "optnet/dsl/atoms/hinge.hpp"
#include "optnet/dsl/atoms/huber.hpp"
#include "optnet/dsl/atoms/max.hpp"
#include "optnet/dsl/atoms/max_over.hpp"
#include "optnet/dsl/atoms/min.hpp"
#include "optnet/dsl/atoms/neg.hpp"
#include "optnet/dsl/atoms/norm1.hpp"
#include "optnet/dsl/atoms/norm_inf.hpp"
#include "optnet/dsl/atoms/pinball.hpp"
#include "optnet/dsl/atoms/pos.hpp"
#include "optnet/dsl/atoms/quadratics.hpp"
#include "optnet/dsl/atoms/sum_largest.hpp"
#include "optnet/dsl/atoms/tv.hpp"

namespace optnet::dsl {

template <class... Atom> struct atom_list {
    /// f(Atom{}) for the atom of this name; false if there is none.
    static constexpr bool visit(std::string_view name, auto&& f) {
        return ((Atom::name == name && (f(Atom{}), true)) || ...);
    }
};

using all_atoms = atom_list<atoms::abs, atoms::hinge, atoms::huber, atoms::max, atoms::max_over<0>, atoms::max_over<1>,
                            atoms::min, atoms::min_over<0>, atoms::min_over<1>, atoms::neg, atoms::norm1,
                            atoms::norm_inf, atoms::pinball, atoms::pos, atoms::quad, atoms::square, atoms::sum_largest,
                            atoms::sum_smallest, atoms::sum_squares, atoms::tv>;

} // namespace optnet::dsl
