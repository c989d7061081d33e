// SPDX-License-Identifier: Apache-2.0
// The language alone: a problem that the compiler has checked.
#include <optnet/dsl/words.hpp>

using namespace optnet::words;

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto projection = minimize(sum_squares(z - y)).st(z >= 0, sum(z) == 1);

int main() {}
