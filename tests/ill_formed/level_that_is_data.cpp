// SPDX-License-Identifier: Apache-2.0
// expect: only_a_number_goes_here<
// expect: "pinball(z, ...)"
// expect: are numbers, neither data nor tensors
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr nonneg<"tau"> tau;
constexpr auto f = pinball(z, tau);
