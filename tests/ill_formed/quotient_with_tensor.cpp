// SPDX-License-Identifier: Apache-2.0
// expect: this_is_no_expression<
// expect: "z - y"
// expect: declare a param<...> for a tensor and bind it in the call
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
struct tensor {};
constexpr tensor t;
constexpr auto f = (z - y) / t;
