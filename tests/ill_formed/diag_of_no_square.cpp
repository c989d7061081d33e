// SPDX-License-Identifier: Apache-2.0
// expect: this_matrix_is_not_square<
// expect: "diag(W)"
// expect: "W: [3, 2]"
// expect: trace and diag take a square matrix
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"W", 3, 2> W;
constexpr auto f = diag(W);
