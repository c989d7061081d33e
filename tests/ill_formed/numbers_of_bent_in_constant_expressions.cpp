// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr nonneg<"lambda"> lambda;
constexpr psd<"Q", n> Q;
constexpr double weight = 2;
template <int Weight> constexpr auto f = norm1(z) * Weight;
constexpr auto g =
    f<2> + weight * norm1(z) / 2 + quad(z, 0.5 * Q) + 2 * lambda * sum(z) - (2 * lambda) * norm1(z) * 0 + 0 * norm1(z);
