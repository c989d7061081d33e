// SPDX-License-Identifier: Apache-2.0
// expect: a negative number times data of known sign: write -(2 * lambda) instead of -2 * lambda
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr nonneg<"lambda"> lambda;
constexpr auto f = -2 * lambda;
