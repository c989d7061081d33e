// SPDX-License-Identifier: Apache-2.0
// expect: arguments_are_bindings<
// expect: "learn(...)"
// expect: every argument is name = tensor
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr nonneg<"lambda"> lambda;
auto b = learn(lambda);
