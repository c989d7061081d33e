// SPDX-License-Identifier: Apache-2.0
// The gradient of what a batch shares, beside samples that have failed: it is the gradient of the others alone, through
// parameter functions too, where the chain rule meets the failed sample's numbers.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

#include <limits>

using namespace optnet::words;
using torch::Tensor;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Tensor rows(std::initializer_list<double> values, std::int64_t columns) {
    return vector(values).reshape({-1, columns});
}

constexpr dim<"n"> n;
constexpr variable<"z", n> z;
constexpr param<"c", n> c;
constexpr param<"w", n> w;
constexpr nonneg<"s"> s;
constexpr param<"top", n> top;

/// What backward leaves in the shared w and s and in the batched c.
struct gradients {
    Tensor w, s, c;
};

/// z.sum(), or with `everything` that of z, of lambda and of the objective, of the samples that have a solution.
template <class Problem>
gradients of(const Problem& problem, const Tensor& c0, const Tensor& top0, optnet::settings how, bool everything) {
    OptLayer layer(problem, how);
    gradients result{vector({0.5, -0.25}).requires_grad_(), vector({2}).squeeze(0).requires_grad_(),
                     c0.detach().clone().requires_grad_()};
    Tensor loss;
    if (everything) {
        const auto found = layer.solve(w = result.w, s = result.s, c = result.c, top = top0);
        loss = found[z].nan_to_num().sum() + found.template dual<"roof">().nan_to_num().sum() +
               found.objective().nan_to_num().sum();
    } else {
        loss = layer(w = result.w, s = result.s, c = result.c, top = top0).nan_to_num().sum();
    }
    loss.backward();
    return {result.w.grad(), result.s.grad(), result.c.grad()};
}

/// Sample 1 of three fails: the others' gradients must be those of a batch without it, and its own exactly zero.
template <class Problem> void check_apart(const Problem& problem, const Tensor& c0, const Tensor& top0) {
    const Tensor others = torch::tensor({0, 2});
    for (const bool everything : {false, true})
        for (const auto choice : {optnet::on_failure::nan, optnet::on_failure::mask}) {
            const optnet::settings how{.on_failure = choice};
            CAPTURE(everything);
            const gradients all = of(problem, c0, top0, how, everything);
            const gradients two =
                of(problem, c0.index_select(0, others), top0.index_select(0, others), how, everything);
            // solve() adds the share of the objective at another place: sums of fewer than 40 terms in another order,
            // which differ by 2 (40 + 3) u at most (Higham, Accuracy and Stability of Numerical Algorithms, 4.2).
            const auto same = [&](const Tensor& a, const Tensor& b) {
                return everything ? close(a, b, 1e-14) : at::equal(a, b);
            };
            CHECK(same(all.s, two.s));
            CHECK(same(all.w, two.w));
            CHECK(same(all.c.index_select(0, others), two.c));
            CHECK(at::equal(all.c[1], torch::zeros({2}, torch::kFloat64)));
        }
}

const Tensor healthy_c = rows({1, 2, 3, -1, 0.5, 0.25}, 2), wide = torch::full({3, 2}, 100.0, torch::kFloat64);

Tensor with(double bad) {
    Tensor made = healthy_c.clone();
    made.index_put_({1, 0}, bad);
    return made;
}

/// 1/2 |z|^2 + (f(s, c) + w)'z has its minimum at -(f + w).
template <class F> constexpr auto linear(const F& f) {
    return minimize(0.5 * sum_squares(z) + dot(f + w, z)).st(named<"roof">(z <= top));
}

} // namespace

TEST_CASE("a product of what is shared and what is not: NaN and infinity in one sample") {
    for (const double bad : {std::nan(""), inf, -inf}) {
        check_apart(linear(s * c), with(bad), wide);
        // z = -(s c + w): the derivative of z.sum() by s is minus the sum of c over samples 0 and 2.
        const gradients all = of(linear(s * c), with(bad), wide, {.on_failure = optnet::on_failure::nan}, false);
        CHECK(all.s.item<double>() == Approx(-3.75).epsilon(1e-12));
        CHECK(close(all.w, vector({-2, -2}), 1e-12));
        CHECK(close(all.c, rows({-2, -2, 0, 0, -2, -2}, 2), 1e-12));
    }
}

TEST_CASE("functions that leave the real numbers for finite data of one sample") {
    check_apart(linear(exp(s * c)), with(1e4), wide);
    check_apart(linear(1 / (s * c)), with(0), wide);
    check_apart(linear(log(s * abs(c))), with(0), wide);
    check_apart(linear(sqrt(s + c)), with(-3), wide);
}

TEST_CASE("a sample without a feasible point, its data finite") {
    constexpr auto bounded = [](const auto& f) {
        return minimize(0.5 * sum_squares(z) + dot(f + w, z)).st(named<"roof">(z <= top), -1 <= z);
    };
    Tensor low = wide.clone();
    low.index_put_({1, 1}, -2.0);
    check_apart(bounded(s * c), healthy_c, low);
    // sqrt is finite at 0, its derivative is not
    check_apart(bounded(sqrt(s * abs(c))), with(0), low);
    check_apart(linear(s * c), healthy_c,
                wide.index_put({torch::tensor(1), torch::tensor(0)}, torch::full({}, -inf, torch::kFloat64)));
}

TEST_CASE("every sample has failed: every gradient is exactly zero") {
    const Tensor bad = torch::full({2, 2}, std::nan(""), torch::kFloat64);
    for (const bool everything : {false, true})
        for (const Tensor& c0 : {bad, bad[0], bad.narrow(0, 0, 1)}) {
            const gradients all =
                of(linear(exp(s * c)), c0, wide[0], {.on_failure = optnet::on_failure::mask}, everything);
            CHECK(at::equal(all.s, torch::zeros({}, torch::kFloat64)));
            CHECK(at::equal(all.w, torch::zeros({2}, torch::kFloat64)));
            CHECK(at::equal(all.c, at::zeros_like(c0)));
        }
}

TEST_CASE("an infinite bound is no bound, also when it is computed") {
    constexpr auto project = minimize(0.5 * sum_squares(z - w)).st(z <= s * exp(c));
    Tensor w0 = vector({3, 5}), s0 = vector({0.5}).squeeze(0).requires_grad_();
    OptLayer layer(project);
    // exp(inf) = inf, and exp(1e4) overflows. The bounds 0.5 e and 0.5 hold; z moves with them by e and by 1.
    for (const double large : {inf, 1e4}) {
        Tensor c0 = rows({large, 1, 0, large}, 2).requires_grad_();
        s0.mutable_grad() = Tensor();
        const Tensor found = layer(w = w0, s = s0, c = c0);
        CHECK(close(found, rows({3, 0.5 * std::exp(1.0), 0.5, 5}, 2), 1e-9));
        found.sum().backward();
        CHECK(s0.grad().item<double>() == Approx(std::exp(1.0) + 1).epsilon(1e-9));
        CHECK(close(c0.grad(), rows({0, 0.5 * std::exp(1.0), 0.5, 0}, 2), 1e-9));
    }
}
