// SPDX-License-Identifier: Apache-2.0
// expect: this_factor_has_unknown_sign<
// expect: "s"
// expect: "s * norm1(z)"
// expect: declare it nonneg<...>
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"s"> s;
constexpr auto f = s * norm1(z);
