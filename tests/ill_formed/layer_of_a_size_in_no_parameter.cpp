// SPDX-License-Identifier: Apache-2.0
// torch
// expect: this_size_stands_alone_in_no_parameter<
// expect: "n"
#include "optnet/optnet.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto problem = minimize(sum_squares(z)).st(z >= 1);
OptLayer layer(problem);
