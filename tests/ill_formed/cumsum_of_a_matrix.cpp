// SPDX-License-Identifier: Apache-2.0
// expect: only_a_vector_goes_here<
// expect: "cumsum(W)"
// expect: this word takes a vector
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = cumsum(W);
