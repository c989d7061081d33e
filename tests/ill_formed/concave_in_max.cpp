// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "max(z, -abs(z))"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = max(z, -abs(z));
