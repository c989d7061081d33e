// SPDX-License-Identifier: Apache-2.0

// The README's program: a layer whose output is the solution of a quadratic program.

// [README]
#include <optnet/optnet.hpp>
using namespace optnet::words;
using torch::Tensor;

namespace portfolio { // weights w: little risk, much return, all money spent, nothing sold short
constexpr dim<"assets"> assets;
constexpr variable<"w", assets> w;
constexpr psd<"Sigma", assets> Sigma;
constexpr param<"mu", assets> mu;
constexpr nonneg<"gamma"> gamma;
constexpr auto choose = minimize(gamma * quad(w, Sigma) - dot(mu, w)).st(named<"budget">(sum(w) == 1), w >= 0);
} // namespace portfolio

Tensor weights(const Tensor& Sigma, const Tensor& mu) { // [3, 3], shared by the batch, and [2, 3]: two problems
    OptLayer layer(portfolio::choose, learn(portfolio::gamma = torch::full({}, 0.5, torch::kFloat64)));
    Tensor w = layer(portfolio::Sigma = Sigma, portfolio::mu = mu); // [2, 3]
    w.select(1, 2).sum().backward();                                // gradients of mu and of the learned gamma
    return w;
}
// [/README]

#include <fmt/core.h>

int main() try {
    fmt::print("{}\n", portfolio::choose);
    const auto sigma = torch::diag(torch::tensor({0.04, 0.09, 0.25}, torch::kFloat64));
    const auto mu = torch::tensor({{0.05, 0.08, 0.1}, {0.05, 0.03, 0.2}}, torch::kFloat64).requires_grad_();
    const Tensor w = weights(sigma, mu);
    const auto out = w.accessor<double, 2>();
    const Tensor gradient = mu.grad();
    const auto slope = gradient.accessor<double, 2>();
    for (int k = 0; k < 2; ++k)
        fmt::print("weights {:.4f} {:.4f} {:.4f}   d w3 / d mu {:+.4f} {:+.4f} {:+.4f}\n", out[k][0], out[k][1],
                   out[k][2], slope[k][0], slope[k][1], slope[k][2]);
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "quickstart: {}\n", e.what());
    return 1;
}
