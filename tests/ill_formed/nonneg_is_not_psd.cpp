// SPDX-License-Identifier: Apache-2.0
// expect: this_matrix_is_not_known_to_be_psd<
// expect: "P"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr nonneg<"P", n, n> P;
constexpr auto f = quad(z, P);
