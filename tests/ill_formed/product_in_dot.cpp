// SPDX-License-Identifier: Apache-2.0
// expect: this_is_a_product_of_variables<
// expect: "dot(z, z + y)"
// expect: quad(z, Q) or sum_squares(z)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto f = dot(z, z + y);
