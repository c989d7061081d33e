// SPDX-License-Identifier: Apache-2.0
// expect: only_a_matrix_has_dimensions<
// expect: "sum<0>(z)"
// expect: of a vector write sum(z) or max(z)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = sum<0>(z);
