// SPDX-License-Identifier: Apache-2.0
// expect: this_slice_is_empty_or_outside<
// expect: "slice<0, n + 1>(z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = slice<0, n + 1>(z);
