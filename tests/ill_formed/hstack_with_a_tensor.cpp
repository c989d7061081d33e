// SPDX-License-Identifier: Apache-2.0
// expect: this_is_no_expression<
// expect: "z"
// expect: declare a param<...> for a tensor
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

struct tensor {};
constexpr tensor t;
constexpr variable<"z", 5> z;
constexpr auto f = hstack(t, z);
