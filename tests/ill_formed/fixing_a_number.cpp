// SPDX-License-Identifier: Apache-2.0
// expect: arguments_are_bindings<
// expect: "fix(...)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

auto b = fix(0.1);
