// SPDX-License-Identifier: Apache-2.0
// expect: this_is_not_a_quadratic_program<
// expect: "pos(quad(z, Q) - ...)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr auto f = pos(quad(z, Q) - 1);
