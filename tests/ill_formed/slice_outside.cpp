// SPDX-License-Identifier: Apache-2.0
// expect: this_slice_is_empty_or_outside<
// expect: "slice<3, 6>(z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr auto f = slice<3, 6>(z);
