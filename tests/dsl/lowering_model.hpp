// SPDX-License-Identifier: Apache-2.0
#pragma once

// Names for the programs that the tests of the lowering write.

#include "dsl/lowering_check.hpp"

namespace optnet::test::model {

using namespace words;

inline constexpr dim<"n"> n;
inline constexpr dim<"m"> m;
inline constexpr dim<"k"> k;
inline constexpr variable<"z", n> z;
inline constexpr variable<"x", m> x;
inline constexpr variable<"s"> s;
inline constexpr variable<"t"> t;
inline constexpr variable<"W", m, n> W;
inline constexpr param<"y", n> y;
inline constexpr param<"c", n> c;
inline constexpr param<"h", m> h;
inline constexpr param<"G", m, n> G;
inline constexpr param<"H", m, n> H;
inline constexpr param<"D", m, n> D;
inline constexpr param<"a"> a;
inline constexpr nonneg<"lambda"> lambda;
inline constexpr nonneg<"w", n> w;
inline constexpr nonneg<"N", m, n> N;
inline constexpr nonneg<"V", m, n> V;
inline constexpr psd<"Q", n> Q;
inline constexpr psd<"P", m> P;
inline constexpr diagonal<"d", n> d;
inline constexpr param<"L", n, n> L;

inline const size_values sizes{{"n", 4}, {"m", 3}, {"k", 2}};

template <class F> void check_objective(const F& f) {
    check_lowering(minimize(f + sum(G * z)), sizes);
    check_lowering(maximize(3 - f - sum(G * z)), sizes);
}

/// Constraints need a problem; its objective uses every size.
template <class... C> void check_constraints(const C&... all) {
    check_lowering(minimize(sum_squares(z) + dot(h, x) + sum(G * z)).st(all...), sizes);
}

} // namespace optnet::test::model
