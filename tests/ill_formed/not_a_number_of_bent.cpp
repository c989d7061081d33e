// SPDX-License-Identifier: Apache-2.0
// expect: a negative number times a convex or concave expression
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = __builtin_nan("") * norm1(z);
