// SPDX-License-Identifier: Apache-2.0
// expect: words_take_expressions<
// expect: "huber"
// expect: for numbers use the functions of C++, for tensors those of torch
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

struct tensor {};
constexpr tensor t;
constexpr auto f = huber(t, 1);
