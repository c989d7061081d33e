// SPDX-License-Identifier: Apache-2.0
// A solve from structured blocks against the same problem as dense matrices, differentiated by torch through
// to_standard_form: values, gradients of every source, and second derivatives.

#include "catch.hpp"

#include "optnet/torch/blocks.hpp"
#include "optnet/torch/error.hpp"
#include "optnet/torch/solve_qp.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <limits>

using at::Tensor;
using namespace optnet;
using solver::block;
using solver::block_kind;
using solver::matrix;

namespace {

constexpr int n = 6, p = 2, m = 13;

/// Every kind of block, in each matrix where it makes sense, with scales, overlaps and shared sources:
///   Q = 0.5 F (dense) + d (diagonal) + w I (scaled identity) + 2 I       sources 0, 1, 2
///   A = [E 0] + band on columns 2..5                                     sources 3, 4
///   G = [I; -d; band; w I]: bounds, a source of Q again, differences     sources 1, 5, 2
/// and in each of them a sparse block of the same three numbers            source 6
solver::structure every_kind() {
    solver::structure s;
    s.n = n;
    s.p = p;
    s.m = m;
    const auto add = [&](matrix where, block_kind kind, int row, int col, int rows, int cols, int source,
                         double scale) {
        block b;
        b.where = where;
        b.kind = kind;
        b.row = row;
        b.col = col;
        b.rows = rows;
        b.cols = cols;
        b.source = source;
        b.scale = scale;
        if (kind == block_kind::banded) b.last = 1;
        s.blocks.push_back(b);
    };
    add(matrix::Q, block_kind::dense, 0, 0, n, n, 0, 0.5);
    add(matrix::Q, block_kind::diagonal, 0, 0, n, n, 1, 1);
    add(matrix::Q, block_kind::scaled_identity, 1, 1, 4, 4, 2, 1);
    add(matrix::Q, block_kind::identity, 0, 0, n, n, -1, 2);
    add(matrix::A, block_kind::dense, 0, 0, 2, 3, 3, 1);
    add(matrix::A, block_kind::banded, 0, 2, 2, 4, 4, -1);
    add(matrix::G, block_kind::identity, 0, 0, 3, 3, -1, 1);
    add(matrix::G, block_kind::diagonal, 3, 0, n, n, 1, -1);
    add(matrix::G, block_kind::banded, 9, 0, 2, 6, 5, 1);
    add(matrix::G, block_kind::scaled_identity, 11, 3, 2, 2, 2, 1.5);
    add(matrix::Q, block_kind::sparse, 1, 2, 3, 4, 6, 0.3);
    s.blocks.back().entries = std::make_shared<const solver::entry_list>(solver::entry_list{{0, 2, 2, 3}, {0, 3, 1}});
    add(matrix::A, block_kind::sparse, 0, 1, 2, 5, 6, 1);
    s.blocks.back().entries = std::make_shared<const solver::entry_list>(solver::entry_list{{0, 1, 3}, {4, 0, 2}});
    add(matrix::G, block_kind::sparse, 2, 0, 8, 6, 6, -1);
    s.blocks.back().entries =
        std::make_shared<const solver::entry_list>(solver::entry_list{{0, 0, 1, 1, 1, 2, 2, 2, 3}, {5, 0, 4}});
    solver::row_group rows;
    rows.count = m;
    s.groups.push_back(rows);
    return s;
}

/// `batched` says of each of the seven sources whether it has numbers of its own per problem.
blocks random_batch(std::int64_t batch, std::vector<bool> batched, at::ScalarType type = at::kDouble) {
    const auto real = at::TensorOptions().dtype(at::kDouble);
    const auto lead = [&](std::vector<std::int64_t> sizes, bool own) {
        if (own) sizes.insert(sizes.begin(), batch);
        return sizes;
    };
    const Tensor root = at::randn(lead({n, n}, batched[0]), real);
    blocks made;
    made.structure = std::make_shared<const solver::structure>(every_kind());
    made.data = {at::matmul(root, root.mT()),
                 at::rand(lead({n}, batched[1]), real) + 0.5,
                 at::rand(lead({}, batched[2]), real) + 0.5,
                 at::randn(lead({2, 3}, batched[3]), real),
                 at::randn(lead({2, 2}, batched[4]), real),
                 at::randn(lead({2, 2}, batched[5]), real),
                 at::randn(lead({3}, batched[6]), real)};
    made.q = 4 * at::randn({batch, n}, real);
    made.b = 0.1 * at::randn({p}, real);
    made.h = at::rand({batch, m}, real) + 0.1;
    made.batch = batch;
    for (Tensor* t : {&made.data[0], &made.data[1], &made.data[2], &made.data[3], &made.data[4], &made.data[5],
                      &made.data[6], &made.q, &made.b, &made.h})
        *t = t->to(type).detach().requires_grad_();
    return made;
}

/// Pulled far enough for some rows to be active.
blocks random_problem() {
    blocks single = random_batch(1, {false, false, false, false, false, false, false});
    single.q = (5 * single.q.detach().squeeze(0)).requires_grad_();
    single.h = single.h.detach().squeeze(0).requires_grad_();
    single.batch = -1;
    return single;
}

std::vector<Tensor> leaves(const blocks& of) {
    std::vector<Tensor> all = of.data;
    all.insert(all.end(), {of.q, of.b, of.h});
    return all;
}

settings exact() {
    settings how;
    how.eps_abs = 1e-12;
    how.eps_rel = 0.0;
    return how;
}

Tensor loss_of(const qp_solution& x, const std::vector<Tensor>& weights) {
    return (x.z * weights[0]).sum() + (x.nu * weights[1]).pow(2).sum() + (x.lam * weights[2]).sum() +
           (x.s * weights[3]).pow(2).sum();
}

/// Differences of size 1e-9 of the largest: rounding of two roads through the solver, which differ in order only.
bool close(const Tensor& a, const Tensor& b) {
    const double most = b.numel() == 0 ? 0.0 : b.abs().max().item<double>();
    return a.sizes() == b.sizes() && (a.numel() == 0 || (a - b).abs().max().item<double>() <= 1e-9 * (1 + most));
}

void compare(const blocks& structured) {
    at::manual_seed(5);
    std::vector<Tensor> weights;
    const std::int64_t batch = std::max<std::int64_t>(structured.batch, 1);
    for (const int size : {n, p, m, m}) weights.push_back(at::randn({batch, size}, at::kDouble));
    const qp_solution ours = solve_blocks(structured, exact(), true);
    const standard_form f = to_standard_form(structured);
    const qp_solution dense = solve_qp(f.Q, f.q, f.A, f.b, f.G, f.h, exact());
    REQUIRE(ours.status.eq(0).all().item<bool>());
    // Some rows active and some not, in every group of G, or the test says little.
    REQUIRE(ours.lam.gt(1e-3).any().item<bool>());
    CHECK(close(ours.z, dense.z));
    CHECK(close(ours.s, dense.s));
    CHECK(close(ours.lam, dense.lam));
    CHECK(close(ours.nu, dense.nu));
    const auto all = leaves(structured);
    const auto first = torch::autograd::grad({loss_of(ours, weights)}, all, {}, true, true);
    const auto expected = torch::autograd::grad({loss_of(dense, weights)}, all, {}, true, true);
    for (std::size_t i = 0; i < all.size(); ++i) {
        INFO("argument " << i);
        CHECK(close(first[i], expected[i]));
        CHECK(expected[i].abs().max().item<double>() > 1e-6);
    }
    Tensor a, b;
    for (std::size_t i = 0; i < all.size(); ++i) {
        a = a.defined() ? a + first[i].pow(2).sum() : first[i].pow(2).sum();
        b = b.defined() ? b + expected[i].pow(2).sum() : expected[i].pow(2).sum();
    }
    const auto second = torch::autograd::grad({a}, all), second_expected = torch::autograd::grad({b}, all);
    for (std::size_t i = 0; i < all.size(); ++i) {
        INFO("second derivative by argument " << i);
        CHECK(close(second[i], second_expected[i]));
    }
}

std::string message(const blocks& batch, const settings& how = {}) {
    try {
        solve_blocks(batch, how, true);
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("structured blocks give what dense matrices give, with all sources shared, none, or some, and no batch") {
    at::manual_seed(1);
    for (int seed = 0; seed < 3; ++seed) {
        compare(random_batch(4, {false, false, false, false, false, false, false}));
        compare(random_batch(4, {true, true, true, true, true, true, true}));
        compare(random_batch(4, {false, true, false, true, false, true, false}));
        compare(random_batch(4, {true, false, true, false, true, false, true}));
        compare(random_problem());
    }
}

TEST_CASE("a batch dimension of 1 is shared, and keeps its shape in the gradient") {
    at::manual_seed(2);
    blocks one = random_batch(3, {false, false, false, false, false, false, false});
    blocks two = one;
    for (Tensor& t : two.data) t = t.detach().unsqueeze(0).requires_grad_();
    const auto sum = [](const qp_solution& x) { return x.z.pow(2).sum() + x.s.sum(); };
    const auto a = torch::autograd::grad({sum(solve_blocks(one, exact(), true))}, one.data);
    const auto b = torch::autograd::grad({sum(solve_blocks(two, exact(), true))}, two.data);
    for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(b[i].sizes() == two.data[i].sizes());
        CHECK(close(b[i].squeeze(0), a[i]));
    }
}

TEST_CASE("without a batch the results have none") {
    at::manual_seed(3);
    const blocks single = random_problem();
    const qp_solution x = solve_blocks(single, {}, true);
    CHECK(x.z.sizes() == at::IntArrayRef({n}));
    CHECK(x.s.sizes() == at::IntArrayRef({m}));
    CHECK(x.status.dim() == 0);
    CHECK(x.residuals.sizes() == at::IntArrayRef({3}));
    const qp_solution z_alone = solve_blocks(single, {}, false);
    CHECK(at::equal(z_alone.z, x.z));
    CHECK_FALSE(z_alone.nu.defined());
    CHECK_FALSE(z_alone.status.defined());
}

TEST_CASE("undefined vectors are zeros, and a problem without tensors takes the default dtype") {
    blocks bare;
    solver::structure s;
    s.n = 3;
    s.m = 3;
    block b;
    b.kind = block_kind::identity;
    b.rows = b.cols = 3;
    s.blocks.push_back(b);
    b.where = matrix::G;
    b.scale = -1;
    s.blocks.push_back(b);
    bare.structure = std::make_shared<const solver::structure>(s);
    const qp_solution x = solve_blocks(bare, {}, true);
    CHECK(x.z.scalar_type() == at::kFloat);
    CHECK(x.z.eq(0).all().item<bool>());
    bare.q = at::full({3}, -2.0, at::kDouble);
    CHECK((solve_blocks(bare, {}, true).z - 2).abs().max().item<double>() <= 1e-12);
}

TEST_CASE("failed elements of structured blocks have no gradient and touch nobody's") {
    at::manual_seed(4);
    blocks good = random_batch(4, {false, true, false, true, false, true, false});
    const auto gradient = [](const blocks& of) {
        const qp_solution x = solve_blocks(of, exact(), true);
        const Tensor keep = at::tensor({0, 1, 3}, at::kLong);
        const Tensor loss = x.z.index_select(0, keep).pow(2).sum() + x.s.index_select(0, keep).sum();
        return torch::autograd::grad({loss}, leaves(of));
    };
    const auto expected = gradient(good);
    blocks bad = good;
    Tensor spoilt = good.data[1].detach().clone();
    spoilt[2][0] = std::numeric_limits<double>::quiet_NaN();
    bad.data[1] = spoilt.requires_grad_();
    const auto found = gradient(bad);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        INFO("argument " << i);
        CHECK(at::equal(found[i], expected[i])); // the loss looks at the others only: zero for element 2 in both
    }
}

TEST_CASE("float32 blocks are solved in float64 and rounded") {
    at::manual_seed(6);
    const blocks single = random_batch(3, {false, true, false, true, false, true, false}, at::kFloat);
    blocks twice = single;
    for (Tensor* t : {&twice.data[0], &twice.data[1], &twice.data[2], &twice.data[3], &twice.data[4], &twice.data[5],
                      &twice.data[6], &twice.q, &twice.b, &twice.h})
        *t = t->detach().to(at::kDouble);
    const qp_solution a = solve_blocks(single, exact(), true), b = solve_blocks(twice, exact(), true);
    CHECK(a.z.scalar_type() == at::kFloat);
    CHECK(at::equal(a.z, b.z.to(at::kFloat)));
    CHECK(at::equal(a.lam, b.lam.to(at::kFloat)));
    CHECK(at::equal(a.residuals, b.residuals));
}

TEST_CASE("mistakes in blocks are named") {
    at::manual_seed(7);
    const blocks good = random_batch(3, {false, false, false, false, false, false, false});
    blocks bad = good;
    bad.data[3] = at::zeros({2, 4}, at::kDouble);
    CHECK(contains(message(bad), "source 3 is [2, 4], but the structure asks for [2, 3] or [3, 2, 3]"));
    bad = good;
    bad.data[5] = Tensor();
    CHECK(contains(message(bad), "source 5 of the blocks has no tensor"));
    bad = good;
    bad.h = at::zeros({5, m}, at::kDouble);
    CHECK(contains(message(bad), "h is [5, 13], but the structure asks for [13] or [3, 13]"));
    bad = good;
    bad.b = bad.b.detach().to(at::kFloat);
    CHECK(contains(message(bad), "b is float32, but source 0 is float64"));
    bad = good;
    bad.batch = -1;
    CHECK(contains(message(bad), "q is [3, 6], but the structure asks for [6] and there is no batch"));
    bad = good;
    bad.structure = nullptr;
    CHECK(contains(message(bad), "blocks have no structure"));
    settings how;
    how.eps_abs = -1;
    CHECK(contains(message(good, how), "setting eps_abs"));
}
