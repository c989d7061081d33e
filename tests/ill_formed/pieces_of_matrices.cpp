// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"W", m, n> W;
constexpr variable<"z", n> z;
constexpr variable<"S", n, n> S;
constexpr param<"h", m> h;
constexpr param<"y", n> y;
constexpr nonneg<"w", n> w;
constexpr auto a = mean(W) + dot(h, mean<1>(W)) + sum(cumsum(z)) + trace(S) + quad(z, diag(w)) + dot(y, diag(S));
constexpr auto b =
    sum(rows<0, 1>(W)) + sum(cols<1, n>(W)) + dot(y, rows(W, 0)) + dot(h, cols(W, 1)) + cumsum(abs(z))[1];
constexpr auto c = norm1(hstack(z, h, 1)) + sum(vstack(W, z)) + sum(hstack(W, W)) + sum(reshape<m, 2>(z));
constexpr auto problem = minimize(a + b + c).st(hstack(abs(z), z) <= 1, rows(W, 0) == y, diag(z) >= S);
