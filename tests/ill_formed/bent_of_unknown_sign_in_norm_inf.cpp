// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "norm_inf(abs(z) - ...)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = norm_inf(abs(z) - 1);
