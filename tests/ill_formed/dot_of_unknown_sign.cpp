// SPDX-License-Identifier: Apache-2.0
// expect: this_factor_has_unknown_sign<
// expect: "c"
// expect: "dot(c, abs(z))"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"c", n> c;
constexpr auto f = dot(c, abs(z));
