// SPDX-License-Identifier: Apache-2.0
// A layer is a module as LibTorch's users expect it.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

#include <sstream>

using namespace optnet::words;
using torch::Tensor;

namespace {

namespace tv {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr param<"y", n> y;
constexpr param<"D", m, n> D;
constexpr nonneg<"lambda"> lambda;
constexpr auto problem = minimize(0.5 * sum_squares(z - y) + lambda * norm1(D * z));
} // namespace tv

const auto options = torch::TensorOptions(torch::kFloat64);

Tensor differences() { return torch::tensor({{-1.0, 1.0, 0.0}, {0.0, -1.0, 1.0}}, options); }

auto make() { return OptLayer(tv::problem, learn(tv::D = differences()), fix(tv::lambda = 0.5)); }

template <class Layer>
concept has_forward = requires(Layer& l, Tensor t) {
    l->forward(t);
};

struct Denoiser : torch::nn::Module {
    decltype(make()) layer{nullptr};
    Denoiser() { layer = register_module("layer", make()); }
};

} // namespace

TEST_CASE("learn registers the tensor itself, fix a buffer, under the bare names") {
    const Tensor D0 = differences();
    OptLayer layer(tv::problem, fix(tv::lambda = torch::full({}, 0.5, options)), learn(tv::D = D0));
    REQUIRE(layer->named_parameters().size() == 1);
    CHECK(layer->named_parameters()["D"].is_same(D0));
    CHECK(D0.requires_grad());
    REQUIRE(layer->named_buffers().size() == 1);
    CHECK(layer->named_buffers()["lambda"].item<double>() == 0.5);
    CHECK_FALSE(layer->named_buffers()["lambda"].requires_grad());
}

TEST_CASE("registered values are read anew at every call") {
    auto layer = make();
    const Tensor y0 = vector({0, 4, 4});
    CHECK(close(layer->forward(y0), vector({0.5, 3.75, 3.75}), 1e-9));
    layer->named_buffers()["lambda"].fill_(1.0);
    CHECK(close(layer->forward(y0), vector({1, 3.5, 3.5}), 1e-9));
    {
        const torch::NoGradGuard no_grad;
        layer->named_parameters()["D"].mul_(2.0);
    }
    CHECK(close(layer->forward(y0), vector({2, 3, 3}), 1e-9));
}

TEST_CASE("a clone has leaves of its own") {
    auto layer = make();
    layer->named_parameters()["D"].set_requires_grad(true);
    const auto copy = std::dynamic_pointer_cast<typename decltype(layer)::ContainedType>(layer->clone());
    REQUIRE(copy);
    const Tensor D0 = layer->named_parameters()["D"], D1 = copy->named_parameters()["D"];
    CHECK(D1.is_leaf());
    CHECK(D1.requires_grad());
    CHECK(at::equal(D0, D1));
    CHECK_FALSE(D0.is_same(D1));
    CHECK(D0.data_ptr() != D1.data_ptr());
    CHECK(copy->named_buffers()["lambda"].item<double>() == 0.5);
    copy->forward(vector({0, 4, 4})).square().sum().backward();
    CHECK(D1.grad().defined());
    CHECK_FALSE(D0.grad().defined());
    copy->named_buffers()["lambda"].fill_(0.0);
    CHECK(close(copy->forward(vector({0, 4, 4})), vector({0, 4, 4}), 1e-9));
    CHECK(close(layer->forward(vector({0, 4, 4})), vector({0.5, 3.75, 3.75}), 1e-9));
}

