// SPDX-License-Identifier: Apache-2.0
// expect: this_factor_has_unknown_sign<
// expect: "s"
// expect: "norm1(z) * s"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"s"> s;
constexpr auto f = norm1(z) * s;
