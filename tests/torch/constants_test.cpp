// SPDX-License-Identifier: Apache-2.0
// constant(M): problems with numbers of the program in them are the same problems with parameters bound to these
// numbers, and what does not fit is refused before anything is computed.

#include "catch.hpp"
#include "torch/close.hpp"

#include <Eigen/Core>
#include <optnet/optnet.hpp>

using namespace optnet::words;
using torch::Tensor;

namespace {

constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"h", m> h;
constexpr param<"G", m, n> G;
constexpr param<"c", n> c;
constexpr param<"a"> a;
constexpr nonneg<"lambda"> lambda;

const Eigen::MatrixXd M = (Eigen::MatrixXd(2, 3) << 1, -2, 3, 0.5, 4, -1).finished();
const Eigen::VectorXf v = (Eigen::VectorXf(3) << 0.25F, -1, 2).finished();

Tensor M0() { return vector({1, -2, 3, 0.5, 4, -1}).reshape({2, 3}); }
Tensor v0() { return vector({0.25, -1, 2}); }

/// The problem with constants and the same one with parameters in their places have one solution and one gradient.
template <class A, class B> void compare(const A& with_constants, const B& with_parameters) {
    torch::manual_seed(5);
    OptLayer one(with_constants);
    OptLayer other(with_parameters);
    for (const auto dtype : {torch::kFloat64, torch::kFloat32})
        for (const bool batched : {false, true}) {
            const Tensor y1 =
                torch::randn(batched ? std::vector<std::int64_t>{4, 3} : std::vector<std::int64_t>{3}, dtype);
            const Tensor h1 = torch::rand({2}, dtype) + 0.1;
            Tensor ys = y1.clone().requires_grad_(), hs = h1.clone().requires_grad_();
            Tensor yt = y1.clone().requires_grad_(), ht = h1.clone().requires_grad_();
            const Tensor found = one(y = ys, h = hs);
            const Tensor wanted = other(y = yt, h = ht, G = M0().to(dtype), c = v0().to(dtype), a = 0.5);
            REQUIRE(found.scalar_type() == dtype);
            // Two solutions of one problem, each as exact as the layer's default for its dtype.
            const double tolerance = dtype == torch::kFloat64 ? 1e-7 : 2e-3;
            CHECK(close(found, wanted, tolerance));
            const Tensor weights = torch::randn(found.sizes(), dtype);
            (found * weights).sum().backward();
            (wanted * weights).sum().backward();
            CHECK(close(ys.grad(), yt.grad(), tolerance));
            CHECK(close(hs.grad(), ht.grad(), tolerance));
        }
}

} // namespace

TEST_CASE("constants of Eigen and of torch stand for parameters with their values") {
    const auto plain = minimize(sum_squares(z - y) + dot(c, z) + a * sum(G * z)).st(G * z <= h, z >= c - 3);
    compare(minimize(sum_squares(z - y) + dot(constant(v), z) + constant<>(torch::full({}, 0.5)) * sum(constant(M) * z))
                .st(constant(M) * z <= h, z >= constant(v) - 3),
            plain);
    compare(minimize(sum_squares(z - y) + dot(constant<n>(v0()), z) + 0.5 * sum(constant<m, n>(M0()) * z))
                .st(constant<m, n>(M0()) * z <= h, z >= constant<n>(v0().to(torch::kFloat32)) - 3),
            plain);
    const Eigen::Matrix<double, 2, 3> fixed = M;
    constexpr variable<"x", 3> x;
    constexpr param<"u", 3> u;
    const auto f = OptLayer(minimize(0.5 * sum_squares(x - u)).st(constant(fixed) * x == 1)).standard_form(u = v0());
    CHECK(close(f.A, M0(), 0));
}

