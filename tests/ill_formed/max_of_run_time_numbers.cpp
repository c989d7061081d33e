// SPDX-License-Identifier: Apache-2.0
// expect: words_take_expressions<
// expect: "max"
// expect: for numbers use the functions of C++, for tensors those of torch
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

int a = 0, b = 1;
auto f = max(a, b);
