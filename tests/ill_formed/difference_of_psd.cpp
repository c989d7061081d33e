// SPDX-License-Identifier: Apache-2.0
// expect: this_matrix_is_not_known_to_be_psd<
// expect: "Q - L * T(L)"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"L", n, n> L;
constexpr auto f = quad(z, Q - L * T(L));