TEST_CASE("extents that types do not say are those of the constants") {
    const auto plain = minimize(sum_squares(z - y) + lambda * 0 + norm1(G * z) + 0 * a + 0 * sum(c)).st(G * z <= h);
    const auto check = [&](const auto& f) {
        OptLayer one(f);
        OptLayer other(plain);
        const Tensor y1 = vector({1, -2, 0.5}), h1 = vector({0.5, 0.25});
        CHECK(close(one(y = y1, h = h1), other(y = y1, h = h1, G = M0(), lambda = 1, a = 0, c = v0()), 1e-7));
    };
    check(minimize(sum_squares(z - y) + norm1(constant(M) * z)).st(constant(M) * z <= h));
    check(minimize(sum_squares(z - y) + sum(abs(constant(M) * z))).st(T(T(constant(M))) * z <= h));
    check(minimize(sum_squares(z - y) + norm1(vstack(rows(constant(M), 0), rows(constant(M), 1)) * z))
              .st(rows<0, 1>(constant(M)) * z <= slice<0, 1>(h), dot(rows(constant(M), 1), z) <= h[1]));
    check(minimize(sum_squares(z - y) + norm1(hstack(cols<0, 1>(constant(M)), cols<1, n>(constant(M))) * z))
              .st(dot(constant(M), constant(M)) * 0 + constant(M) * z <= h, sum<0>(constant(M)) * 0 <= 0 * z + 1));
}

TEST_CASE("values are copied, and functions of constants are data") {
    Tensor changing = v0();
    OptLayer layer(minimize(sum_squares(z - y) + 2 * dot(constant<n>(changing), z) +
                            exp(constant<>(torch::zeros({}))) * norm1(0 * z)));
    changing.fill_(100);
    CHECK(close(layer(y = vector({1, 2, 3})), vector({0.75, 3, 1}), 1e-7)); // y - v
    CHECK(close(layer->clone()->parameters().empty() ? layer(y = vector({1, 2, 3})) : Tensor(), vector({0.75, 3, 1}),
                1e-7));
    CHECK(layer->named_parameters().is_empty());
}

TEST_CASE("constants print as such") {
    const std::string text = describe(minimize(sum_squares(z - y)).st(2 * constant(M) * z <= h));
    CHECK(text.find("subject to  2 * constant(...) * z <= h\n") != std::string::npos);
}

TEST_CASE("constants that do not fit are refused before anything is computed") {
    using Catch::Contains;
    CHECK_THROWS_WITH((constant<n, 2>(M0())),
                      Contains("a tensor of shape [2, 3] is no constant<n, 2>: say its shape in the brackets"));
    CHECK_THROWS_WITH(constant<>(v0()), Contains("a tensor of shape [3] is no constant<>"));
    CHECK_THROWS_WITH(constant<n>(Tensor()), Contains("constant<n>(tensor) takes a tensor, and this one is undefined"));
    const auto call = [](const auto& problem) {
        OptLayer layer(problem);
        layer(y = torch::zeros({4}, torch::kFloat64), h = torch::zeros({2}, torch::kFloat64));
    };
    CHECK_THROWS_WITH(call(minimize(sum_squares(z - y)).st(constant<m, n>(M0()) * z <= h)),
                      Contains("a constant has 3 columns, but n = 4 from \"y\""));
    CHECK_THROWS_WITH(call(minimize(sum_squares(z - y) + sum(h)).st(constant(M) * z <= 1)),
                      Contains("the shapes in constant(...) * z do not fit: [2, 3], [4]"));
    CHECK_THROWS_WITH(call(minimize(sum_squares(z - y) + sum(h) + sum(constant(v) + z))),
                      Contains("the shapes in constant(...) + z do not fit: [3], [4]"));
    CHECK_THROWS_WITH(call(minimize(sum_squares(z - y) + sum(h) + dot(constant(v), z))),
                      Contains("the shapes in dot(constant(...), z) do not fit: [3], [4]"));
    CHECK_THROWS_WITH(call(minimize(sum_squares(z - y)).st(constant(v) <= hstack(h, h[0]) + z[0], z <= constant(v))),
                      Contains("the sides of z <= constant(...) do not fit: [4], [3]"));
    CHECK_THROWS_WITH(call(minimize(sum_squares(z - y) + sum(h)).st(constant(v)[3] <= z)),
                      Contains("constant(...)[3] lies outside its vector"));
}
