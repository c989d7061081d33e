// SPDX-License-Identifier: Apache-2.0
// expect: has at most two sizes: a matrix
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr dim<"k"> k;
constexpr variable<"z", n, m, k> z;
constexpr auto f = sum(z);
