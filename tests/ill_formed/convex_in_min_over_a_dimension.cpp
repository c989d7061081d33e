// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "min<0>(abs(W))"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"W", n, n> W;
constexpr auto f = min<0>(abs(W));
