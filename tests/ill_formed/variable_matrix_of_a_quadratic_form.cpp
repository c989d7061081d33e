// SPDX-License-Identifier: Apache-2.0
// expect: this_is_a_product_of_variables<
// expect: "quad(z, U)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr variable<"U", n, n> U;
constexpr auto f = quad(z, U);
