// SPDX-License-Identifier: Apache-2.0
// Gradients of learned parameters, through parameter functions and the solver, against central differences of the
// layer.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

using namespace optnet::words;
using torch::Tensor;

namespace {

const auto f64 = torch::TensorOptions(torch::kFloat64);

/// Compares the gradient of loss() by every entry of every parameter of `module` with a central difference. The step
/// 1e-5 leaves a truncation error near 1e-10 and, with solves to 1e-12, a rounding error near 1e-7.
template <class Loss> void check_gradients(torch::nn::Module& module, const Loss& loss) {
    module.zero_grad();
    loss().backward();
    for (const auto& p : module.named_parameters()) {
        const Tensor gradient = p.value().grad(), flat = p.value().detach().view({-1});
        REQUIRE(gradient.defined());
        for (std::int64_t i = 0; i < flat.numel(); ++i) {
            CAPTURE(p.key(), i);
            const torch::NoGradGuard no_grad;
            const double at = flat[i].item<double>(), step = 1e-5;
            flat[i] = at + step;
            const double above = loss().template item<double>();
            flat[i] = at - step;
            const double below = loss().template item<double>();
            flat[i] = at;
            CHECK(gradient.reshape({-1})[i].template item<double>() ==
                  Approx((above - below) / (2 * step)).epsilon(1e-5).margin(1e-6));
        }
    }
}

constexpr optnet::settings precise{.eps_abs = 1e-11, .eps_rel = 1e-11};

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;

} // namespace

TEST_CASE("a learned factor of Q, learned right-hand sides and weights") {
    constexpr param<"L", n, n> L;
    constexpr param<"G", m, n> G;
    constexpr param<"s"> s;
    constexpr param<"w", n> w;
    constexpr auto problem = minimize(0.5 * quad(z, L * T(L)) + 0.5 * exp(s) * sum_squares(z) - dot(y, z))
                                 .st(G * z <= G * exp(w), sum(z) == 1);
    torch::manual_seed(5);
    OptLayer layer(problem,
                   learn(L = torch::randn({4, 4}, f64), G = torch::randn({3, 4}, f64), s = torch::full({}, -0.5, f64),
                         w = torch::randn({4}, f64) - 1),
                   precise);
    const Tensor data = 3 * torch::randn({5, 4}, f64), direction = torch::randn({5, 4}, f64);
    check_gradients(*layer, [&] { return (layer->forward(data) * direction).sum(); });
}

TEST_CASE("a learned operator under norm1, and its weight") {
    constexpr param<"D", m, n> D;
    constexpr param<"s"> s;
    constexpr auto problem = minimize(0.5 * sum_squares(z - y) + softplus(s) * norm1(D * z));
    torch::manual_seed(6);
    OptLayer layer(problem, learn(D = torch::randn({3, 4}, f64), s = torch::zeros({}, f64)), precise);
    const Tensor data = 2 * torch::randn({6, 4}, f64), direction = torch::randn({6, 4}, f64);
    check_gradients(*layer, [&] { return (layer->forward(data) * direction).sum(); });
}

TEST_CASE("a learned diagonal, learned bounds, a maximum") {
    constexpr diagonal<"d", n> d;
    constexpr param<"low", n> low;
    constexpr nonneg<"c"> c;
    constexpr auto problem = minimize(0.5 * quad(z, d) - dot(y, z) + c * max(z)).st(low <= z <= 2);
    torch::manual_seed(7);
    OptLayer layer(problem,
                   learn(d = torch::rand({4}, f64) + 0.5, low = -torch::rand({4}, f64), c = torch::full({}, 0.3, f64)),
                   precise);
    const Tensor data = torch::randn({6, 4}, f64), direction = torch::randn({6, 4}, f64);
    check_gradients(*layer, [&] { return (layer->forward(data) * direction).sum(); });
}

TEST_CASE("multipliers and the objective have gradients too") {
    constexpr param<"A", m, n> A;
    constexpr auto problem = minimize(0.5 * sum_squares(z - y) + sum(pos(z))).st(named<"rows">(A * z <= 1));
    torch::manual_seed(8);
    OptLayer layer(problem, learn(A = torch::randn({3, 4}, f64)), precise);
    const Tensor data = 2 * torch::randn({4, 4}, f64), direction = torch::randn({4, 3}, f64);
    check_gradients(*layer, [&] {
        const auto s = layer.solve(y = data);
        return (s.template dual<"rows">() * direction).sum() + s.objective().square().sum();
    });
}

TEST_CASE("a matrix variable between learned matrices") {
    constexpr dim<"k"> k;
    constexpr variable<"W", n, k> W;
    constexpr param<"Y", n, k> Y;
    constexpr param<"A", m, n> A;
    constexpr param<"B", k, 2> B;
    constexpr auto problem = minimize(sum_squares(W - Y) + 0.1 * norm1(A * W * B));
    torch::manual_seed(9);
    OptLayer layer(problem, learn(A = torch::randn({2, 3}, f64), B = torch::randn({2, 2}, f64)), precise);
    const Tensor data = torch::randn({4, 3, 2}, f64), direction = torch::randn({4, 3, 2}, f64);
    check_gradients(*layer, [&] { return (layer->forward(data) * direction).sum(); });
}

TEST_CASE("sums and maxima over a dimension, of variables and of learned matrices") {
    constexpr variable<"W", m, n> W;
    constexpr param<"Y", m, n> Y;
    constexpr param<"C", m, n> C;
    constexpr nonneg<"c", n> c;
    constexpr auto problem = minimize(0.5 * sum_squares(W - Y) + dot(c, max<0>(W - C)) + 0.3 * sum(max<1>(C + W)))
                                 .st(sum<1>(W) == sum<1>(C), sum<0>(W) <= max<0>(C) + 0.2);
    torch::manual_seed(10);
    OptLayer layer(problem, learn(C = torch::randn({2, 3}, f64), c = torch::rand({3}, f64) + 0.1), precise);
    const Tensor data = torch::randn({5, 2, 3}, f64), direction = torch::randn({5, 2, 3}, f64);
    check_gradients(*layer, [&] { return (layer->forward(data) * direction).sum(); });
}

TEST_CASE("rows that sum to one and columns below a common top, in closed form") {
    constexpr variable<"W", m, n> W;
    constexpr param<"Y", m, n> Y;
    constexpr nonneg<"c"> c;
    torch::manual_seed(11);
    const Tensor data = torch::randn({4, 3, 5}, f64);
    constexpr auto rows = minimize(0.5 * sum_squares(W - Y)).st(sum<1>(W) == 1);
    const Tensor projected = OptLayer(rows, precise)(Y = data);
    CHECK(close(projected, data - (data.sum(-1, true) - 1) / 5, 1e-10));
    // The proximal point of c times the maximum of a column cuts off its top, and what it cuts off sums to c.
    constexpr auto columns = minimize(0.5 * sum_squares(transpose(W) - T(Y)) + c * sum(max<0>(W)));
    const Tensor cut = OptLayer(columns, precise)(Y = data, c = 0.4);
    CHECK(close(torch::minimum(data, cut.amax(-2, true)), cut, 1e-10));
    CHECK(close((data - cut).sum(-2), torch::full({4, 5}, 0.4, f64), 1e-10));
}
