// SPDX-License-Identifier: Apache-2.0
// expect: only_a_matrix_has_dimensions<
// expect: "max<1>(s)"
// expect: a scalar is its own sum
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"s"> s;
constexpr auto f = max<1>(s);
