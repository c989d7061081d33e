// SPDX-License-Identifier: Apache-2.0
// torch
// expect: this_parameter_is_given_twice<
// expect: "lambda"
// expect: this parameter has a value already
#include "optnet/optnet.hpp"
using namespace optnet::words;

namespace model {
constexpr variable<"x", 2> x;
constexpr param<"y", 2> y;
constexpr nonneg<"lambda"> lambda;
constexpr auto problem = minimize(sum_squares(x - y) + lambda * norm1(x)).st(named<"floor">(x >= 0));
} // namespace model

at::Tensor use(at::Tensor t) {
    OptLayer layer(model::problem, learn(model::lambda = t));
    return layer(model::y = t, model::lambda = 0.1);
}
