// SPDX-License-Identifier: Apache-2.0
// Starts from the last solution: given to solve_qp, or kept by a layer that was asked to.

#include "catch.hpp"
#include "torch/close.hpp"

#include <optnet/optnet.hpp>

#include <limits>
#include <sstream>
#include <thread>

using namespace optnet::words;
using torch::Tensor;

namespace {

namespace box {
constexpr dim<"n"> n;
constexpr dim<"m"> m;
constexpr variable<"z", n> z;
constexpr psd<"Q", n> Q;
constexpr param<"q", n> q;
constexpr param<"G", m, n> G;
constexpr auto problem = minimize(0.5 * quad(z, Q) + dot(q, z)).st(G * z <= 1);
} // namespace box

const auto options = torch::TensorOptions(torch::kFloat64);

/// Q well conditioned, G random: about half of the rows are active.
struct data {
    Tensor Q, G, q;
    explicit data(std::int64_t batch) {
        torch::manual_seed(1);
        const Tensor root = torch::randn({20, 20}, options);
        Q = root.matmul(root.t()) / 20 + torch::eye(20, options);
        G = torch::randn({30, 20}, options);
        q = 5 * torch::randn({batch, 20}, options);
    }
};

template <class Call> std::string message(const Call& call) {
    try {
        call();
    } catch (const optnet::Error& mistake) {
        return mistake.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::int64_t most(const Tensor& iterations) { return iterations.max().item<std::int64_t>(); }
std::int64_t total(const Tensor& iterations) { return iterations.sum().item<std::int64_t>(); }

} // namespace

TEST_CASE("solve_qp starts from a solution: it ends at once, and a neighbour ends sooner") {
    for (const std::int64_t batch : {1, 4, 20}) {
        const data x(batch);
        const Tensor h = torch::ones({30}, options);
        const auto cold = optnet::solve_qp(x.Q, x.q, {}, {}, x.G, h);
        CHECK(most(cold.iterations) > 2);
        const auto again = optnet::solve_qp(x.Q, x.q, {}, {}, x.G, h, {}, cold);
        CHECK(most(again.iterations) <= 2);
        CHECK(close(again.z, cold.z, 1e-9));
        CHECK(at::equal(again.status, cold.status));
        const Tensor moved = x.q + 0.02;
        const auto near = optnet::solve_qp(x.Q, moved, {}, {}, x.G, h, {}, cold);
        const auto fresh = optnet::solve_qp(x.Q, moved, {}, {}, x.G, h);
        CHECK(total(near.iterations) < total(fresh.iterations));
        CHECK(close(near.z, fresh.z, 1e-9));
    }
}

TEST_CASE("the gradient of a solve from a start is that of the point; the start has none") {
    const data x(3);
    const Tensor h = torch::ones({30}, options);
    const auto gradients = [&](bool warm) {
        const Tensor Q = x.Q.clone().requires_grad_(), q = x.q.clone().requires_grad_();
        const auto start = optnet::solve_qp(Q, q, {}, {}, x.G, h);
        const auto found = warm ? optnet::solve_qp(Q, q, {}, {}, x.G, h, {}, start) : start;
        (found.z.square().sum() + found.lam.sum()).backward();
        return std::pair(Q.grad(), q.grad());
    };
    const auto [cold_Q, cold_q] = gradients(false);
    const auto [warm_Q, warm_q] = gradients(true);
    CHECK(close(warm_Q, cold_Q, 1e-8));
    CHECK(close(warm_q, cold_q, 1e-8));
}

TEST_CASE("a start without numbers is none; one that does not fit is refused") {
    const data x(3);
    const Tensor h = torch::ones({30}, options);
    const auto cold = optnet::solve_qp(x.Q, x.q, {}, {}, x.G, h);
    auto start = cold;
    start.z = cold.z.clone();
    start.z[1][0] = std::numeric_limits<double>::quiet_NaN();
    const auto mixed = optnet::solve_qp(x.Q, x.q, {}, {}, x.G, h, {}, start);
    CHECK(most(mixed.iterations[0]) <= 2);
    CHECK(mixed.iterations[1].equal(cold.iterations[1]));
    CHECK(mixed.z[1].equal(cold.z[1]));
    // A start for all of them.
    optnet::qp_solution one;
    one.z = cold.z[0];
    one.nu = cold.nu[0];
    one.lam = cold.lam[0];
    CHECK(most(optnet::solve_qp(x.Q, x.q, {}, {}, x.G, h, {}, one).iterations[0]) <= 2);
    // Multipliers alone say which rows are active.
    optnet::qp_solution rows;
    rows.lam = cold.lam;
    CHECK(most(optnet::solve_qp(x.Q, x.q, {}, {}, x.G, h, {}, rows).iterations) <= 2);

    const auto refused = [&](const optnet::qp_solution& from) {
        return message([&] { optnet::solve_qp(x.Q, x.q, {}, {}, x.G, h, {}, from); });
    };
    optnet::qp_solution wrong = cold;
    wrong.z = cold.z.narrow(1, 0, 19);
    CHECK(refused(wrong) == "start.z is [3, 19], but the structure asks for [20] or [3, 20]");
    wrong = cold;
    wrong.lam = cold.lam.narrow(0, 0, 2);
    CHECK(refused(wrong) == "start.lam is [2, 30], but the structure asks for [30] or [3, 30]");
    wrong = cold;
    wrong.nu = torch::zeros({3, 1}, options);
    CHECK(contains(refused(wrong), "start.nu is [3, 1]"));
    wrong = cold;
    wrong.z = cold.z.to(torch::kFloat32);
    CHECK(contains(refused(wrong), "start.z is float32, but source 0 is float64"));
}

TEST_CASE("an infeasible problem says so wherever it starts, and so does the next feasible one") {
    const Tensor Q = torch::eye(2, options), q = torch::zeros({2}, options),
                 G = torch::tensor({{1.0, 0.0}, {-1.0, 0.0}}, options);
    const Tensor bad = torch::tensor({-1.0, -1.0}, options), good = torch::tensor({-1.0, 3.0}, options);
    const auto solved = optnet::solve_qp(Q, q, {}, {}, G, good);
    CHECK(close(solved.z, vector({-1, 0}), 1e-12));
    const auto failed = optnet::solve_qp(Q, q, {}, {}, G, bad, {}, solved);
    CHECK(failed.status.item<std::int64_t>() == static_cast<std::int64_t>(optnet::status::primal_infeasible));
    const auto next = optnet::solve_qp(Q, q, {}, {}, G, good, {}, failed); // its z is NaN
    CHECK(at::equal(next.z, solved.z));
}

TEST_CASE("a layer that was asked to starts from its last solution, by batch size") {
    const data x(20);
    const auto iterations = [&](const auto& layer, const Tensor& q) {
        return total(layer.solve(box::Q = x.Q, box::q = q, box::G = x.G).iterations());
    };
    OptLayer cold(box::problem), warm(box::problem, optnet::settings{.warm_start = true});
    const std::int64_t first = iterations(cold, x.q);
    CHECK(iterations(cold, x.q) == first);
    CHECK(iterations(warm, x.q) == first);
    CHECK(iterations(warm, x.q) <= 20);
    // Another size of the batch has met nothing yet, and the first is not forgotten.
    const Tensor few = x.q.narrow(0, 0, 3).contiguous();
    CHECK(iterations(warm, few) == iterations(cold, few));
    CHECK(iterations(warm, few) <= 3);
    CHECK(iterations(warm, x.q) <= 20);
    // Both ways of calling it keep the solution, and what the user does with z is not seen.
    OptLayer thin(box::problem, optnet::settings{.warm_start = true});
    Tensor z = thin(box::Q = x.Q, box::q = x.q, box::G = x.G);
    CHECK(close(z, cold(box::Q = x.Q, box::q = x.q, box::G = x.G), 1e-9));
    z.fill_(std::numeric_limits<double>::quiet_NaN());
    CHECK(iterations(thin, x.q) <= 20);
    CHECK(close(thin(box::Q = x.Q, box::q = x.q, box::G = x.G), cold(box::Q = x.Q, box::q = x.q, box::G = x.G), 1e-9));
}

TEST_CASE("what a layer remembers is no state of the module, and a clone has met nothing") {
    const data x(20);
    OptLayer layer(box::problem, fix(box::G = x.G), optnet::settings{.warm_start = true});
    const auto iterations = [&](const auto& of) { return total(of.solve(box::Q = x.Q, box::q = x.q).iterations()); };
    const std::int64_t first = iterations(layer);
    CHECK(iterations(layer) < first);
    CHECK(layer->named_parameters().size() == 0);
    CHECK(layer->named_buffers().size() == 1);
    const auto copy = std::dynamic_pointer_cast<typename decltype(layer)::ContainedType>(layer->clone());
    REQUIRE(copy);
    CHECK(iterations(*copy) == first);
    CHECK(iterations(*copy) < first);
}

TEST_CASE("gradients through a layer that remembers, and a failed sample") {
    const data x(4);
    const auto gradient = [&](const auto& layer) {
        const Tensor q = x.q.clone().requires_grad_();
        const Tensor z = layer(box::Q = x.Q, box::q = q, box::G = x.G);
        z.square().sum().backward();
        return q.grad();
    };
    OptLayer cold(box::problem), warm(box::problem, optnet::settings{.warm_start = true});
    const Tensor expected = gradient(cold);
    CHECK(close(gradient(warm), expected, 1e-9));
    CHECK(close(gradient(warm), expected, 1e-9));
    // A sample with NaN fails alone, and does not spoil the next call.
    Tensor bad = x.q.clone();
    bad[2][0] = std::numeric_limits<double>::quiet_NaN();
    const auto failed = warm.solve(box::Q = x.Q, box::q = bad, box::G = x.G);
    CHECK(failed.status()[2] == optnet::status::invalid_input);
    CHECK(failed.status()[3] == optnet::status::solved);
    CHECK(close(gradient(warm), expected, 1e-9));
    CHECK(contains(message([&] { warm(box::Q = x.Q, box::q = bad, box::G = x.G); }), "element 2 of the batch"));
    CHECK(close(gradient(warm), expected, 1e-9));
}

TEST_CASE("threads may share a layer that remembers") {
    const data x(10);
    OptLayer cold(box::problem), warm(box::problem, optnet::settings{.warm_start = true});
    const Tensor expected = cold(box::Q = x.Q, box::q = x.q, box::G = x.G);
    std::vector<char> right(4, 0);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < right.size(); ++t)
        threads.emplace_back([&, t] {
            bool all = true;
            for (int i = 0; i < 20; ++i) {
                // Each thread's problems differ, and the starts with them.
                const Tensor q = x.q * (1 + 0.1 * static_cast<double>(t));
                const Tensor z = warm(box::Q = x.Q, box::q = q, box::G = x.G);
                all = all && (t > 0 || close(z, expected, 1e-9));
            }
            right[t] = all ? 1 : 0;
        });
    for (std::thread& t : threads) t.join();
    for (const char r : right) CHECK(r == 1);
}
