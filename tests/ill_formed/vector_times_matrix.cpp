// SPDX-License-Identifier: Apache-2.0
// expect: this_multiplies_a_vector_by_a_matrix<
// expect: "h * G"
// expect: write T(M) * v
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr param<"h", m> h;
constexpr param<"G", m, n> G;
constexpr auto f = h * G;
