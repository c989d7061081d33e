// SPDX-License-Identifier: Apache-2.0
// expect: this_is_convex<
// expect: "norm1(z - y)"
// expect: change its sign, or minimize the negative
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"c", n> c;
constexpr auto problem = maximize(dot(c, z) + norm1(z - y));
