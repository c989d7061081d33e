// SPDX-License-Identifier: Apache-2.0
// optnet::solve_qp and optnet::qp from C++. The derivatives and the shapes are the matter of the scripts beside this
// file.

#include "catch.hpp"

#include "optnet/solver/status.hpp"
#include "optnet/torch/solve_qp.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <cmath>

using at::Tensor;

namespace {

Tensor numbers(std::vector<double> values) { return torch::tensor(values, torch::kFloat64); }

double distance(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

template <class Call> std::string message(const Call& call) {
    try {
        call();
    } catch (const optnet::Error& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("the members of the result, in the operator's order") {
    // minimize z1^2 + z2^2 - z1 over z1 + z2 = 1, z1 <= 0.6. Without the bound z1 = 0.75; with it lambda = 0.3:
    // 2 z1 - 1 + nu + lambda = 0 and 2 z2 + nu = 0.
    const Tensor Q = 2 * at::eye(2, at::kDouble), A = at::ones({1, 2}, at::kDouble),
                 G = numbers({1, 0}).reshape({1, 2});
    const auto [z, nu, lam, s, status, iterations, residuals] =
        optnet::solve_qp(Q, numbers({-1, 0}), A, numbers({1}), G, numbers({0.6}));
    CHECK(distance(z, numbers({0.6, 0.4})) <= 1e-12);
    CHECK(distance(nu, numbers({-0.8})) <= 1e-12);
    CHECK(distance(lam, numbers({0.6})) <= 1e-12);
    CHECK(distance(s, numbers({0})) <= 1e-12);
    CHECK(status.item<std::int64_t>() == static_cast<std::int64_t>(optnet::status::solved));
    CHECK(iterations.item<std::int64_t>() >= 1);
    CHECK(residuals.max().item<double>() <= 1e-12);
    CHECK(at::equal(optnet::qp(Q, numbers({-1, 0}), A, numbers({1}), G, numbers({0.6})), z));
}

TEST_CASE("gradients flow, and grad mode and inference mode are respected") {
    const Tensor q = numbers({-3, 0.5}).requires_grad_(), G = at::eye(2, at::kDouble),
                 h = numbers({1, 1}).requires_grad_();
    const Tensor Q = at::eye(2, at::kDouble);
    optnet::qp(Q, q, {}, {}, G, h).sum().backward();
    // z = (h1, -q2)
    CHECK(at::equal(q.grad(), numbers({0, -1})));
    CHECK(at::equal(h.grad(), numbers({1, 0})));
    {
        const c10::NoGradGuard off;
        CHECK_FALSE(optnet::qp(Q, q, {}, {}, G, h).requires_grad());
    }
    const c10::InferenceMode inference;
    CHECK(optnet::qp(Q, q, {}, {}, G, h).is_inference());
}

TEST_CASE("settings of the call: tolerance, limit, what becomes of a failed element") {
    const Tensor Q = at::eye(1, at::kDouble), q = at::zeros({3, 1}, at::kDouble), G = at::ones({1, 1}, at::kDouble);
    const Tensor h = torch::tensor({{1.0}, {-HUGE_VAL}, {2.0}}, torch::kFloat64);
    const auto status = optnet::solve_qp(Q, q, {}, {}, G, h).status;
    CHECK(at::equal(status, torch::tensor({0, 2, 0}, torch::kInt64)));
    const std::string text = message([&] { optnet::qp(Q, q, {}, {}, G, h); });
    CHECK(contains(text, "element 1 of the batch is primal_infeasible"));
    CHECK(contains(text, "1 of 3 failed"));
    CHECK(contains(text, "loosen one of them"));
    optnet::settings how;
    how.on_failure = optnet::on_failure::nan;
    CHECK(at::equal(optnet::qp(Q, q, {}, {}, G, h, how).isnan().squeeze(1), torch::tensor({false, true, false})));
    // A setting that only C++ has: 5 counts as infinite, so the third row is absent.
    how.infinite_bound = 1.5;
    CHECK(optnet::solve_qp(Q, q, {}, {}, G, h, how).s[2].item<double>() == HUGE_VAL);
    how.infinite_bound = -1;
    CHECK(contains(message([&] { optnet::qp(Q, q, {}, {}, G, h, how); }), "setting infinite_bound is -1"));
}

TEST_CASE("what is thrown for a failed element says what can be done about it") {
    const Tensor Q = at::eye(2, at::kDouble), q = at::ones({2}, at::kDouble), none = at::zeros_like(Q);
    const auto says = [](const Tensor& of_q, const Tensor& linear, const char* words) {
        return contains(message([&] { optnet::qp(of_q, linear); }), words);
    };
    CHECK(says(none, q, "is dual_infeasible; its objective has no lower bound: add a bound"));
    CHECK(says(-Q, q, "is nonconvex; Q must have no negative eigenvalue: write it as L * T(L)"));
    CHECK(says(Q, q * HUGE_VAL, "is invalid_input; its data hold NaN, or an infinity outside h"));
}

TEST_CASE("mistakes are optnet::Error") {
    const Tensor Q = at::eye(3, at::kDouble), q = at::zeros({3}, at::kDouble);
    CHECK(contains(message([&] { optnet::solve_qp(Q, {}); }), "argument \"q\" is absent"));
    CHECK(contains(message([&] { optnet::solve_qp(at::eye(4, at::kDouble), q); }),
                   "argument \"Q\" is [4, 4], but n = 3"));
    CHECK(contains(message([&] { optnet::solve_qp(Q, q, Q); }), "argument \"b\" is absent"));
    CHECK(contains(message([&] { optnet::solve_qp(Q, q.to(at::kInt)); }), "argument \"q\" is int32"));
}

TEST_CASE("sparse CSR tensors: the gradient is one, too") {
    // minimize |z|^2 / 2 + q'z over z1 + z3 = 1, z2 <= 0.5: z = (0.5, 0.5, 0.5) with nu = -0.5, lambda = 0.5.
    const Tensor Q = at::eye(3, at::kDouble).to_sparse_csr(), q = numbers({0, -1, 0});
    const Tensor A = numbers({1, 0, 1}).reshape({1, 3}).to_sparse_csr().requires_grad_();
    const Tensor G = numbers({0, 1, 0}).reshape({1, 3}).to_sparse_csr().requires_grad_();
    const auto x = optnet::solve_qp(Q, q, A, numbers({1}), G, numbers({0.5}));
    CHECK(distance(x.z, numbers({0.5, 0.5, 0.5})) <= 1e-12);
    CHECK(distance(x.nu, numbers({-0.5})) <= 1e-12);
    CHECK(distance(x.lam, numbers({0.5})) <= 1e-12);
    // z1 = a1 / (a1^2 + a3^2), z2 = 0.5 / g: dz1 = (0, -1/2), dz2 = -1/2 at a1 = a3 = g = 1.
    (x.z[0] + x.z[1]).backward();
    REQUIRE(A.grad().layout() == at::kSparseCsr);
    REQUIRE(G.grad().layout() == at::kSparseCsr);
    CHECK(at::equal(A.grad().col_indices(), A.col_indices()));
    CHECK(distance(A.grad().values(), numbers({0, -0.5})) <= 1e-12);
    CHECK(distance(G.grad().values(), numbers({-0.5})) <= 1e-12);
    CHECK(contains(message([&] { optnet::qp(Q.to_sparse(), q); }), "only dense (strided) and sparse CSR tensors"));
}
