// SPDX-License-Identifier: Apache-2.0
// expect: these_are_no_conditions<
// expect: "z"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = simplex(z) && z <= 1;
