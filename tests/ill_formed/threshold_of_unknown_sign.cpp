// SPDX-License-Identifier: Apache-2.0
// expect: this_threshold_has_unknown_sign<
// expect: "M"
// expect: "huber(z, M)"
// expect: declare it nonneg<...>
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"M"> M;
constexpr auto f = huber(z, M);
