// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "z: [5], b: [4]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr param<"b", 4> b;
constexpr auto f = z - b;
