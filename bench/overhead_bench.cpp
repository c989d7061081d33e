// SPDX-License-Identifier: Apache-2.0
// What torch around the solver costs: the operator and a layer beside an operator of the same signature that does
// nothing. One thread, float64; two variables for the overhead of a call, fifty and a hundred for its share of real
// work.

#include "optnet/optnet.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/library.h>

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace optnet::words;
using at::Tensor;
using optional_tensor = std::optional<Tensor>;
using signature = Tensor(const optional_tensor&, const Tensor&, const optional_tensor&, const optional_tensor&,
                         const optional_tensor&, const optional_tensor&, std::optional<double>, std::optional<double>,
                         std::optional<std::int64_t>, std::string_view);
constexpr const char* schema =
    "(Tensor? Q, Tensor q, Tensor? A=None, Tensor? b=None, Tensor? G=None, Tensor? h=None, *, "
    "float? eps_abs=None, float? eps_rel=None, int? max_iter=None, "
    "str on_failure=\"throw\") -> Tensor";

/// Returns memory for the gradients that are wanted.
struct empty_node final : torch::autograd::Node {
    std::vector<Tensor> inputs;
    torch::autograd::variable_list apply(torch::autograd::variable_list&&) override {
        torch::autograd::variable_list gradients(inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (inputs[i].defined() && task_should_compute_output(i)) gradients[i] = at::empty_like(inputs[i]);
        return gradients;
    }
};

Tensor nothing(const optional_tensor& Q, const Tensor& q, const optional_tensor& A, const optional_tensor& b,
               const optional_tensor& G, const optional_tensor& h, std::optional<double>, std::optional<double>,
               std::optional<std::int64_t>, std::string_view) {
    const auto or_none = [](const optional_tensor& t) { return t.value_or(Tensor()); };
    const std::vector<Tensor> inputs{or_none(Q), q, or_none(A), or_none(b), or_none(G), or_none(h)};
    Tensor out = at::empty(q.sizes(), q.options());
    if (!torch::autograd::compute_requires_grad(inputs)) return out;
    const std::shared_ptr<empty_node> node(new empty_node, torch::autograd::deleteNode);
    node->set_next_edges(torch::autograd::collect_next_edges(inputs));
    for (const Tensor& t : inputs) node->inputs.push_back(t.defined() ? t.detach() : t);
    torch::autograd::set_history(out, node);
    return out;
}

TORCH_LIBRARY(optnet_bench, m) { m.def((std::string("nothing") + schema).c_str(), nothing); }

namespace plain {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"q", n> q;
constexpr param<"G", m, n> G;
constexpr param<"h", m> h;
constexpr auto qp = minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= h);
} // namespace plain

/// OptNet's timing experiment, matrices shared.
struct data {
    Tensor Q, q, G, h;
    data(std::int64_t n, std::int64_t batch, bool gradient) {
        torch::manual_seed(static_cast<std::uint64_t>(n));
        const auto f64 = torch::kFloat64;
        const Tensor root = torch::rand({n, n}, f64);
        Q = root.mm(root.t()) + 1e-3 * torch::eye(n, f64);
        G = torch::randn({n, n}, f64);
        q = torch::randn({batch, n}, f64);
        h = torch::randn({batch, n}, f64).mm(G.t()) + torch::rand({batch, n}, f64);
        for (Tensor* t : {&Q, &q, &G, &h}) t->set_requires_grad(gradient);
    }
};

template <class Call> void run(benchmark::State& state, const Call& call) {
    at::set_num_threads(1);
    const std::int64_t n = state.range(0), batch = state.range(1);
    const bool gradient = state.range(2) > 0, backward = state.range(2) > 1;
    const data d(n, batch, gradient);
    const at::AutoGradMode mode(gradient);
    for ([[maybe_unused]] auto _ : state) {
        const Tensor z = call(d);
        if (backward) {
            z.backward(torch::ones_like(z));
            for (const Tensor* t : {&d.Q, &d.q, &d.G, &d.h}) t->mutable_grad() = Tensor();
        }
    }
}

void run_operator(benchmark::State& state, const char* name) {
    const auto found = c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<signature>();
    run(state, [&](const data& d) { return found.call(d.Q, d.q, {}, {}, d.G, d.h, {}, {}, {}, "throw"); });
}

void empty_operator(benchmark::State& state) { run_operator(state, "optnet_bench::nothing"); }
void solver_operator(benchmark::State& state) { run_operator(state, "optnet::qp"); }
void layer(benchmark::State& state) {
    const OptLayer made(plain::qp);
    run(state, [&](const data& d) { return made(plain::Q = d.Q, plain::q = d.q, plain::G = d.G, plain::h = d.h); });
}

void sizes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"n", "batch", "gradient"});
    for (const std::int64_t gradient : {0, 1, 2})
        for (const auto& [n, batch] : {std::pair{2, 1}, std::pair{50, 128}, std::pair{100, 128}})
            b->Args({n, batch, gradient});
}

BENCHMARK(empty_operator)->Apply(sizes);
BENCHMARK(solver_operator)->Apply(sizes);
BENCHMARK(layer)->Apply(sizes);

} // namespace

BENCHMARK_MAIN();
