// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "vstack(z, x, z)"
// expect: "z: [n], x: [m], z: [n]"
// expect: the shapes do not fit
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr variable<"x", m> x;
constexpr auto f = vstack(z, x, z);
