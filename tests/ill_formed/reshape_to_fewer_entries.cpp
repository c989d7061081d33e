// SPDX-License-Identifier: Apache-2.0
// expect: this_reshape_changes_the_number_of_entries<
// expect: "reshape<2, 2>(z)"
// expect: "z: [5]"
// expect: the product of the sizes must be the number of entries
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr auto f = reshape<2, 2>(z);
