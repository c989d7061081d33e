// SPDX-License-Identifier: Apache-2.0
// expect: this_matrix_is_not_known_to_be_psd<
// expect: "M"
// expect: declare it psd<...>, or write L * T(L)
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"M", n, n> M;
constexpr auto f = quad(z, M);
