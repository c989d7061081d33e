// SPDX-License-Identifier: Apache-2.0
// expect: st_takes_constraints<
// expect: "sum_squares(z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto problem = minimize(sum_squares(z)).st(z >= 0, 0 <= 1);
