// SPDX-License-Identifier: Apache-2.0
// expect: this_is_not_a_quadratic_program<
// expect: "sum_squares(z)"
// expect: a quadratic may stand only in the objective
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = sum_squares(z) <= 1;
