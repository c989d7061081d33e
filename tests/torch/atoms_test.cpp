// SPDX-License-Identifier: Apache-2.0
// Layers of single atoms: solutions and gradients against closed forms, or the same problem in older words; and the
// atoms of parameters alone.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

using namespace optnet::words;
using torch::Tensor;

namespace {

const auto f64 = torch::TensorOptions(torch::kFloat64);

constexpr optnet::settings precise{.eps_abs = 1e-11, .eps_rel = 1e-11};

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr nonneg<"w", n> w;
constexpr nonneg<"lambda"> lambda;

/// Both functions of the same tensors have one value, and one gradient by each of them, in a random direction. Solves
/// to 1e-11 leave 1e-8 of room for the conditioning of these small problems.
template <class F, class H> void check_same(const std::vector<Tensor>& data, const F& f, const H& by_hand) {
    std::vector<Tensor> first, second;
    for (const Tensor& t : data) {
        first.push_back(t.clone().requires_grad_());
        second.push_back(t.clone().requires_grad_());
    }
    const Tensor found = f(first), wanted = by_hand(second);
    REQUIRE(found.sizes() == wanted.sizes());
    CHECK(close(found, wanted, 1e-8));
    const Tensor direction = torch::randn_like(wanted);
    found.backward(direction);
    wanted.backward(direction);
    for (std::size_t i = 0; i < data.size(); ++i) {
        CAPTURE(i);
        REQUIRE(first[i].grad().defined());
        CHECK(close(first[i].grad(), second[i].grad(), 1e-8));
    }
}

/// The atom of data alone, with and without a batch, in float64 and float32. `problem` is minimize(0.5 * sum_squares(x)
/// - sum(mul(atom(v), x))) or so, whose solution is the atom's value.
template <class Problem, class P, class F>
void check_of_data(const Problem& problem, const P& parameter, const F& by_torch,
                   const std::vector<std::int64_t>& shape) {
    OptLayer layer(problem, precise);
    for (const bool batched : {false, true})
        for (const auto dtype : {torch::kFloat64, torch::kFloat32}) {
            CAPTURE(batched, dtype);
            std::vector<std::int64_t> sizes = shape;
            if (batched) sizes.insert(sizes.begin(), 3);
            const Tensor data = 2 * torch::randn(sizes, torch::TensorOptions(dtype));
            Tensor mine = data.clone().requires_grad_(), other = data.clone().requires_grad_();
            const Tensor found = layer(parameter = mine), wanted = by_torch(other);
            REQUIRE(found.sizes() == wanted.sizes());
            const double tolerance = dtype == torch::kFloat64 ? 1e-9 : 1e-3;
            CHECK(close(found, wanted, tolerance));
            const Tensor direction = torch::randn_like(wanted);
            found.backward(direction);
            wanted.backward(direction);
            CHECK(close(mine.grad(), other.grad(), tolerance));
        }
}

} // namespace

TEST_CASE("square") {
    torch::manual_seed(1);
    const Tensor y0 = torch::randn({4, 3}, f64), w0 = torch::rand({3}, f64) + 0.5, l0 = torch::rand({4}, f64);
    // Stationary where 2 w (z - y) + 2 lambda z = 0.
    OptLayer weighted(minimize(dot(w, square(z - y)) + lambda * sum(square(z))), precise);
    check_same(
        {y0, w0, l0}, [&](auto& t) { return weighted(y = t[0], w = t[1], lambda = t[2]); },
        [&](auto& t) { return t[1] * t[0] / (t[1] + t[2].unsqueeze(-1)); });
    // The squares of rows, weighed: G' diag(v) (G z - h) + z - y = 0.
    constexpr nonneg<"v", m> v;
    OptLayer rows(minimize(dot(v, square(G * z - h)) + sum_squares(z - y)), precise);
    const Tensor G0 = torch::randn({2, 3}, f64), h0 = torch::randn({4, 2}, f64), v0 = torch::rand({4, 2}, f64);
    check_same(
        {y0, G0, h0, v0}, [&](auto& t) { return rows(y = t[0], G = t[1], h = t[2], v = t[3]); },
        [&](auto& t) {
            const Tensor Gv = t[1].t().unsqueeze(0) * t[3].unsqueeze(-2);
            const Tensor right = t[0] + torch::matmul(Gv, t[2].unsqueeze(-1)).squeeze(-1);
            return torch::linalg_solve(torch::eye(3, f64) + torch::matmul(Gv, t[1]), right);
        });
    // One entry, and positive parts: min (z0 - y0)^2 + sum of (z)+^2 + 2 |z - y|^2.
    OptLayer parts(minimize(square(z - y)[0] + sum(square(pos(z))) + 2 * sum(square(z - y))), precise);
    check_same(
        {y0}, [&](auto& t) { return parts(y = t[0]); },
        [&](auto& t) {
            const Tensor weight = 2 + torch::tensor({1.0, 0.0, 0.0}, f64);
            return torch::where(t[0] > 0, weight * t[0] / (weight + 1), t[0]);
        });
    check_of_data(minimize(0.5 * sum_squares(z) - dot(square(y), z)), y, [](const Tensor& t) { return t * t; }, {3});
}
