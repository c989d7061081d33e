// SPDX-License-Identifier: Apache-2.0
// expect: words_take_expressions<
// expect: "cols"
// expect: for tensors those of torch
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

struct tensor {};
constexpr tensor t;
constexpr auto f = cols<0, 1>(t);
