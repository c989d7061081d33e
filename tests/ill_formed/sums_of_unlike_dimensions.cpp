// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "sum<0>(W) + sum<1>(W)"
// expect: sum<0>(W): [n], sum<1>(W): [m]
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = sum<0>(W) + sum<1>(W);
