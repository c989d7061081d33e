// SPDX-License-Identifier: Apache-2.0
// expect: a_scalar_has_no_neighbours<
// expect: "tv(s)"
// expect: of a scalar write abs(a - b)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"s"> s;
constexpr auto f = tv(s);
