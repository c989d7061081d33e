// SPDX-License-Identifier: Apache-2.0
// expect: this_is_a_product_of_variables<
// expect: "x * w"
// expect: a product of variables is not affine
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"x"> x;
constexpr variable<"w"> w;
constexpr auto f = x * w;
