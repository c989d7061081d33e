// SPDX-License-Identifier: Apache-2.0
// must compile
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr dim<"rules"> rules;
constexpr variable<"x", 64> x;
constexpr param<"givens", 64> givens;
constexpr param<"A", rules, 64> A;
constexpr param<"x0", 64> x0;
constexpr auto board = minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - x0) == 0, 0 <= x);
constexpr auto table = optnet::dsl::lower<decltype(board)>();
