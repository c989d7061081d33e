// SPDX-License-Identifier: Apache-2.0
// expect: only_a_vector_has_elements<
// expect: "sum(z)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = sum(z)[0];
