// SPDX-License-Identifier: Apache-2.0
// expect: st_takes_constraints<
// expect: "sum_squares(z)"
// expect: comparisons of expressions by <=, >= or ==
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto problem = minimize(sum_squares(z)).st(sum(z));
