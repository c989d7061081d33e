// SPDX-License-Identifier: Apache-2.0
// expect: the level tau of pinball(r, tau) lies between 0 and 1
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = pinball(z, 1.5);
