// SPDX-License-Identifier: Apache-2.0
// expect: this_equality_is_not_affine<
// expect: "x == norm1(z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr variable<"x"> x;
constexpr auto c = x == norm1(z);
