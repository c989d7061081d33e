// SPDX-License-Identifier: Apache-2.0
// expect: this_is_not_a_quadratic_program<
// expect: "huber(z, ...)"
// expect: here use norm1, abs, max or norm_inf, which stay linear
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = huber(z, 1) <= 2;
