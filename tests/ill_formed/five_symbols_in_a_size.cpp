// SPDX-License-Identifier: Apache-2.0
// expect: a size may name at most four symbols
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr dim<"k"> k;
constexpr dim<"p"> p;
constexpr dim<"q"> q;
constexpr variable<"z", n + m + k + p + q> z;
