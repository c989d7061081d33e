// SPDX-License-Identifier: Apache-2.0
// expect: this_is_concave<
// expect: "-lambda * norm1(z)"
// expect: this part of it is concave
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr nonneg<"lambda"> lambda;
constexpr auto problem = minimize(sum_squares(z - y) - lambda * norm1(z));
