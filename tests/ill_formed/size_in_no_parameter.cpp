// SPDX-License-Identifier: Apache-2.0
// expect: this_size_stands_alone_in_no_parameter<
// expect: "n"
// expect: a size is learned from a tensor
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto problem = minimize(sum_squares(z)).st(z >= 1);
constexpr auto table = optnet::dsl::lower<decltype(problem)>();
