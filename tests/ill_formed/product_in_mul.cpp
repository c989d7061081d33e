// SPDX-License-Identifier: Apache-2.0
// expect: this_is_a_product_of_variables<
// expect: "mul(z, z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = mul(z, z);
