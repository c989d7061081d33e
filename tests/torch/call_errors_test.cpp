// SPDX-License-Identifier: Apache-2.0
// Every sentence about a call that does not fit: it names the parameter and both numbers, before anything is computed.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

using namespace optnet::words;
using torch::Tensor;

namespace general {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"q", n> q;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr nonneg<"s"> s;
constexpr auto qp = minimize(0.5 * quad(z, Q) + dot(q, z) + s * norm1(z)).st(G * z <= h);
} // namespace general

namespace {

const auto f64 = torch::TensorOptions(torch::kFloat64);

/// The arguments of a call that fits, n = 4 and m = 2; each test spoils one.
struct call {
    Tensor Q = torch::eye(4, f64), q = torch::ones({4}, f64), G = torch::ones({2, 4}, f64), h = torch::ones({2}, f64),
           s = torch::ones({}, f64);

    std::string error() const {
        OptLayer layer(general::qp);
        try {
            layer(general::q = q, general::Q = Q, general::G = G, general::h = h, general::s = s);
        } catch (const optnet::Error& mistake) {
            return mistake.what();
        }
        return "";
    }
};

template <class... A> std::string error_of(const A&... learned) {
    try {
        OptLayer layer(general::qp, learned...);
    } catch (const optnet::Error& mistake) {
        return mistake.what();
    }
    return "";
}

} // namespace

TEST_CASE("a call that fits says nothing") { CHECK(call{}.error().empty()); }

TEST_CASE("sizes: the first tensor to use a symbol fixes it") {
    CHECK(call{.G = torch::ones({2, 5}, f64)}.error() == "parameter \"G\" is [2, 5], but n = 4 from \"q\"");
    CHECK(call{.h = torch::ones({3}, f64)}.error() == "parameter \"h\" is [3], but m = 2 from \"G\"");
    CHECK(call{.Q = torch::ones({4, 3}, f64)}.error() == "parameter \"Q\" is [4, 3], but n = 4 from \"q\"");
    CHECK(call{.G = torch::ones({7, 2, 5}, f64)}.error() == "parameter \"G\" is [7, 2, 5], but n = 4 from \"q\"");
}

TEST_CASE("sizes that are registered come first") {
    OptLayer layer(general::qp, learn(general::G = torch::ones({2, 5}, f64)), fix(general::h = torch::ones({2}, f64)));
    using namespace general;
    CHECK_THROWS_WITH(layer(q = torch::ones({4}, f64), Q = torch::eye(4, f64), s = 1),
                      "parameter \"q\" is [4], but n = 5 from \"G\"");
    CHECK(error_of(learn(G = torch::ones({2, 5}, f64)), fix(h = torch::ones({3}, f64))) ==
          "parameter \"h\" is [3], but m = 2 from \"G\"");
}

TEST_CASE("dimensions") {
    CHECK(call{.q = torch::ones({}, f64)}.error() == "parameter \"q\" is [], but it takes [n] or [batch, n]");
    CHECK(call{.q = torch::ones({1, 2, 4}, f64)}.error() ==
          "parameter \"q\" is [1, 2, 4], but it takes [n] or [batch, n]");
    CHECK(call{.G = torch::ones({4}, f64)}.error() == "parameter \"G\" is [4], but it takes [m, n] or [batch, m, n]");
    CHECK(call{.s = torch::ones({2, 2}, f64)}.error() == "parameter \"s\" is [2, 2], but it takes [] or [batch]");
    CHECK(call{.h = Tensor()}.error() == "parameter \"h\" is an undefined tensor, but it takes [m] or [batch, m]");
    OptLayer layer(general::qp);
    using namespace general;
    CHECK_THROWS_WITH(
        layer(q = 3, Q = torch::eye(4, f64), G = torch::ones({2, 4}, f64), h = torch::ones({2}, f64), s = 1),
        "parameter \"q\" is a number, but it takes a tensor [n] or [batch, n]");
}

TEST_CASE("batches") {
    CHECK(call{.q = torch::ones({3, 4}, f64), .h = torch::ones({2, 2}, f64)}.error() ==
          "parameter \"h\" is [2, 2], a batch of 2, but parameter \"q\" is [3, 4], a batch of 3: batches agree, are 1 "
          "or are "
          "left out");
    CHECK(call{.q = torch::ones({3, 4}, f64), .s = torch::ones({2}, f64)}.error() ==
          "parameter \"s\" is [2], a batch of 2, but parameter \"q\" is [3, 4], a batch of 3: batches agree, are 1 or "
          "are "
          "left out");
    CHECK(call{.q = torch::ones({3, 4}, f64), .h = torch::ones({1, 2}, f64)}.error().empty());
}

