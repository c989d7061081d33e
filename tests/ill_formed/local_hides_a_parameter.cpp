// SPDX-License-Identifier: Apache-2.0
// expect: arguments_are_bindings<
// expect: "layer(...)"
// expect: a local of that name hides the parameter: write model::name = tensor
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
Tensor use(Tensor y) {
    OptLayer layer(problem, fix(lambda = 0.1));
    return layer(y = y);
}
