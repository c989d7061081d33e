// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
double weight = -2;
auto f = weight * sum(z - y) + sum(z) / weight - weight;
auto c = weight <= z;
