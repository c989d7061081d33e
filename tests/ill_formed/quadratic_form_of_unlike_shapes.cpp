// SPDX-License-Identifier: Apache-2.0
// expect: these_shapes_disagree<
// expect: "quad(x, Q)"
// expect: "x: [m], Q: [n, n]"
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr psd<"Q", n> Q;
constexpr variable<"x", m> x;
constexpr auto f = quad(x, Q);
