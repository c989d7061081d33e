// SPDX-License-Identifier: Apache-2.0
// expect: constant expression
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
double weight = 2;
auto f = weight * norm1(z);
