// SPDX-License-Identifier: Apache-2.0
// expect: this_divides_by_a_variable<
// expect: "... / x"
// expect: only data may stand below a division
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"x"> x;
constexpr auto f = 1 / x;
