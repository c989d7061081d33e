// SPDX-License-Identifier: Apache-2.0
// Layers as a user writes them: the programs of the language reference, results against closed forms, batches,
// failures.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

using namespace optnet::words;
using torch::Tensor;

namespace general {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr dim<"p"> p;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"q", n> q;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr param<"A", p, n> A;
constexpr param<"b", p> b;
constexpr auto qp = minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h, A* z == b);
} // namespace general

namespace denoising {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"D", m, n> D;
constexpr nonneg<"lambda"> lambda;
constexpr auto tv = minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z));
} // namespace denoising

namespace sudoku {
constexpr dim<"rules"> rules;
constexpr variable<"x", 64> x;
constexpr param<"givens", 64> givens;
constexpr param<"A", rules, 64> A;
constexpr param<"x0", 64> x0;
constexpr auto board = minimize(0.05 * sum_squares(x) - dot(givens, x)).st(A * (x - x0) == 0, 0 <= x);
} // namespace sudoku

namespace box {
constexpr dim<"n"> n;
constexpr variable<"x", n> x;
constexpr param<"y", n> y;
constexpr param<"top", n> top;
constexpr auto project = minimize(0.5 * sum_squares(x - y)).st(0 <= x, x <= top);
} // namespace box

TEST_CASE("a quadratic program with every coefficient a tensor") {
    // On z1 + z2 = 1 the objective is least at (1.5, -0.5); z2 >= 0 binds.
    OptLayer layer(general::qp);
    using namespace general;
    const Tensor eye = torch::eye(2, torch::kFloat64);
    const Tensor z0 = layer(b = torch::ones({1}, torch::kFloat64), Q = eye, q = vector({-2, 0}), G = -eye,
                            h = torch::zeros({2}, torch::kFloat64), A = torch::ones({1, 2}, torch::kFloat64));
    CHECK(close(z0, vector({1, 0}), 1e-9));
}

TEST_CASE("total-variation denoising with a learned operator") {
    // Two points: each moves by lambda towards the other.
    const Tensor D0 = torch::tensor({{-1.0, 1.0}}, torch::kFloat64);
    OptLayer denoise(denoising::tv, learn(denoising::D = D0, denoising::lambda = torch::full({}, 0.5)));
    using namespace denoising;
    const Tensor clean = denoise(y = vector({0, 4}));
    CHECK(close(clean, vector({0.5, 3.5}), 1e-9));
    clean[0].backward();
    // z1 = y1 + lambda d^2 sign, D = (-d, d): derivative 1 by lambda and, along D, of -D[0] D'.. by differences.
    const Tensor of_lambda = denoise->named_parameters()["lambda"].grad();
    CHECK(of_lambda.scalar_type() == torch::kFloat32);
    CHECK(of_lambda.item<double>() == Approx(1).epsilon(1e-6));
    // The stationarity condition z = y - lambda D' sign(D z) gives dz1 = -lambda dD1 for sign +1.
    CHECK(close(denoise->named_parameters()["D"].grad(), torch::tensor({{-0.5, 0.0}}, torch::kFloat64), 1e-9));
}

TEST_CASE("mini-Sudoku inside a Sequential") {
    torch::manual_seed(1);
    torch::nn::Sequential net{
        OptLayer(sudoku::board, learn(sudoku::A = torch::rand({40, 64}), sudoku::x0 = torch::rand({64})))};
    std::vector<std::string> keys;
    for (const auto& p : net->named_parameters()) keys.push_back(p.key());
    CHECK(keys == std::vector<std::string>{"0.A", "0.x0"});
    const Tensor x = net->forward(torch::rand({3, 64}));
    REQUIRE(x.sizes() == torch::IntArrayRef({3, 64}));
    const auto learned = net->named_parameters();
    const Tensor broken = torch::matmul(x - learned["0.x0"], learned["0.A"].t()).abs().max();
    CHECK(broken.item<double>() < 1e-2); // float32, tolerance 1e-4 relative to rows with sums near 32
    CHECK(x.min().item<double>() > -1e-3);
    x.square().sum().backward();
    CHECK(learned["0.A"].grad().isfinite().all().item<bool>());
}

