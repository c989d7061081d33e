// SPDX-License-Identifier: Apache-2.0
// expect: two_constraints_have_this_name<
// expect: "box"
// expect: rename one of them
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto problem = minimize(sum_squares(z)).st(named<"box">(0 <= z <= 1), named<"box">(sum(z) == 1));
