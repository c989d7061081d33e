// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr dim<"p"> p;
constexpr param<"q", n> q;
constexpr param<"A", p, n> A;
constexpr param<"b", p> b;
// clang-format off
constexpr auto qp = minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h, A * z == b);
// clang-format on
constexpr auto table = optnet::dsl::lower<decltype(qp)>();
