// SPDX-License-Identifier: Apache-2.0
// expect: this_chain_points_the_wrong_way<
// expect: "z"
// expect: a range is written low <= z <= high
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = 1 >= z >= 0;
