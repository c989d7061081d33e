// SPDX-License-Identifier: Apache-2.0
// expect: two_things_have_this_name<
// expect: "y"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"G", m, n> G;
constexpr param<"y", m> h;
constexpr auto problem = minimize(sum_squares(z - y)).st(G * z <= h);
