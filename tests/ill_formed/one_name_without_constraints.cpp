// SPDX-License-Identifier: Apache-2.0
// expect: two_things_have_this_name<
// expect: "z"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"z", n> y;
constexpr auto problem = minimize(sum_squares(z - y));
