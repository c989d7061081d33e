// SPDX-License-Identifier: Apache-2.0
// expect: this_constraint_has_no_variable<
// expect: check the data before the call
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr param<"y", n> y;
constexpr auto c = simplex(y);
