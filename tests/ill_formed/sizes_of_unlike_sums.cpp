// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: [n - 1]
// expect: [n + 1]
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"u", n + 1> u;
constexpr auto f = diff(z) + u;
