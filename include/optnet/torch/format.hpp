// SPDX-License-Identifier: Apache-2.0
#pragma once

// describe(problem) and fmt::print("{}", problem): the mathematics, the blocks that the compiler made of it, and what
// the solver would do with them.

#include "optnet/dsl/describe.hpp"
#include "optnet/dsl/lower.hpp"

#include <fmt/format.h>

namespace optnet {

/// The text of `describe` for a block table and its numbers.
std::string describe_table(const dsl::table& problem, std::span<const double> numbers);

namespace words {

/// The problem as text: mathematics, variables and parameters, blocks, and the chosen form of the solver (for sizes
/// that come at run time: at 10, 100 and 1000).
template <dsl::sense Sense, class F, class... C> std::string describe(const expr::problem<Sense, F, C...>& problem) {
    return describe_table(dsl::lower<expr::problem<Sense, F, C...>>(), dsl::numbers(problem));
}

} // namespace words
} // namespace optnet

template <optnet::dsl::sense Sense, class F, class... C>
struct fmt::formatter<optnet::expr::problem<Sense, F, C...>> : fmt::formatter<fmt::string_view> {
    template <class Context> auto format(const optnet::expr::problem<Sense, F, C...>& problem, Context& into) const {
        return fmt::formatter<fmt::string_view>::format(optnet::words::describe(problem), into);
    }
};
