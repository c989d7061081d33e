// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"L", n, n> L;
constexpr nonneg<"lambda"> lambda;
constexpr param<"G", m, n> G;
constexpr psd<"P", m> P;
constexpr diagonal<"d", n> d;
constexpr auto f = quad(z, L* T(L)) + quad(z, T(L) * L) + quad(z, T(G) * P * G) + quad(z, 2 * Q + lambda * d);
