// SPDX-License-Identifier: Apache-2.0
// expect: this_is_a_product_of_variables<
// expect: "W * T(W)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = W * T(W);
