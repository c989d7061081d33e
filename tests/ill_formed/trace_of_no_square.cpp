// SPDX-License-Identifier: Apache-2.0
// expect: this_matrix_is_not_square<
// expect: "trace(W)"
// expect: "W: [m, n]"
// expect: cut one out by rows<from, to> and cols<from, to>
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr auto f = trace(W);
