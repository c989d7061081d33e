// SPDX-License-Identifier: Apache-2.0
// expect: this_side_must_be_convex<
// expect: "abs(z) - pos(z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = 1 >= abs(z) - pos(z);
