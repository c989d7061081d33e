// SPDX-License-Identifier: Apache-2.0
// expect: this_side_must_be_concave<
// expect: "abs(z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = 0 <= abs(z) <= 1;
