// SPDX-License-Identifier: Apache-2.0
// torch
// expect: this_variable_is_unknown<
// expect: "... * x"
#include "optnet/optnet.hpp"
using namespace optnet::words;

namespace model {
constexpr variable<"x", 2> x;
constexpr param<"y", 2> y;
constexpr nonneg<"lambda"> lambda;
constexpr auto problem = minimize(sum_squares(x - y) + lambda * norm1(x)).st(named<"floor">(x >= 0));
} // namespace model

at::Tensor use(at::Tensor t) {
    OptLayer layer(model::problem);
    return layer.solve(model::y = t, model::lambda = 1)[2 * model::x];
}
