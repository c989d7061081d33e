// SPDX-License-Identifier: Apache-2.0
// expect: this_dimension_is_neither_0_nor_1<
// expect: "max<-1>(abs(W))"
// expect: <0> takes every column together, <1> every row
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = max<-1>(abs(W));