TEST_CASE("shared and batched arguments mix; gradients of shared ones are sums") {
    torch::manual_seed(2);
    const Tensor y0 = torch::randn({3, 5}, torch::kFloat64), D0 = torch::randn({4, 5}, torch::kFloat64);
    const Tensor D3 = torch::randn({3, 4, 5}, torch::kFloat64), weights = vector({0.1, 0.3, 0.5});
    OptLayer layer(denoising::tv);
    using namespace denoising;
    const auto alone = [&](const Tensor& y1, const Tensor& D1, const Tensor& l1) {
        return layer(y = y1, D = D1, lambda = l1);
    };
    for (const bool own_y : {false, true})
        for (const bool own_D : {false, true})
            for (const bool own_weight : {false, true}) {
                CAPTURE(own_y, own_D, own_weight);
                Tensor ys = (own_y ? y0 : y0[0]).detach().clone().requires_grad_();
                Tensor Ds = (own_D ? D3 : D0).detach().clone().requires_grad_();
                Tensor ls = (own_weight ? weights : weights[1]).detach().clone().requires_grad_();
                const Tensor all = layer(y = ys, D = Ds, lambda = ls);
                const bool batched = own_y || own_D || own_weight;
                REQUIRE(all.dim() == (batched ? 2 : 1));
                if (!batched) continue;
                const Tensor direction = torch::randn({3, 5}, torch::kFloat64);
                (all * direction).sum().backward();
                Tensor sum_y = torch::zeros_like(ys), sum_D = torch::zeros_like(Ds), sum_l = torch::zeros_like(ls);
                for (std::int64_t k = 0; k < 3; ++k) {
                    Tensor yk = (own_y ? ys[k] : ys).detach().clone().requires_grad_();
                    Tensor Dk = (own_D ? Ds[k] : Ds).detach().clone().requires_grad_();
                    Tensor lk = (own_weight ? ls[k] : ls).detach().clone().requires_grad_();
                    const Tensor one = alone(yk, Dk, lk);
                    CHECK(close(one, all[k], 1e-9));
                    (one * direction[k]).sum().backward();
                    (own_y ? sum_y[k] : sum_y).add_(yk.grad());
                    (own_D ? sum_D[k] : sum_D).add_(Dk.grad());
                    (own_weight ? sum_l[k] : sum_l).add_(lk.grad());
                }
                CHECK(close(ys.grad(), sum_y, 1e-8));
                CHECK(close(Ds.grad(), sum_D, 1e-8));
                CHECK(close(ls.grad(), sum_l, 1e-8));
            }
}

TEST_CASE("a batch of one broadcasts and its gradient has its shape") {
    OptLayer layer(box::project);
    using namespace box;
    const Tensor one = torch::ones({1, 2}, torch::kFloat64).requires_grad_();
    const Tensor z = layer(y = torch::tensor({{2.0, 0.5}, {3.0, 4.0}}, torch::kFloat64), top = one);
    CHECK(close(z, torch::tensor({{1.0, 0.5}, {1.0, 1.0}}, torch::kFloat64), 1e-9));
    z.sum().backward();
    CHECK(close(one.grad(), torch::tensor({{2.0, 1.0}}, torch::kFloat64), 1e-9));
}

TEST_CASE("sizes may change from call to call") {
    OptLayer layer(box::project);
    using namespace box;
    for (const std::int64_t size : {3, 1, 0, 7, 3}) {
        const Tensor z =
            layer(y = torch::full({size}, 2.0, torch::kFloat64), top = torch::full({size}, 1.5, torch::kFloat64));
        CHECK(close(z, torch::full({size}, 1.5, torch::kFloat64), 1e-9));
    }
    CHECK(layer(y = torch::zeros({0, 4}), top = torch::zeros({4})).sizes() == torch::IntArrayRef({0, 4}));
}

TEST_CASE("numbers and zero-dimensional tensors bind scalars and follow the others' dtype") {
    OptLayer layer(denoising::tv, fix(denoising::D = torch::tensor({{-1.0, 1.0}}, torch::kFloat64)));
    using namespace denoising;
    const Tensor y0 = vector({0, 4});
    const Tensor expected = vector({1, 3});
    CHECK(close(layer(y = y0, lambda = 1), expected, 1e-9));
    CHECK(close(layer(y = y0, lambda = 1.0f), expected, 1e-9));
    CHECK(close(layer(y = y0, lambda = torch::ones({}, torch::kInt64)), expected, 1e-9));
    CHECK(close(layer(y = y0, lambda = torch::ones({})), expected, 1e-9));
    layer->to(torch::kFloat32);
    const Tensor z32 = layer(y = y0.to(torch::kFloat32), lambda = torch::ones({}, torch::kFloat64));
    CHECK(z32.scalar_type() == torch::kFloat32);
    CHECK(close(z32.to(torch::kFloat64), expected, 1e-3));
}

