// SPDX-License-Identifier: Apache-2.0
// What solve() returns: multipliers by name with their signs and shapes, the objective, several variables.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

using namespace optnet::words;
using torch::Tensor;

namespace {

const auto options = torch::TensorOptions(torch::kFloat64);

} // namespace

TEST_CASE("multipliers of inequalities are >= 0 in either direction") {
    constexpr variable<"x", 2> x;
    constexpr param<"y", 2> y;
    const Tensor y0 = vector({0, 2});
    SECTION("x >= 1: x = (1, 2) and x - y - lambda = 0") {
        constexpr auto problem = minimize(0.5 * sum_squares(x - y)).st(named<"floor">(x >= 1));
        const auto s = OptLayer(problem).solve(y = y0);
        CHECK(close(s[x], vector({1, 2}), 1e-9));
        CHECK(close(s.dual<"floor">(), vector({1, 0}), 1e-9));
    }
    SECTION("x <= 1: x = (0, 1) and x - y + lambda = 0") {
        constexpr auto problem = minimize(0.5 * sum_squares(x - y)).st(named<"roof">(x <= 1));
        const auto s = OptLayer(problem).solve(y = y0);
        CHECK(close(s[x], vector({0, 1}), 1e-9));
        CHECK(close(s.dual<"roof">(), vector({0, 1}), 1e-9));
    }
    SECTION("a scalar has a scalar multiplier: sum(x) <= 1, x = y - lambda 1, 2 - 2 lambda = 1") {
        constexpr auto problem = minimize(0.5 * sum_squares(x - y)).st(named<"total">(sum(x) <= 1));
        const auto s = OptLayer(problem).solve(y = y0);
        CHECK(close(s.dual<"total">(), torch::tensor(0.5, options), 1e-9));
        const auto batch = OptLayer(problem).solve(y = torch::stack({y0, y0 + 1}));
        CHECK(close(batch.dual<"total">(), vector({0.5, 1.5}), 1e-9));
    }
}

TEST_CASE("the multiplier of l == r has grad f + nu grad(l - r) = 0") {
    // The projection of (3, 4) onto multiples of (2, 1) is (4, 2); (1, -2) + nu (1, -2) = 0.
    constexpr variable<"x", 2> x;
    constexpr param<"y", 2> y;
    const Tensor y0 = vector({3, 4});
    constexpr auto problem = minimize(0.5 * sum_squares(x - y)).st(named<"line">(x[0] == 2 * x[1]));
    const auto s = OptLayer(problem).solve(y = y0);
    CHECK(close(s[x], vector({4, 2}), 1e-9));
    CHECK(close(s.dual<"line">(), torch::tensor(-1.0, options), 1e-9));
    constexpr auto turned = minimize(0.5 * sum_squares(x - y)).st(named<"line">(2 * x[1] == x[0]));
    CHECK(close(OptLayer(turned).solve(y = y0).dual<"line">(), torch::tensor(1.0, options), 1e-9));
}

TEST_CASE("a range has one signed multiplier per entry, upper minus lower") {
    // x - y + dual = 0 at x = (0, 0.5, 1).
    constexpr variable<"x", 3> x;
    constexpr param<"y", 3> y;
    constexpr auto problem = minimize(0.5 * sum_squares(x - y)).st(named<"box">(0 <= x <= 1));
    Tensor y0 = torch::tensor({{-2.0, 0.5, 3.0}, {0.25, 2.0, -1.0}}, options).requires_grad_();
    const auto s = OptLayer(problem).solve(y = y0);
    const Tensor dual = s.dual<"box">();
    CHECK(close(dual, torch::tensor({{-2.0, 0.0, 2.0}, {0.0, 1.0, -1.0}}, options), 1e-9));
    dual.sum().backward(); // where it is not 0, dual = y - x with x fixed
    CHECK(close(y0.grad(), torch::tensor({{1.0, 0.0, 1.0}, {0.0, 1.0, 1.0}}, options), 1e-9));
}

TEST_CASE("maximize(g): the objective is g, multipliers are those of minimizing -g") {
    // x = (1, 0.5); g = 3 - 0.5 + 0.25 - 0.125; x - c + lambda = 0.
    constexpr variable<"x", 2> x;
    constexpr param<"c", 2> c;
    constexpr auto problem = maximize(dot(c, x) - 0.5 * sum_squares(x)).st(named<"cap">(x <= 1));
    Tensor c0 = vector({3, 0.5}).requires_grad_();
    const auto s = OptLayer(problem).solve(c = c0);
    CHECK(close(s[x], vector({1, 0.5}), 1e-9));
    CHECK(close(s.objective(), torch::tensor(2.625, options), 1e-9));
    CHECK(close(s.dual<"cap">(), vector({2, 0}), 1e-9));
    s.objective().backward(); // dg/dc = x
    CHECK(close(c0.grad(), vector({1, 0.5}), 1e-9));
}

