// SPDX-License-Identifier: Apache-2.0
// expect: only_a_vector_has_elements<
// expect: "W"
// expect: [i] is for vectors
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = W[0];
