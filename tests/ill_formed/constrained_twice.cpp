// SPDX-License-Identifier: Apache-2.0
// expect: this_is_constrained_before<
// expect: "sum_squares(z)"
// expect: give all of them to one st(...)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto problem = minimize(sum_squares(z)).st(z >= 0).st(sum(z) == 1);