TEST_CASE("a module around a layer clones it") {
    struct Parent : torch::nn::Cloneable<Parent> {
        decltype(make()) layer{nullptr};
        Parent() { reset(); }
        void reset() override { layer = register_module("layer", make()); }
    };
    Parent parent;
    {
        const torch::NoGradGuard no_grad;
        parent.layer->named_parameters()["D"].mul_(2.0);
    }
    const auto copy = std::dynamic_pointer_cast<Parent>(parent.clone());
    REQUIRE(copy);
    const Tensor D0 = parent.named_parameters()["layer.D"], D1 = copy->named_parameters()["layer.D"];
    CHECK(at::equal(D0, D1));
    CHECK_FALSE(D0.is_same(D1));
    copy->layer->forward(vector({0, 4, 4})).square().sum().backward();
    CHECK(D1.grad().defined());
    CHECK_FALSE(D0.grad().defined());
}

TEST_CASE("save and load bring every value back") {
    auto from = make(), into = make();
    {
        const torch::NoGradGuard no_grad;
        from->named_parameters()["D"].mul_(3.0);
        from->named_buffers()["lambda"].fill_(0.25);
    }
    std::stringstream stream;
    torch::save(from, stream);
    torch::load(into, stream);
    const Tensor y0 = vector({0, 4, 1});
    CHECK(at::equal(from->named_parameters()["D"], into->named_parameters()["D"]));
    CHECK(at::equal(from->forward(y0), into->forward(y0)));
}

TEST_CASE("to changes the dtype of all values") {
    auto layer = make();
    layer->to(torch::kFloat32);
    const Tensor z = layer->forward(torch::tensor({0.0f, 4.0f, 4.0f}));
    CHECK(z.scalar_type() == torch::kFloat32);
    CHECK(close(z.to(torch::kFloat64), vector({0.5, 3.75, 3.75}), 1e-3));
}

TEST_CASE("a layer is a member, an element of a Sequential, and a handle") {
    Denoiser net;
    CHECK(net.named_parameters()["layer.D"].defined());
    CHECK(close(net.layer->forward(vector({0, 4, 4})), vector({0.5, 3.75, 3.75}), 1e-9));

    torch::nn::Sequential sequence{make(), make()};
    CHECK(sequence->named_parameters().contains("1.D"));
    CHECK(sequence->named_buffers().contains("0.lambda"));
    const Tensor out = sequence->forward(torch::rand({4, 3}, options));
    CHECK(out.sizes() == torch::IntArrayRef({4, 3}));
    const auto copy = std::dynamic_pointer_cast<torch::nn::SequentialImpl>(sequence->clone());
    CHECK(at::equal(copy->forward(torch::ones({3}, options)), sequence->forward(torch::ones({3}, options))));

    decltype(make()) empty{nullptr};
    CHECK(empty.is_empty());
    empty = net.layer;
    CHECK(empty->named_parameters()["D"].is_same(net.layer->named_parameters()["D"]));
    const OptLayer same = net.layer;
    CHECK(same.ptr() == net.layer.ptr());
    std::ostringstream text;
    text << *net.layer;
    CHECK(text.str() == "OptLayer");
}

TEST_CASE("the arrow reaches everything") {
    auto layer = make();
    using namespace tv;
    const Tensor y0 = vector({0, 4, 4});
    CHECK(at::equal((*layer)(y = y0), layer(y = y0)));
    CHECK(at::equal(layer->solve(y = y0)[z], layer.solve(y = y0)[z]));
    CHECK(at::equal(layer->standard_form(y = y0).G, layer.standard_form(y = y0).G));
    static_assert(has_forward<decltype(layer)>);
    static_assert(!has_forward<decltype(OptLayer(problem))>);
    static_assert(!has_forward<decltype(OptLayer(problem, fix(y = Tensor(), D = Tensor(), lambda = 1)))>);
}

TEST_CASE("a layer with nothing free takes no argument") {
    constexpr variable<"x", 2> x;
    constexpr param<"c", 2> c;
    constexpr auto problem = minimize(sum_squares(x - c));
    OptLayer layer(problem, learn(c = vector({1, 2})));
    CHECK(close(layer(), vector({1, 2}), 1e-9));
    layer().sum().backward();
    CHECK(close(layer->named_parameters()["c"].grad(), vector({1, 1}), 1e-9));
}
