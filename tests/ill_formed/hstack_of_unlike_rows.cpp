// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "hstack(W, T(W))"
// expect: "W: [m, n], T(W): [n, m]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = hstack(W, T(W));
