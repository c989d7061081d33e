// SPDX-License-Identifier: Apache-2.0
// expect: only_a_number_goes_here<
// expect: "sum_largest(z, ...)"
// expect: the count k of sum_largest and sum_smallest
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = sum_largest(z, 2.5);
