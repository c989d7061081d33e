// SPDX-License-Identifier: Apache-2.0
// expect: this_constraint_has_no_variable<
// expect: "c == y"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr param<"c", n> c;
constexpr param<"y", n> y;
constexpr auto e = c == y;
