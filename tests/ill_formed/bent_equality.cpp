// SPDX-License-Identifier: Apache-2.0
// expect: this_equality_is_not_affine<
// expect: "norm1(z) == ..."
// expect: both sides of == must be affine
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = norm1(z) == 1;
