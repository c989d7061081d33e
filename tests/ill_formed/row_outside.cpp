// SPDX-License-Identifier: Apache-2.0
// expect: an index lies outside its matrix: indices go from 0 to the number of rows or columns - 1
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"W", 5, 2> W;
constexpr auto f = rows(W, 5);
