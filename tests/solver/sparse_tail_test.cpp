// SPDX-License-Identifier: Apache-2.0
// The last columns of a sparse factor that are full: where they begin, the factor with them, and what is solved on it.

#include "as_form_d.hpp"
#include "catch.hpp"
#include "solver/algorithm/sparse_system.hpp"
#include "sparse_batches.hpp"
#include "sparse_models.hpp"

#include <thread>

using namespace problems;
using real = long double;
using solver::factored;
using solver::sparse_pattern;

namespace {

struct square {
    explicit square(int size) : n(size), v(at(std::int64_t{size} * size), 0) {}
    real& operator()(int i, int j) { return v[at(std::int64_t{i} * n + j)]; }
    int n;
    std::vector<real> v;
};

/// K of `sparse_pattern`, in the order of z, nu and the rows of E, from the definition.
square assembled(const solver::operators& data, const sparse_pattern& x, const std::vector<double>& w, double rho,
                 double delta) {
    square K(x.size);
    const auto node = [&](int z) { return x.place[at(z)]; };
    for (int j = 0; j < x.n; ++j) K(node(j), node(j)) += rho;
    for (int i = 0; i < x.p; ++i) K(node(x.n + i), node(x.n + i)) -= delta;
    data.each(solver::matrix::Q, [&](int i, int j, double v) { K(node(i), node(j)) += v; });
    data.each(solver::matrix::A, [&](int i, int j, double v) {
        K(node(x.n + i), node(j)) += v;
        K(node(j), node(x.n + i)) += v;
    });
    std::vector<std::vector<std::pair<int, double>>> rows(at(x.m));
    data.each(solver::matrix::G, [&](int i, int j, double v) { rows[at(i)].emplace_back(j, v); });
    for (int i = 0; i < x.m; ++i) {
        if (x.in_r(i)) {
            for (const auto& [j, v] : rows[at(i)])
                for (const auto& [k, u] : rows[at(i)]) K(node(j), node(k)) += real(w[at(i)]) * v * u;
            continue;
        }
        const int own = node(x.n + x.p + i);
        K(own, own) -= 1 + real(delta);
        for (const auto& [j, v] : rows[at(i)]) {
            K(own, node(j)) += std::sqrt(real(w[at(i)])) * v;
            K(node(j), own) += std::sqrt(real(w[at(i)])) * v;
        }
    }
    return K;
}

int columns(const sparse_pattern& x) { return x.size - x.tail; }

} // namespace

TEST_CASE("the factor with a tail is that of K, for problems alone and for those in lanes") {
    model models[] = {value_at_risk(25, 60, 1, 3), value_at_risk(60, 25, 1, 4), worst_case(121, 1, 7), huber(30, 1, 5),
                      portfolio(10, 1, 6, 1.0)};
    for (model& made : models)
        for (const factored how : {factored::alone, factored::in_lanes}) {
            const solver::problem<double> batch = made.problem();
            const solver::operators data(batch, 0);
            const auto pattern = solver::analyse(made.shape, how);
            const sparse_pattern& x = *pattern;
            CAPTURE(x.n, x.p, x.m, x.size, x.tail, x.panel_end.size(), how == factored::alone);
            solver::sparse_matrices matrices;
            REQUIRE(matrices.set_up(data, pattern, 1e-8));
            numbers draw(8);
            std::vector<double> w(at(x.m)), b(at(x.size));
            for (double& v : w) v = std::exp(2 * draw.normal());
            for (double& v : b) v = draw.normal();
            constexpr double rho = 1e-3, delta = 1e-3;
            solver::sparse_ldl system;
            REQUIRE(system.factor(matrices, w.data(), rho, delta));
            CHECK(system.definite());
            std::vector<double> y = b;
            system.solve_once(y.data());
            square K = assembled(data, x, w, rho, delta);
            for (int i = 0; i < x.size; ++i) {
                real left = b[at(i)], terms = std::abs(b[at(i)]);
                for (int j = 0; j < x.size; ++j) {
                    left -= K(i, j) * y[at(j)];
                    terms += std::abs(K(i, j) * y[at(j)]);
                }
                // The rounding of three hundred terms, 3e-14, and thirty times that for what |L||D||L'| has grown
                // beyond |K|, which rho and delta limit.
                CHECK(static_cast<double>(std::abs(left)) <= 1e-12 * static_cast<double>(terms));
            }
        }
}

