// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "pinball(norm1(z) - ..., ...)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = pinball(norm1(z) - 1, 0.5);
