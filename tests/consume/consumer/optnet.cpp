// SPDX-License-Identifier: Apache-2.0
// The layer: the projection of (3, 1) on z1 + z2 == 2 is (2, 0).
#include <optnet/optnet.hpp>

using namespace optnet::words;

namespace model {
constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr auto projection = minimize(sum_squares(z - y)).st(sum(z) == 2);
} // namespace model

int main() {
    OptLayer layer(model::projection);
    const torch::Tensor z = layer(model::y = torch::tensor({3.0, 1.0}, torch::kFloat64));
    return torch::allclose(z, torch::tensor({2.0, 0.0}, torch::kFloat64), 0, 1e-7) ? 0 : 1;
}
