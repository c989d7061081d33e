// SPDX-License-Identifier: Apache-2.0
// expect: this_threshold_has_unknown_sign<
// expect: "abs(s)"
// expect: "huber(z, abs(s))"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr variable<"s"> s;
constexpr auto f = huber(z, abs(s));
