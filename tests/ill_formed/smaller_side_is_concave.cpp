// SPDX-License-Identifier: Apache-2.0
// expect: this_side_must_be_convex<
// expect: "-norm1(z)"
// expect: what is required to be smaller must be convex
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = -norm1(z) <= 1;
