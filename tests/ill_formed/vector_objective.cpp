// SPDX-License-Identifier: Apache-2.0
// expect: this_objective_is_not_a_scalar<
// expect: "abs(z)"
// expect: write sum(...) around it
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr auto problem = minimize(abs(z));
