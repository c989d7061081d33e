// SPDX-License-Identifier: Apache-2.0
// expect: this_objective_is_not_a_scalar<
// expect: "z + y"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto problem = maximize(z + y);
