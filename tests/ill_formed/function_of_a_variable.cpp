// SPDX-License-Identifier: Apache-2.0
// expect: this_function_takes_data_only<
// expect: "exp(z - y)"
// expect: take parameters alone
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto f = exp(z - y);
