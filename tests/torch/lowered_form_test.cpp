// SPDX-License-Identifier: Apache-2.0
// The dense standard form of programs against matrices written down by hand.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

using namespace optnet::words;
using torch::Tensor;

namespace {

const auto f64 = torch::TensorOptions(torch::kFloat64);

Tensor eye(std::int64_t n) { return torch::eye(n, f64); }
Tensor zeros(std::vector<std::int64_t> sizes) { return torch::zeros(sizes, f64); }
Tensor matrix(std::int64_t rows, std::int64_t cols, std::initializer_list<double> entries) {
    return vector(entries).reshape({rows, cols});
}

void check(const optnet::standard_form& f, const optnet::standard_form& by_hand) {
    const auto same = [](const Tensor& a, const Tensor& b) {
        return b.defined() ? close(a, b, 1e-14) : a.numel() == 0;
    };
    CHECK(same(f.Q, by_hand.Q));
    CHECK(same(f.q, by_hand.q));
    CHECK(same(f.A, by_hand.A));
    CHECK(same(f.b, by_hand.b));
    CHECK(same(f.G, by_hand.G));
    CHECK(same(f.h, by_hand.h));
}

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"q", n> q;
constexpr param<"y", n> y;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr nonneg<"lambda"> lambda;

} // namespace

TEST_CASE("a quadratic program is its own standard form, and its vectors are the user's tensors") {
    constexpr dim<"p"> p;
    constexpr psd<"Q", n> Q;
    constexpr param<"A", p, n> A;
    constexpr param<"b", p> b;
    constexpr auto qp = minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h, A * z == b);
    const Tensor L = torch::rand({3, 3}, f64), Q0 = L.mm(L.t());
    const Tensor q0 = torch::rand({3}, f64), G0 = torch::rand({2, 3}, f64), h0 = torch::rand({2}, f64);
    const Tensor A0 = torch::rand({1, 3}, f64), b0 = torch::rand({1}, f64);
    const auto f = OptLayer(qp).standard_form(Q = Q0, q = q0, G = G0, h = h0, A = A0, b = b0);
    check(f, {Q0, q0, A0, b0, G0, h0});
    CHECK(f.q.data_ptr() == q0.data_ptr());
    CHECK(f.h.data_ptr() == h0.data_ptr());
    CHECK(f.b.data_ptr() == b0.data_ptr());
}

TEST_CASE("mini-Sudoku") {
    constexpr param<"A", m, n> A;
    constexpr param<"x0", n> x0;
    constexpr auto board = minimize(0.05 * sum_squares(z) - dot(q, z)).st(A * (z - x0) == 0, 0 <= z);
    const Tensor A1 = torch::rand({2, 3}, f64), x1 = torch::rand({3}, f64), q1 = torch::rand({4, 3}, f64);
    check(OptLayer(board).standard_form(A = A1, x0 = x1, q = q1),
          {0.1 * eye(3), -q1, A1, A1.mv(x1), -eye(3), zeros({3})});
}

TEST_CASE("total variation: |D z| <= t") {
    constexpr param<"D", m, n> D;
    constexpr auto tv = minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z));
    const Tensor D1 = torch::rand({2, 3}, f64), y1 = torch::rand({3}, f64);
    const Tensor Q = torch::block_diag({eye(3), zeros({2, 2})}), q_all = torch::cat({-y1, vector({0.7, 0.7})});
    const Tensor G_all = torch::cat({torch::cat({D1, -eye(2)}, 1), torch::cat({-D1, -eye(2)}, 1)});
    check(OptLayer(tv).standard_form(D = D1, y = y1, lambda = 0.7), {Q, q_all, {}, {}, G_all, zeros({4})});
    // Weights of their own: q has a batch, the rest is shared.
    const auto f = OptLayer(tv).standard_form(D = D1, y = y1, lambda = vector({0.7, 2}));
    CHECK(close(f.q, torch::stack({q_all, torch::cat({-y1, vector({2, 2})})}), 1e-14));
    CHECK(f.Q.dim() == 2);
    CHECK(f.G.dim() == 2);
}

TEST_CASE("differences, elements, slices") {
    constexpr auto problem =
        minimize(sum(z) + sum(y)).st(diff(z) >= -1, z[1] <= 5, slice<0, 2>(z) == slice<1, 3>(z), -2 <= z[0] <= 2);
    const auto f = OptLayer(problem).standard_form(y = torch::zeros({3}, f64));
    const Tensor D = matrix(2, 3, {-1, 1, 0, 0, -1, 1});
    const Tensor rows = matrix(3, 3, {0, 1, 0, -1, 0, 0, 1, 0, 0});
    check(f, {zeros({3, 3}), vector({1, 1, 1}), -D, zeros({2}), torch::cat({-D, rows}), vector({1, 1, 5, 2, 2})});
}

