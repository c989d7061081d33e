// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "min(z, y)"
// expect: "z: [n], y: [m]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"m"> m;
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", m> y;
constexpr auto f = min(z, y);