TEST_CASE("the objective has its constants and is differentiable") {
    // z = (1, 3): 1/2 (1 + 1) + |3 - 1| + 7; by lambda: |z2 - z1| = 2; by y: y - z (the envelope theorem).
    constexpr variable<"z", 2> z;
    constexpr param<"y", 2> y;
    constexpr nonneg<"lambda"> lambda;
    constexpr auto problem = minimize(0.5 * sum_squares(z - y) + lambda * norm1(diff(z)) + 7);
    Tensor y0 = vector({0, 4}).requires_grad_(), l0 = torch::ones({}, options).requires_grad_();
    const auto s = OptLayer(problem).solve(y = y0, lambda = l0);
    CHECK(close(s.objective(), torch::tensor(10.0, options), 1e-9));
    s.objective().backward();
    CHECK(close(l0.grad(), torch::tensor(2.0, options), 1e-8));
    CHECK(close(y0.grad(), vector({-1, 1}), 1e-8));
}

TEST_CASE("an objective without data is the same for every sample") {
    constexpr variable<"x"> x;
    constexpr param<"low"> low;
    constexpr auto problem = minimize(2 * x + 1).st(x >= low);
    const auto s = OptLayer(problem).solve(low = vector({3, 4}));
    CHECK(close(s[x], vector({3, 4}), 1e-9));
    CHECK(close(s.objective(), vector({7, 9}), 1e-9));
}

TEST_CASE("several variables come in the order of their first appearance, each in its shape") {
    constexpr variable<"v", 2> v;
    constexpr variable<"W", 2, 3> W;
    constexpr variable<"t"> t;
    constexpr param<"M", 2, 3> M;
    constexpr param<"a", 2> a;
    constexpr param<"u"> u;
    constexpr auto problem = minimize(sum_squares(W - M) + sum_squares(t - u)).st(v == a, W >= 0);
    const Tensor M0 = torch::tensor({{1.0, -2.0, 3.0}, {-4.0, 5.0, 6.0}}, options);
    OptLayer layer(problem);
    auto [first, second, third] = layer(M = M0, a = vector({8, 9}), u = 0.5);
    CHECK(close(first, M0.clamp_min(0), 1e-9));
    CHECK(close(second, torch::tensor(0.5, options), 1e-9));
    CHECK(close(third, vector({8, 9}), 1e-9));

    const auto s = layer.solve(M = torch::stack({M0, -M0}), a = vector({8, 9}), u = vector({0.5, 1.5}));
    CHECK(close(s[W], torch::stack({M0, -M0}).clamp_min(0), 1e-9));
    CHECK(close(s[t], vector({0.5, 1.5}), 1e-9));
    CHECK(close(s[v], torch::tensor({{8.0, 9.0}, {8.0, 9.0}}, options), 1e-9));
}

TEST_CASE("status, iterations and residuals without and with a batch") {
    constexpr variable<"x", 2> x;
    constexpr param<"y", 2> y;
    constexpr auto problem = minimize(sum_squares(x - y)).st(x >= 0);
    OptLayer layer(problem);
    const auto one = layer.solve(y = vector({1, -1}));
    CHECK(one.status().size() == 1);
    CHECK(one.status() == optnet::status::solved);
    CHECK(one.status()[0] == optnet::status::solved);
    CHECK(one.status().tensor().dim() == 0);
    CHECK(one.residuals().sizes() == torch::IntArrayRef({3}));
    CHECK(one.residuals().max().item<double>() <= 1e-8);
    CHECK(one.iterations().dim() == 0);
    const auto many = layer.solve(y = torch::zeros({4, 2}, options));
    CHECK(many.status().size() == 4);
    CHECK(many.status().tensor().scalar_type() == torch::kInt64);
    CHECK(many.residuals().sizes() == torch::IntArrayRef({4, 3}));
    CHECK(many.iterations().sizes() == torch::IntArrayRef({4}));
    CHECK(many.iterations().scalar_type() == torch::kInt64);
}
