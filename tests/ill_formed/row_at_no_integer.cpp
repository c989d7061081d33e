// SPDX-License-Identifier: Apache-2.0
// expect: an_index_is_an_integer<
// expect: "rows(W, ...)"
// expect: several rows are rows<from, to>(W)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"W", 5, 2> W;
constexpr auto f = rows(W, 2.0);
