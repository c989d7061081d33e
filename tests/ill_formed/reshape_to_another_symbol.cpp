// SPDX-License-Identifier: Apache-2.0
// expect: this_reshape_changes_the_number_of_entries<
// expect: "reshape<n + 1>(z)"
// expect: "z: [n]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto f = reshape<n + 1>(z);
