// SPDX-License-Identifier: Apache-2.0
// expect: this_argument_must_be_affine<
// expect: "quad(abs(z), Q)"
// expect: the argument of a quadratic form must be affine
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr auto f = quad(abs(z), Q);
