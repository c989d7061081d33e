// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "sum_squares(pos(z) - y)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto f = sum_squares(pos(z) - y);
