// SPDX-License-Identifier: Apache-2.0
// expect: this_is_not_a_quadratic_program<
// expect: "... + quad(z, Q)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr variable<"x"> x;
constexpr auto c = x >= 1 + quad(z, Q);
