// SPDX-License-Identifier: Apache-2.0
// expect: a size is an integer or made of dims
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 2.5> z;
constexpr auto f = sum(z);
