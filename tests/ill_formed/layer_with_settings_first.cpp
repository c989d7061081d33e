// SPDX-License-Identifier: Apache-2.0
// torch
// expect: bindings stand inside learn or fix, and settings come last
#include "optnet/optnet.hpp"
using namespace optnet::words;

namespace model {
constexpr variable<"x", 2> x;
constexpr param<"y", 2> y;
constexpr nonneg<"lambda"> lambda;
constexpr auto problem = minimize(sum_squares(x - y) + lambda * norm1(x)).st(named<"floor">(x >= 0));
} // namespace model

void use(at::Tensor t) { OptLayer layer(model::problem, optnet::settings{}, fix(model::lambda = t)); }
