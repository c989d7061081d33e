// SPDX-License-Identifier: Apache-2.0
// expect: this_reshape_changes_the_number_of_entries<
// expect: "reshape<>(z)"
// expect: reshape<n> and reshape<m, n> keep all entries
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr auto f = reshape<>(z);
