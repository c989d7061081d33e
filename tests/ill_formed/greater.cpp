// SPDX-License-Identifier: Apache-2.0
// expect: this_comparison_is_not_convex<
// expect: "G * z"
// expect: write <=, >= or ==
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr auto c = G * z > h;
