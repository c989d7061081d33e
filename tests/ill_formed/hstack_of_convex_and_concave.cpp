// SPDX-License-Identifier: Apache-2.0
// expect: this_has_unknown_curvature<
// expect: "sum(hstack(abs(z), -abs(z)))"
// expect: neither convex nor concave
#include "optnet/dsl/words.hpp"
using namespace optnet::words;

constexpr variable<"z", 5> z;
constexpr auto f = minimize(sum(hstack(abs(z), -abs(z))));
