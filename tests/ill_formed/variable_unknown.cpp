// SPDX-License-Identifier: Apache-2.0
// expect: this_variable_is_unknown<
// expect: "x"
// expect: this problem has no such variable
// torch
#include "optnet/optnet.hpp"
using namespace optnet::words;
using torch::Tensor;

namespace model {
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr nonneg<"lambda"> lambda;
constexpr auto problem = minimize(sum_squares(z - y) + lambda * norm1(z)).st(named<"box">(-1 <= z <= 1));
} // namespace model
using namespace model;
constexpr variable<"x", n> x;
Tensor use(Tensor data) {
    OptLayer layer(problem, fix(lambda = 0.1));
    return layer.solve(y = data)[x];
}
