// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "hstack(z, W)"
// expect: "z: [n], W: [n, n]"
// expect: the shapes do not fit
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr variable<"W", n, n> W;
constexpr auto f = hstack(z, W);
