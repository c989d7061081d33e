// SPDX-License-Identifier: Apache-2.0
// expect: an index lies outside its vector: indices go from 0 to size - 1
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = z[-1];
