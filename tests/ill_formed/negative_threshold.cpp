// SPDX-License-Identifier: Apache-2.0
// expect: the threshold M of huber(x, M) must be >= 0
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = huber(z, -1);
