// SPDX-License-Identifier: Apache-2.0
// Blocks of every kind as the dense matrices that a reader works out by hand.

#include "catch.hpp"

#include "optnet/torch/blocks.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

using at::Tensor;
using namespace optnet;
using solver::block;
using solver::block_kind;
using solver::matrix;

namespace {

block make(matrix where, block_kind kind, int row, int col, int rows, int cols, int source, double scale = 1.0) {
    block b;
    b.where = where;
    b.kind = kind;
    b.row = row;
    b.col = col;
    b.rows = rows;
    b.cols = cols;
    b.source = source;
    b.scale = scale;
    return b;
}

block band(matrix where, int row, int col, int rows, int cols, int first, int last, int source, double scale = 1.0) {
    block b = make(where, block_kind::banded, row, col, rows, cols, source, scale);
    b.first = first;
    b.last = last;
    return b;
}

blocks of(int n, int p, int m, std::vector<block> list, std::vector<Tensor> data) {
    solver::structure shape;
    shape.n = n;
    shape.p = p;
    shape.m = m;
    shape.blocks = std::move(list);
    blocks batch;
    batch.structure = std::make_shared<const solver::structure>(std::move(shape));
    batch.data = std::move(data);
    return batch;
}

Tensor numbers(std::vector<double> values, std::vector<std::int64_t> sizes) {
    return torch::tensor(values, torch::kFloat64).reshape(sizes);
}

bool same(const Tensor& a, const Tensor& b) {
    INFO(a << "\n" << b);
    const bool equal = at::equal(a, b);
    CHECK(equal);
    return equal;
}

} // namespace

TEST_CASE("each kind of block as a matrix") {
    const Tensor one = numbers({3}, {}), three = numbers({1, 2, 3}, {3}), square = numbers({1, 2, 3, 4, 5, 6}, {2, 3});
    SECTION("identity, scaled") {
        const auto f =
            to_standard_form(of(3, 2, 0, {make(matrix::A, block_kind::identity, 0, 1, 2, 2, -1, -2)}, {one}));
        same(f.A, numbers({0, -2, 0, 0, 0, -2}, {2, 3}));
        same(f.Q, at::zeros({3, 3}, at::kDouble));
        CHECK(f.G.sizes() == at::IntArrayRef({0, 3}));
    }
    SECTION("scaled identity") {
        const auto f =
            to_standard_form(of(2, 0, 3, {make(matrix::G, block_kind::scaled_identity, 1, 0, 2, 2, 0, 0.5)}, {one}));
        same(f.G, numbers({0, 0, 1.5, 0, 0, 1.5}, {3, 2}));
    }
    SECTION("diagonal") {
        const auto f =
            to_standard_form(of(4, 0, 0, {make(matrix::Q, block_kind::diagonal, 1, 1, 3, 3, 0, 2)}, {three}));
        same(f.Q, at::diag(numbers({0, 2, 4, 6}, {4})));
    }
    SECTION("dense") {
        const auto f = to_standard_form(of(4, 3, 0, {make(matrix::A, block_kind::dense, 1, 1, 2, 3, 0)}, {square}));
        same(f.A, numbers({0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6}, {3, 4}));
    }
    SECTION("banded: entry (i, i + k)") {
        // Differences, z[i + 1] - z[i]; then a tridiagonal with padding in its corners.
        const Tensor d = numbers({-1, 1, -2, 2}, {2, 2});
        same(to_standard_form(of(3, 0, 2, {band(matrix::G, 0, 0, 2, 3, 0, 1, 0)}, {d})).G,
             numbers({-1, 1, 0, 0, -2, 2}, {2, 3}));
        const Tensor t = numbers({99, 1, 2, 3, 4, 5, 6, 7, 99}, {3, 3});
        same(to_standard_form(of(3, 3, 0, {band(matrix::A, 0, 0, 3, 3, -1, 1, 0)}, {t})).A,
             numbers({1, 2, 0, 3, 4, 5, 0, 6, 7}, {3, 3}));
        // Diagonals that miss the block altogether.
        same(to_standard_form(of(2, 2, 0, {band(matrix::A, 0, 0, 2, 2, 3, 3, 0)}, {numbers({8, 9}, {2, 1})})).A,
             at::zeros({2, 2}, at::kDouble));
    }
}

TEST_CASE("blocks add up, share sources, and Q is its symmetric part") {
    const Tensor d = numbers({1, 2}, {2}), f = numbers({0, 4, 0, 0}, {2, 2});
    const auto form = to_standard_form(
        of(2, 0, 4,
           {make(matrix::Q, block_kind::diagonal, 0, 0, 2, 2, 0), make(matrix::Q, block_kind::dense, 0, 0, 2, 2, 1),
            make(matrix::G, block_kind::diagonal, 0, 0, 2, 2, 0),
            make(matrix::G, block_kind::diagonal, 2, 0, 2, 2, 0, -1)},
           {d, f}));
    same(form.Q, numbers({1, 2, 2, 2}, {2, 2}));
    same(form.G, numbers({1, 0, 0, 2, -1, 0, 0, -2}, {4, 2}));
}

TEST_CASE("a batch dimension appears where a part has one") {
    blocks batch =
        of(2, 1, 2,
           {make(matrix::Q, block_kind::scaled_identity, 0, 0, 2, 2, 0),
            make(matrix::A, block_kind::dense, 0, 0, 1, 2, 1), make(matrix::G, block_kind::identity, 0, 0, 2, 2, -1)},
           {numbers({1, 2, 3}, {3}), numbers({5, 6}, {1, 2})});
    batch.batch = 3;
    batch.q = numbers({1, 2, 3, 4, 5, 6}, {3, 2});
    const standard_form f = to_standard_form(batch);
    CHECK(f.Q.sizes() == at::IntArrayRef({3, 2, 2}));
    same(f.Q[2], 3 * at::eye(2, at::kDouble));
    same(f.A, numbers({5, 6}, {1, 2}));
    same(f.G, at::eye(2, at::kDouble));
    same(f.q, batch.q);
    same(f.b, at::zeros({1}, at::kDouble));
    same(f.h, at::zeros({2}, at::kDouble));
}

TEST_CASE("the dense form is differentiable") {
    const Tensor bands = numbers({1, 2, 3, 4, 5, 6}, {3, 2}).requires_grad_();
    const auto f = to_standard_form(of(4, 0, 3, {band(matrix::G, 0, 0, 3, 4, 0, 1, 0, -2)}, {bands}));
    const Tensor weight = at::arange(12, at::kDouble).reshape({3, 4});
    (f.G * weight).sum().backward();
    // Entry (i, i + k) of the weight, times the scale.
    same(bands.grad(), -2 * numbers({0, 1, 5, 6, 10, 11}, {3, 2}));
}
