// SPDX-License-Identifier: Apache-2.0
// expect: this_is_concave<
// expect: "-sum_squares(z - y)"
// expect: change its sign, or maximize the negative
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto problem = minimize(-sum_squares(z - y));
