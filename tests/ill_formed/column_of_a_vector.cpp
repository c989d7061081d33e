// SPDX-License-Identifier: Apache-2.0
// expect: only_a_matrix_goes_here<
// expect: "cols(z, ...)"
// expect: of a vector write z[i] and slice<from, to>(z)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr auto f = cols(z, 2);
