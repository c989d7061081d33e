// SPDX-License-Identifier: Apache-2.0
// expect: this_parameter_is_not_given<
// expect: "lambda"
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
Tensor use(Tensor data) {
    OptLayer layer(problem);
    return layer(y = data);
}
