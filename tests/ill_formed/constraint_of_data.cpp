// SPDX-License-Identifier: Apache-2.0
// expect: this_constraint_has_no_variable<
// expect: "lambda >= ..."
// expect: a constraint without a variable restricts nothing
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr nonneg<"lambda"> lambda;
constexpr auto c = lambda >= 1;
