// SPDX-License-Identifier: Apache-2.0
// expect: st_takes_constraints<
// expect: "budget"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto c = named<"budget">(sum(z));
