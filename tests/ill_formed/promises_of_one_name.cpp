// SPDX-License-Identifier: Apache-2.0
// expect: two_things_have_this_name<
// expect: "y"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr nonneg<"y", n> h;
constexpr auto problem = minimize(sum_squares(z - y)).st(z <= h);
