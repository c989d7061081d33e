// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr param<"p", n> p;
constexpr param<"h", m> h;
constexpr nonneg<"V", m, n> V;
constexpr auto a = sum(sum<0>(W)) + dot(p, sum<0>(W)) + sum(max<1>(abs(W))) + sum(max<0>(transpose(W)));
constexpr auto b = norm1(sum<1>(abs(W)) + max<1>(V)) + max(max<0>(W)) + sum_squares(sum<1>(W) - h);
constexpr auto problem = minimize(a + b).st(sum<1>(W) == h, max<0>(W) <= 3 - max<0>(abs(W)), p <= sum<0>(W));
