// SPDX-License-Identifier: Apache-2.0
// expect: this_is_no_expression<
// expect: "z - y"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
struct tensor {};
constexpr tensor t;
constexpr auto f = t * (z - y);
