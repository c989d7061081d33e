// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "max<0>(-abs(W))"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = max<0>(-abs(W));
