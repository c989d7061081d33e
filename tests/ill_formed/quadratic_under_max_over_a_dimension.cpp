// SPDX-License-Identifier: Apache-2.0
// expect: this_is_not_a_quadratic_program<
// expect: "max<1>(N * sum_squares(W))"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr nonneg<"N", m, n> N;
constexpr auto f = max<1>(N * sum_squares(W));
