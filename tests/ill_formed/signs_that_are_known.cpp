// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"s"> s;
constexpr nonneg<"lambda"> lambda;
constexpr nonneg<"v", n> v;
constexpr nonneg<"B", m, n> B;
constexpr auto a = norm1(pos(z)) + abs(sum(abs(z))) + sum_squares(pos(z - y)) + sum(max(z, 0));
constexpr auto b = pos(s + 1e-3) * norm1(z) + exp(s) * sum(abs(z)) - 2 * (-lambda) * sum(pos(z));
constexpr auto c = dot(v, abs(z)) + sum(mul(v, pos(z))) + sum(B * abs(z)) + norm1(z) / (lambda + softplus(s));
constexpr auto d = minimize(a + b + c).st(1 - norm1(z) >= lambda, -abs(z) >= -3, 0 <= z <= 1);
