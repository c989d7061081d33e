// SPDX-License-Identifier: Apache-2.0
// expect: this_is_no_expression<
// expect: "z"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
struct tensor {};
constexpr tensor t;
constexpr auto f = min(z, t);
