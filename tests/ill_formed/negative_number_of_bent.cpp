// SPDX-License-Identifier: Apache-2.0
// expect: a negative number times a convex or concave expression: write -(c * f) with c >= 0
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = -2 * norm1(z);
