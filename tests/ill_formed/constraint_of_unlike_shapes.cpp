// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "G * z <= y"
// expect: "G * z: [m], y: [n]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"G", m, n> G;
constexpr param<"y", n> y;
constexpr auto c = G * z <= y;
