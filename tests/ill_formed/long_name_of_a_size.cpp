// SPDX-License-Identifier: Apache-2.0
// expect: the name of a dim has at most 23 characters
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"number_of_assets_in_the_book"> n;
constexpr variable<"z", n> z;
