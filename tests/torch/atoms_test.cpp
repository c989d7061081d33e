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
constexpr variable<"s"> s;
constexpr variable<"W", m, n> W;
constexpr param<"y", n> y;
constexpr param<"Y", m, n> Y;
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

/// The proximal point of lambda times an atom: minimize 0.5 |z - y|^2 + lambda * atom; y shared or not.
template <class Problem, class H> void check_proximal(const Problem& problem, const H& by_hand) {
    torch::manual_seed(2);
    OptLayer layer(problem, precise);
    const Tensor l0 = torch::rand({5}, f64) + 0.2;
    for (const Tensor& y0 : {Tensor(2 * torch::randn({5, 4}, f64)), Tensor(2 * torch::randn({4}, f64))})
        check_same(
            {y0, l0}, [&](auto& t) { return layer(y = t[0], lambda = t[1]); }, by_hand);
}

/// The same where the atom is written in older words.
template <class Problem, class Older> void check_as(const Problem& problem, const Older& older) {
    OptLayer layer(older, precise);
    check_proximal(problem, [&](auto& t) { return layer(y = t[0], lambda = t[1]); });
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

TEST_CASE("neg") {
    check_proximal(minimize(0.5 * sum_squares(z - y) + lambda * sum(neg(z))), [](auto& t) {
        const Tensor l = t[1].unsqueeze(-1);
        return t[0].relu() - (-t[0] - l).relu();
    });
    check_of_data(minimize(0.5 * sum_squares(z) - dot(neg(y), z)), y, [](const Tensor& t) { return (-t).relu(); }, {3});
}

TEST_CASE("norm_inf") {
    check_as(minimize(0.5 * sum_squares(z - y) + lambda * norm_inf(z)),
             minimize(0.5 * sum_squares(z - y) + lambda * max(abs(z))));
    check_as(minimize(0.5 * sum_squares(z - y)).st(norm_inf(z) <= lambda),
             minimize(0.5 * sum_squares(z - y)).st(-lambda <= z, z <= lambda));
    check_of_data(minimize(0.5 * sum_squares(s) - norm_inf(y) * s), y, [](const Tensor& t) { return t.abs().amax(-1); },
                  {3});
}

TEST_CASE("min") {
    check_as(maximize(lambda * min(z) - 0.5 * sum_squares(z - y)),
             minimize(0.5 * sum_squares(z - y) + lambda * max(-z)));
    check_as(minimize(0.5 * sum_squares(z - y) - lambda * sum(min(z, 0.5 * y, 1))),
             minimize(0.5 * sum_squares(z - y) + lambda * sum(max(-z, -0.5 * y, -1))));
    check_of_data(minimize(0.5 * sum_squares(z) - dot(min(y, 0.5), z)), y,
                  [](const Tensor& t) { return t.clamp_max(0.5); }, {3});
    check_of_data(minimize(0.5 * sum_squares(s) - min(y) * s), y, [](const Tensor& t) { return t.amin(-1); }, {3});
    check_of_data(minimize(0.5 * sum_squares(z) - dot(min<0>(Y), z)), Y, [](const Tensor& t) { return t.amin(-2); },
                  {2, 3});
    // Rows that end no lower than their smallest entry was are left alone.
    OptLayer layer(minimize(0.5 * sum_squares(W - Y)).st(min<1>(W) >= min<1>(Y)), precise);
    const Tensor data = torch::randn({4, 2, 3}, f64);
    CHECK(close(layer(Y = data), data, 1e-9));
}

TEST_CASE("tv") {
    check_as(minimize(0.5 * sum_squares(z - y) + lambda * tv(z)),
             minimize(0.5 * sum_squares(z - y) + lambda * norm1(diff(z))));
    check_of_data(minimize(0.5 * sum_squares(s) - tv(y) * s), y, [](const Tensor& t) { return t.diff().abs().sum(-1); },
                  {4});
    check_of_data(minimize(0.5 * sum_squares(s) - tv(Y) * s), Y,
                  [](const Tensor& t) {
                      return t.diff(1, -1).abs().sum(torch::IntArrayRef({-2, -1})) +
                             t.diff(1, -2).abs().sum(torch::IntArrayRef({-2, -1}));
                  },
                  {2, 4});
    // An image, beside differences by matrices.
    constexpr dim<"m1"> m1;
    constexpr dim<"n1"> n1;
    constexpr param<"A", m1, m> A;
    constexpr param<"B", n, n1> B;
    torch::manual_seed(3);
    for (const auto& [rows, cols] : {std::pair<int, int>{3, 5}, {1, 4}, {4, 1}, {2, 2}}) {
        CAPTURE(rows, cols);
        const Tensor D = torch::eye(rows, f64).diff(1, 0), E = torch::eye(cols, f64).diff(1, 0).t();
        OptLayer image(minimize(0.5 * sum_squares(W - Y) + lambda * tv(W)), precise);
        OptLayer older(minimize(0.5 * sum_squares(W - Y) + lambda * (norm1(A * W) + norm1(W * B))), fix(A = D, B = E),
                       precise);
        check_same(
            {torch::randn({3, rows, cols}, f64), 0.3 * torch::rand({3}, f64) + 0.05},
            [&](auto& t) { return image(Y = t[0], lambda = t[1]); },
            [&](auto& t) { return older(Y = t[0], lambda = t[1]); });
    }
}

TEST_CASE("hinge") {
    check_as(minimize(0.5 * sum_squares(z - y) + lambda * sum(hinge(z))),
             minimize(0.5 * sum_squares(z - y) + lambda * sum(pos(1 - z))));
    check_of_data(minimize(0.5 * sum_squares(z) - dot(hinge(y), z)), y, [](const Tensor& t) { return (1 - t).relu(); },
                  {3});
    // A support vector machine, its samples G.
    OptLayer machine(minimize(0.5 * sum_squares(z) + lambda * sum(hinge(G * z))), precise);
    OptLayer older(minimize(0.5 * sum_squares(z) + lambda * sum(max(0, 1 - G * z))), precise);
    check_same(
        {torch::randn({6, 3}, f64), torch::full({}, 0.7, f64)},
        [&](auto& t) { return machine(G = t[0], lambda = t[1]); },
        [&](auto& t) { return older(G = t[0], lambda = t[1]); });
}

TEST_CASE("pinball") {
    for (const double tau : {0.0, 0.2, 0.5, 1.0}) { // numbers that the compiler does not see
        CAPTURE(tau);
        // Moved by lambda tau from above, by lambda (1 - tau) from below, or to 0.
        check_proximal(minimize(0.5 * sum_squares(z - y) + lambda * sum(pinball(z, tau))), [&](auto& t) {
            const Tensor l = t[1].unsqueeze(-1);
            return (t[0] - tau * l).relu() - (-t[0] - (1 - tau) * l).relu();
        });
    }
    check_of_data(minimize(0.5 * sum_squares(z) - dot(pinball(y, 0.3), z)), y,
                  [](const Tensor& t) { return torch::maximum(0.3 * t, -0.7 * t); }, {3});
    // The quantile of eight numbers at 0.3 is the third.
    OptLayer quantile(minimize(sum(pinball(y - s, 0.3))), precise);
    CHECK(quantile(y = vector({5, 1, 4, 8, 2, 7, 3, 6})).item<double>() == Approx(3).margin(1e-8));
    CHECK_THROWS_WITH(pinball(z, 1 + quantile(y = vector({1})).item<double>()), Catch::Contains("between 0 and 1"));
}

TEST_CASE("simplex") {
    check_as(minimize(0.5 * sum_squares(z - lambda * y)).st(simplex(z)),
             minimize(0.5 * sum_squares(z - lambda * y)).st(sum(z) == 1, z >= 0));
    // The multiplier is the normal of the simplex: z - y + multiplier = 0.
    OptLayer layer(minimize(0.5 * sum_squares(z - y)).st(named<"where">(simplex(z))), precise);
    for (const Tensor& y0 : {Tensor(torch::randn({5, 4}, f64)), Tensor(torch::randn({4}, f64))}) {
        const Tensor data = y0.clone().requires_grad_();
        const auto solution = layer.solve(y = data);
        const Tensor normal = solution.dual<"where">();
        CHECK(close(normal, data - solution[z], 1e-8));
        CHECK(close(solution[z].sum(-1), torch::ones_like(y0.select(-1, 0)), 1e-9));
        // The entries of z sum to 1, so those of the normal sum to the sum of y less 1.
        normal.sum().backward();
        CHECK(close(data.grad(), torch::ones_like(y0), 1e-7));
    }
    OptLayer matrix(minimize(0.5 * sum_squares(W - Y)).st(simplex(W)), precise);
    OptLayer flat(minimize(0.5 * sum_squares(z - y)).st(simplex(z)), precise);
    const Tensor Y0 = torch::randn({3, 2, 4}, f64);
    CHECK(close(matrix(Y = Y0).flatten(1), flat(y = Y0.flatten(1)), 1e-9));
}

TEST_CASE("huber") {
    constexpr nonneg<"M"> M;
    // z - y + 2 lambda clamp(z, -M, M) = 0.
    OptLayer layer(minimize(0.5 * sum_squares(z - y) + lambda * sum(huber(z, M))), precise);
    torch::manual_seed(4);
    const auto proximal = [](auto& t) {
        const Tensor l = t[1].unsqueeze(-1), top = t[2].unsqueeze(-1);
        return torch::where(t[0].abs() <= top * (1 + 2 * l), t[0] / (1 + 2 * l), t[0] - 2 * l * top * t[0].sgn());
    };
    check_same(
        {2 * torch::randn({6, 4}, f64), torch::rand({6}, f64) + 0.2, torch::rand({6}, f64) + 0.3},
        [&](auto& t) { return layer(y = t[0], lambda = t[1], M = t[2]); }, proximal);
    // Entries with thresholds of their own, and numbers.
    OptLayer own(minimize(0.5 * sum_squares(z - y) + sum(huber(z, w))), precise);
    check_same(
        {2 * torch::randn({6, 4}, f64), torch::rand({6, 4}, f64) + 0.3},
        [&](auto& t) { return own(y = t[0], w = t[1]); },
        [](auto& t) { return torch::where(t[0].abs() <= 3 * t[1], t[0] / 3, t[0] - 2 * t[1] * t[0].sgn()); });
    OptLayer number(minimize(0.5 * sum_squares(z - y) + lambda * sum(huber(z, 0.5))), precise);
    check_same(
        {2 * torch::randn({6, 4}, f64), torch::rand({6}, f64) + 0.2},
        [&](auto& t) { return number(y = t[0], lambda = t[1]); },
        [&](auto& t) {
            std::vector<Tensor> all{t[0], t[1], torch::full({1}, 0.5, f64)};
            return proximal(all);
        });
    check_of_data(
        minimize(0.5 * sum_squares(z) - dot(huber(y, 0.7), z)), y,
        [](const Tensor& t) { return 2 * torch::huber_loss(t, torch::zeros_like(t), torch::Reduction::None, 0.7); },
        {3});
    // A robust fit: its objective is the sum of the losses.
    OptLayer fit(minimize(sum(huber(G * z - h, 0.5)) + 0.01 * sum_squares(z)), precise);
    const Tensor G0 = torch::randn({8, 3}, f64), h0 = 2 * torch::randn({8}, f64);
    const auto solution = fit.solve(G = G0, h = h0);
    const Tensor rest = torch::mv(G0, solution[z]) - h0;
    CHECK(close(torch::mv(G0.t(), 2 * rest.clamp(-0.5, 0.5)) + 0.02 * solution[z], torch::zeros({3}, f64), 1e-8));
    const Tensor loss = 2 * torch::huber_loss(rest, torch::zeros_like(rest), torch::Reduction::None, 0.5);
    CHECK(close(solution.objective(), loss.sum() + 0.01 * solution[z].square().sum(), 1e-10));
}

TEST_CASE("sum_largest, sum_smallest") {
    constexpr variable<"t"> t;
    OptLayer older(minimize(0.5 * sum_squares(z - y) + lambda * (2 * t + sum(pos(z - t)))), precise);
    check_proximal(minimize(0.5 * sum_squares(z - y) + lambda * sum_largest(z, 2)),
                   [&](auto& x) { return std::get<0>(older(y = x[0], lambda = x[1])); });
    check_as(minimize(0.5 * sum_squares(z - y) + lambda * sum_largest(z, 1)),
             minimize(0.5 * sum_squares(z - y) + lambda * max(z)));
    check_as(minimize(0.5 * sum_squares(z - y) - lambda * sum_smallest(z, 2)),
             minimize(0.5 * sum_squares(z - y) + lambda * sum_largest(-z, 2)));
    check_as(minimize(0.5 * sum_squares(z - y) + lambda * sum_largest(z, 4)), // of all four: their sum
             minimize(0.5 * sum_squares(z - y) + lambda * sum(z)));
    const auto two_of = [](const Tensor& x, bool largest) { return std::get<0>(x.topk(2, -1, largest)).sum(-1); };
    check_of_data(minimize(0.5 * sum_squares(s) - sum_largest(y, 2) * s), y,
                  [&](const Tensor& x) { return two_of(x, true); }, {4});
    check_of_data(minimize(0.5 * sum_squares(s) - sum_smallest(Y, 2) * s), Y,
                  [&](const Tensor& x) { return two_of(x.flatten(-2), false); }, {2, 3});
    OptLayer five(minimize(0.5 * sum_squares(z - y) + sum_largest(z, 5)));
    REQUIRE_THROWS_WITH(five(y = torch::zeros({4}, f64)),
                        Catch::Contains("sum_largest(z, 5) adds up more entries than the 4 there are"));
}
