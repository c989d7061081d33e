// SPDX-License-Identifier: Apache-2.0
// expect: this_size_stands_alone_in_no_parameter<
// expect: "n"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"d", n - 1> d;
constexpr auto problem = minimize(sum_squares(diff(z) - d));
constexpr auto table = optnet::dsl::lower<decltype(problem)>();
