// SPDX-License-Identifier: Apache-2.0
// expect: only_a_matrix_has_dimensions<
// expect: "mean<0>(z)"
// expect: is for matrices
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 3> z;
constexpr auto f = mean<0>(z);
