// SPDX-License-Identifier: Apache-2.0
// expect: this_transposes_a_vector<
// expect: "z"
// expect: write dot(a, b)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = transpose(z);