TEST_CASE("a failed sample: an exception, the best point, or NaN; never another sample's matter") {
    const Tensor y0 = torch::tensor({{2.0, 0.5}, {1.0, 1.0}, {-1.0, 0.25}}, torch::kFloat64);
    const Tensor top0 = torch::tensor({{1.0, 1.0}, {1.0, -1.0}, {1.0, 1.0}}, torch::kFloat64); // x2 <= -1 and x2 >= 0
    using namespace box;
    OptLayer strict(project);
    REQUIRE_THROWS_WITH(strict(y = y0, top = top0),
                        Catch::Contains("element 1") && Catch::Contains("primal_infeasible"));

    for (const auto choice : {optnet::on_failure::nan, optnet::on_failure::mask}) {
        OptLayer lenient(project, optnet::settings{.on_failure = choice});
        Tensor ys = y0.clone().requires_grad_();
        const Tensor z = lenient(y = ys, top = top0);
        CHECK(z[1].isnan().all().item<bool>());
        z.nan_to_num().sum().backward();
        CHECK(close(ys.grad(), torch::tensor({{0.0, 1.0}, {0.0, 0.0}, {0.0, 1.0}}, torch::kFloat64), 1e-9));
    }

    Tensor ys = y0.clone().requires_grad_();
    const auto s = strict.solve(y = ys, top = top0);
    CHECK(s.status().size() == 3);
    CHECK(s.status()[0] == optnet::status::solved);
    CHECK(s.status()[1] == optnet::status::primal_infeasible);
    CHECK_FALSE(s.status() == optnet::status::solved);
    CHECK_THROWS_WITH(s.status()[3], Catch::Contains("3 samples"));
    CHECK(s[x][1].isnan().all().item<bool>());
    CHECK(s.objective()[1].isnan().item<bool>());
    // 1/2 (1 + 0) and 1/2 (1 + 0)
    CHECK(s.objective()[0].item<double>() == Approx(0.5));
    CHECK(s.objective()[2].item<double>() == Approx(0.5));
    s.objective().nan_to_num().sum().backward();
    CHECK(close(ys.grad(), torch::tensor({{1.0, 0.0}, {0.0, 0.0}, {-1.0, 0.0}}, torch::kFloat64), 1e-9));
}

TEST_CASE("a sample whose own data are NaN leaves the gradient of what is shared alone") {
    OptLayer layer(denoising::tv);
    using namespace denoising;
    Tensor D0 = torch::tensor({{-1.0, 1.0}}, torch::kFloat64).requires_grad_();
    const Tensor y0 = torch::tensor({{0.0, 4.0}, {std::nan(""), 4.0}}, torch::kFloat64);
    const auto s = layer.solve(y = y0, D = D0, lambda = vector({0.5, 0.5}));
    CHECK(s.status()[1] == optnet::status::invalid_input);
    (s[z].nan_to_num().sum() + s.objective().nan_to_num().sum()).backward();
    Tensor D1 = D0.detach().clone().requires_grad_();
    const auto one = layer.solve(y = y0[0], D = D1, lambda = 0.5);
    (one[z].sum() + one.objective()).backward();
    CHECK(close(D0.grad(), D1.grad(), 1e-12));
}

TEST_CASE("settings reach the solver, and are checked when the layer is made") {
    CHECK_THROWS_AS(OptLayer(box::project, optnet::settings{.eps_abs = -1.0}), optnet::Error);
    OptLayer impatient(general::qp, optnet::settings{.max_iter = 0});
    using namespace general;
    torch::manual_seed(3);
    const Tensor L = torch::randn({6, 6}, torch::kFloat64);
    const auto s = impatient.solve(Q = L.mm(L.t()), q = torch::randn({6}, torch::kFloat64),
                                   G = torch::randn({12, 6}, torch::kFloat64), h = torch::ones({12}, torch::kFloat64),
                                   A = torch::zeros({0, 6}, torch::kFloat64), b = torch::zeros({0}, torch::kFloat64));
    CHECK(s.status() == optnet::status::max_iterations);
}
