// SPDX-License-Identifier: Apache-2.0
// expect: this_comparison_is_not_convex<
// expect: "z"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = 0 < z;
