// SPDX-License-Identifier: Apache-2.0
// expect: an index lies outside its matrix: indices go from 0 to the number of rows or columns - 1
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = cols(W, -1);