TEST_CASE("a tail is where it pays: in what full rows leave, not in bands and trees") {
    const auto of = [](const model& x) { return solver::analyse(x.shape, factored::alone); };
    CHECK(columns(*of(denoising(1000, 1, 13, 1))) == 0);
    CHECK(columns(*of(chain(2, 1, 1))) == 0);
    CHECK(columns(*of(simplex(1000, 1, 1))) == 0);
    // More scenarios than assets: rows of G and their u go first, and w and a are left.
    const auto many = of(value_at_risk(60, 200, 1, 1));
    CHECK(columns(*many) == 64); // with the multiplier of 1'w = 1 they are 62, and so many a multiple of eight
    CHECK(many->product.size() == 200 + 60);                       // only those of bounds
    CHECK(static_cast<int>(many->panel_end.size()) == many->tail); // all columns before it go along
    // Fewer: w goes first and leaves the rows of scenarios full, w has a part of the tail's rows.
    const auto few = of(value_at_risk(200, 60, 1, 1));
    CHECK(columns(*few) >= 60);
    CHECK(few->panel_end.size() >= 200);
    CHECK(few->panel_end.front() < columns(*few));
}

TEST_CASE("an eigenvalue of Q below 0 is seen in the tail, too") {
    constexpr int n = 40;
    for (const double least : {1e-3, -1e-3}) {
        // Householder's reflection of diag(least, 1, ..., 1).
        numbers draw(3);
        std::vector<double> u(n), q(at(n * n));
        double length = 0;
        for (double& v : u) {
            v = draw.normal();
            length += v * v;
        }
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j)
                q[at(i * n + j)] = (i == j ? 1 : 0) + (least - 1) * u[at(i)] * u[at(j)] / length;
        model x;
        x.shape.n = x.shape.m = n;
        x.add(solver::matrix::Q, solver::block_kind::dense, 0, 0, n, n, 1, q);
        x.add(solver::matrix::G, solver::block_kind::identity, 0, 0, n, n, 1);
        x.h.assign(n, 1.0);
        x.q.assign(n, 1.0);
        const solver::problem<double> batch = x.problem();
        const solver::operators data(batch, 0);
        const auto pattern = solver::analyse(x.shape, factored::alone);
        REQUIRE(columns(*pattern) == n);
        solver::sparse_matrices matrices;
        CHECK(matrices.set_up(data, pattern, 1e-8) == (least > 0));
    }
}

TEST_CASE("what a thread has solved before changes no bit and no iteration") {
    model tailed = value_at_risk(40, 100, 1, 3), longer = chain(10, 1, 4), in_lanes = chain(2, 8, 4);
    REQUIRE(columns(*solver::analyse(tailed.shape, factored::alone)) > 0);
    for (model* x : {&longer, &in_lanes}) {
        answer<double> first, later;
        std::thread([&] { first = solve(x->problem()); }).join();
        std::thread([&] {
            solve(tailed.problem());
            later = solve(x->problem());
        }).join();
        CHECK(first.iterations == later.iterations);
        CHECK(same_bits(first.z, 0, later.z, 0, static_cast<int>(first.z.size())));
        CHECK(same_bits(first.lambda, 0, later.lambda, 0, static_cast<int>(first.lambda.size())));
    }
}

TEST_CASE("conditional value at risk, alone and in lanes: the point and the gradient of form D, in few iterations") {
    for (const double weight : {0.1, 1e-3})
        for (const auto& [assets, scenarios] : {std::pair(20, 60), std::pair(60, 20), std::pair(30, 90)})
            for (const std::int64_t batch : {1, 8}) {
                CAPTURE(weight, assets, scenarios);
                model x = value_at_risk(assets, scenarios, batch, 7, weight);
                check_as_form_d(x);
            }
}
