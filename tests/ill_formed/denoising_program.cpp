// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

namespace denoising { // where the name tv hides the word
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr nonneg<"lambda"> lambda;
constexpr param<"D", m, n> D;
constexpr auto tv = minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z));
constexpr auto table = optnet::dsl::lower<decltype(tv)>();
} // namespace denoising
