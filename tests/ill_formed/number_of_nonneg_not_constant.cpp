// SPDX-License-Identifier: Apache-2.0
// expect: constant expression
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr nonneg<"lambda"> lambda;
double weight = 2;
auto f = weight * lambda;
