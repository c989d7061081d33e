// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "norm1(abs(z) - y)"
// expect: make the sign of what stands inside known
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto f = norm1(abs(z) - y);
