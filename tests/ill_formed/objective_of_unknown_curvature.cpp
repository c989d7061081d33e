// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "sum(abs(z) - pos(z))"
// expect: this is neither convex nor concave
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto problem = minimize(sum_squares(z - y) + sum(abs(z) - pos(z)));
