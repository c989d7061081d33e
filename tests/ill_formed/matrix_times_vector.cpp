// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "G * y"
// expect: "G: [m, n], y: [m + 1]"
// expect: the shapes do not fit
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr param<"G", m, n> G;
constexpr param<"y", m + 1> y;
constexpr auto f = G * y;
