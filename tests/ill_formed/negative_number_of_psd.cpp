// SPDX-License-Identifier: Apache-2.0
// expect: a negative number times data of known sign
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr auto f = quad(z, -1 * Q);
