// SPDX-License-Identifier: Apache-2.0
// expect: this_is_not_a_quadratic_program<
// expect: "max(square(z), ...)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = max(square(z), 1);
