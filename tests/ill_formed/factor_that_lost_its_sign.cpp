// SPDX-License-Identifier: Apache-2.0
// expect: this_factor_has_unknown_sign<
// expect: "lambda + ..."
// expect: "(lambda + ...) * norm1(z)"
// expect: pos(s + 1e-3) regains it
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr nonneg<"lambda"> lambda;
constexpr auto f = (lambda + 1e-3) * norm1(z);
