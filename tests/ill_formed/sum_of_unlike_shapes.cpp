// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "z + h"
// expect: "z: [n], h: [m]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"h", m> h;
constexpr auto f = z + h;
