// SPDX-License-Identifier: Apache-2.0
// expect: this_matrix_is_not_known_to_be_psd<
// expect: "diag(y)"
// expect: declare it psd<...>
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto f = quad(z, diag(y));
