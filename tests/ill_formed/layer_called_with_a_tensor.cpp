// SPDX-License-Identifier: Apache-2.0
// torch
// expect: arguments_are_bindings<
// expect: a local of that name hides the parameter
#include "optnet/optnet.hpp"
using namespace optnet::words;

namespace model {
constexpr variable<"x", 2> x;
constexpr param<"y", 2> y;
constexpr nonneg<"lambda"> lambda;
constexpr auto problem = minimize(sum_squares(x - y) + lambda * norm1(x)).st(named<"floor">(x >= 0));
} // namespace model

at::Tensor use(at::Tensor y) {
    using namespace model;
    OptLayer layer(problem);
    return layer(y = y, lambda = 0.1);
}
