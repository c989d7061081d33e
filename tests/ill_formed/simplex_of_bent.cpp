// SPDX-License-Identifier: Apache-2.0
// expect: this_simplex_is_not_affine<
// expect: "abs(z)"
// expect: for something convex write sum(...) <= 1
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = simplex(abs(z));