TEST_CASE("dtypes and devices") {
    using Catch::Contains;
    CHECK_THAT(call{.h = torch::ones({2})}.error(),
               Contains("parameter \"h\" is float32, but parameter \"q\" is float64"));
    CHECK_THAT(call{.q = torch::ones({4}, torch::kInt64)}.error(),
               Contains("\"q\" is int64") && Contains("float64 or float32"));
    CHECK_THAT(call{.h = torch::ones({2}, f64.device(torch::kMeta))}.error(),
               Contains("parameter \"h\" is on meta, but parameter \"q\" is on cpu"));
    CHECK_THAT(call{.G = torch::ones({2, 4}, f64).to_sparse()}.error(), Contains("\"G\"") && Contains("dense"));
    CHECK(call{.s = torch::ones({})}.error().empty()); // zero-dimensional: follows the others
}

TEST_CASE("sizes that are sums, and literals") {
    constexpr dim<"k"> k;
    constexpr variable<"x", k> x;
    constexpr param<"y", k> y;
    constexpr nonneg<"w", k - 1> w;
    constexpr param<"three", 3> three;
    constexpr auto problem = minimize(sum_squares(x - y) + dot(w, abs(diff(x))) + sum(three)).st(x[6] <= 1);
    OptLayer layer(problem);
    const Tensor y0 = torch::ones({8}, f64), w0 = torch::ones({7}, f64), three0 = torch::ones({3}, f64);
    CHECK(layer(y = y0, w = w0, three = three0).sizes() == torch::IntArrayRef({8}));
    CHECK_THROWS_WITH(layer(y = y0, w = torch::ones({8}, f64), three = three0),
                      "parameter \"w\" is [8], but k - 1 = 7 with k = 8 from \"y\"");
    CHECK_THROWS_WITH(layer(y = y0, w = w0, three = torch::ones({4}, f64)),
                      "parameter \"three\" is [4], but it takes [3] or [batch, 3]");
    CHECK_THROWS_WITH(layer(y = torch::ones({5}, f64), w = torch::ones({4}, f64), three = three0),
                      "x[6] lies outside its vector: indices go from 0 to size - 1, and its size is k = 5 from \"y\"");
}

TEST_CASE("an index that the compiler does not see") {
    constexpr variable<"v", 4> v;
    constexpr param<"y", 4> y;
    const auto with_floor = [&](int i) { return minimize(sum_squares(v - y)).st(v[i] >= 1); };
    const Tensor y0 = torch::zeros({4}, f64);
    CHECK(OptLayer(with_floor(3))(y = y0)[3].item<double>() == Approx(1));
    for (const int i : {-1, 4})
        CHECK_THROWS_WITH(OptLayer(with_floor(i))(y = y0),
                          "v[" + std::to_string(i) +
                              "] lies outside its vector: indices go from 0 to size - 1, and its size is 4");
}

TEST_CASE("sizes that come out negative, slices that lie outside") {
    constexpr dim<"k"> k;
    constexpr param<"y", k> y;
    SECTION("a variable") {
        constexpr variable<"x", k - 3> x;
        constexpr auto problem = minimize(sum_squares(x) + sum(y)).st(x >= 1);
        CHECK_THROWS_WITH(OptLayer(problem)(y = torch::ones({2}, f64)),
                          "variable \"x\" has a size below 0: k - 3 = -1 with k = 2 from \"y\"");
    }
    SECTION("a slice") {
        constexpr variable<"x", k> x;
        constexpr auto problem = minimize(sum_squares(x - y)).st(slice<2, k - 2>(x) >= 1);
        OptLayer layer(problem);
        CHECK(close(layer(y = torch::zeros({5}, f64)), vector({0, 0, 1, 0, 0}), 1e-9));
        CHECK_THROWS_WITH(layer(y = torch::zeros({3}, f64)),
                          "slice<2, k - 2>(x) lies outside its vector of 3 entries: k - 2 = 1 with k = 3 from \"y\"");
    }
    SECTION("differences of an empty vector") {
        constexpr variable<"x", k> x;
        constexpr auto problem = minimize(sum_squares(x - y) + norm1(diff(x)));
        CHECK_THROWS_WITH(OptLayer(problem)(y = torch::zeros({0}, f64)),
                          "diff(x) has a size below 0: k - 1 = -1 with k = 0 from \"y\"");
    }
}

TEST_CASE("a diagonal is bound to its diagonal") {
    constexpr dim<"k"> k;
    constexpr variable<"x", k> x;
    constexpr diagonal<"d", k> d;
    constexpr auto problem = minimize(0.5 * quad(x, d) - sum(x));
    OptLayer layer(problem);
    CHECK(close(layer(d = vector({1, 2, 4})), vector({1, 0.5, 0.25}), 1e-9));
    CHECK_THROWS_WITH(layer(d = torch::ones({2, 3, 3}, f64)),
                      "parameter \"d\" is [2, 3, 3], but it takes [k] or [batch, k]");
}

TEST_CASE("what cannot be learned") {
    using namespace general;
    CHECK_THAT(error_of(learn(q = torch::ones({4}, torch::kInt64))),
               Catch::Contains("parameter \"q\" is to be learned, but it is"));
    const Tensor base = torch::ones({4}, f64).requires_grad_();
    CHECK_THAT(error_of(learn(q = base * 2)),
               Catch::Contains("parameter \"q\" is to be learned") && Catch::Contains("detach()"));
    CHECK(error_of(learn(q = base)).empty());
}
