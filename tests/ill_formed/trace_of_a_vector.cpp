// SPDX-License-Identifier: Apache-2.0
// expect: only_a_matrix_goes_here<
// expect: "trace(z)"
// expect: this word takes a matrix
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr auto f = trace(z);
