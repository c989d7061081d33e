// SPDX-License-Identifier: Apache-2.0
// expect: sum_largest and sum_smallest add up k entries: k goes from 1 to their number
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr auto f = sum_largest(z, 6);
