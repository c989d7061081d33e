// SPDX-License-Identifier: Apache-2.0
// expect: only_a_matrix_goes_here<
// expect: "diag(s)"
// expect: this word takes a matrix
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"s"> s;
constexpr auto f = diag(s);
