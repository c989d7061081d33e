// SPDX-License-Identifier: Apache-2.0
// expect: this_multiplies_two_vectors<
// expect: "c * z"
// expect: dot(a, b) for a number, mul(a, b) entry by entry
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"c", n> c;
constexpr auto f = c * z;