TEST_CASE("maximize is minimize of the negative; constants move to the right") {
    constexpr auto problem = maximize(dot(q, z) - 2 * lambda * sum_squares(z) + 3).st(2 * z + y <= 4 * h[0]);
    const Tensor q1 = vector({1, 2}), y1 = vector({5, 6});
    const auto f = OptLayer(problem).standard_form(q = q1, y = y1, lambda = 0.5, h = vector({10}));
    check(f, {2 * eye(2), -q1, {}, {}, 2 * eye(2), vector({35, 34})});
}

TEST_CASE("functions of parameters") {
    constexpr param<"L", n, n> L;
    constexpr param<"s"> s;
    constexpr auto problem =
        minimize(quad(z, L * T(L)) + softplus(s) * sum_squares(z) + dot(exp(q) - y, z)).st(G * z <= G * y + 1);
    const Tensor L1 = torch::rand({2, 2}, f64), q1 = torch::rand({3, 2}, f64), y1 = torch::rand({2}, f64);
    const Tensor G1 = torch::rand({3, 2, 2}, f64);
    const auto f = OptLayer(problem).standard_form(L = L1, s = 0.0, q = q1, y = y1, G = G1);
    check(f, {2 * L1.mm(L1.t()) + 2 * std::log(2.0) * eye(2), q1.exp() - y1, {}, {}, G1, G1.matmul(y1) + 1});
}

TEST_CASE("matrices from either side") {
    // Entries of W row by row: (A W)_ij = sum_k A_ik W_kj, (W B)_ij = sum_k W_ik B_kj.
    constexpr variable<"W", 2, 2> W;
    constexpr param<"A", 2, 2> A;
    constexpr param<"B", 2, 2> B;
    constexpr auto problem = minimize(0.5 * sum_squares(W)).st(A * W == 1, W * B <= 2, T(W) <= 3);
    const Tensor A1 = torch::rand({2, 2}, f64), B1 = torch::rand({2, 2}, f64);
    const auto f = OptLayer(problem).standard_form(A = A1, B = B1);
    const Tensor turned = matrix(4, 4, {1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1});
    check(f, {eye(4), zeros({4}), torch::kron(A1, eye(2)), torch::ones({4}, f64),
              torch::cat({torch::kron(eye(2), B1.t().contiguous()), turned}), vector({2, 2, 2, 2, 3, 3, 3, 3})});
}

TEST_CASE("over a dimension of a matrix: rows of sums, and a column t for every column, u for every row") {
    constexpr variable<"W", 2, 3> W;
    constexpr param<"C", 2, 3> C;
    constexpr nonneg<"c", 3> c;
    constexpr param<"r", 2> r;
    constexpr auto problem =
        minimize(dot(c, max<0>(W - C)) + sum(max<1>(W))).st(sum<1>(W) == r, sum<0>(W) <= max<0>(C) - sum<0>(C));
    const Tensor C1 = torch::rand({4, 2, 3}, f64), c1 = torch::rand({3}, f64), r1 = torch::rand({2}, f64);
    const auto f = OptLayer(problem).standard_form(C = C1, c = c1, r = r1);
    // Entries of W row by row, then t, then u.
    const Tensor rows = matrix(2, 6, {1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1});
    const Tensor columns = matrix(3, 6, {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1});
    const Tensor G_all =
        torch::cat({torch::cat({columns, zeros({3, 5})}, 1), torch::cat({eye(6), -columns.t(), zeros({6, 2})}, 1),
                    torch::cat({eye(6), zeros({6, 3}), -rows.t()}, 1)});
    check(f,
          {zeros({11, 11}), torch::cat({zeros({6}), c1, torch::ones({2}, f64)}), torch::cat({rows, zeros({2, 5})}, 1),
           r1, G_all, torch::cat({C1.amax(1) - C1.sum(1), C1.flatten(1), zeros({4, 6})}, 1)});
}

TEST_CASE("max and pos have a column per entry") {
    constexpr auto problem = minimize(lambda * max(z) + sum(pos(z - y)));
    const auto f = OptLayer(problem).standard_form(lambda = 3, y = vector({4, 5}));
    // z, then t >= z for the maximum, then u >= z - y and u >= 0.
    CHECK(close(f.q, vector({0, 0, 3, 1, 1}), 1e-14));
    const Tensor G_all =
        matrix(6, 5, {1, 0, -1, 0, 0, 0, 1, -1, 0, 0, 1, 0, 0, -1, 0, 0, 1, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, 0, 0, -1});
    CHECK(close(f.G, G_all, 1e-14));
    CHECK(close(f.h, vector({0, 0, 4, 5, 0, 0}), 1e-14));
}
