// SPDX-License-Identifier: Apache-2.0
// expect: this_is_no_constant<
// expect: "constant(...)"
// expect: a number is one as it stands
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

const auto f = constant(3.0);
