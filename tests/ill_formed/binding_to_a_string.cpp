// SPDX-License-Identifier: Apache-2.0
// expect: binds_a_tensor_or_a_number<
// expect: "lambda"
// expect: a parameter is bound to a tensor or a number
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr nonneg<"lambda"> lambda;
auto b = (lambda = "0.1");
