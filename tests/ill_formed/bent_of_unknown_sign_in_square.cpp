// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "square(norm1(z) - ...)"
// expect: make the sign of what stands inside known
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = square(norm1(z) - 1);
