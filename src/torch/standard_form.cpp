// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/blocks.hpp"

#include "torch/autocast_off.hpp"
#include "torch/block_algebra.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace optnet {
namespace {

using at::Tensor;
using solver::block;
using solver::block_kind;
using solver::matrix;

/// t [..., rows, cols] with its upper left corner at (row, col) of zeros [..., size, n].
Tensor placed(const Tensor& t, std::int64_t row, std::int64_t col, std::int64_t size, std::int64_t n) {
    const std::int64_t below = size - row - t.size(-2), right = n - col - t.size(-1);
    if (row == 0 && col == 0 && below == 0 && right == 0) return t;
    return at::constant_pad_nd(t, {col, right, row, below});
}

Tensor banded(const block& b, const Tensor& data) {
    Tensor sum;
    for (int k = b.first; k <= b.last; ++k) {
        // Rows first .. first + count meet columns first + k ...
        const std::int64_t first = std::max(0, -k);
        const std::int64_t count = std::min(b.rows, b.cols - k) - first;
        if (count <= 0) continue;
        const Tensor square = at::diag_embed(data.select(-1, k - b.first).narrow(-1, first, count));
        sum = plus(sum, placed(square, first, first + k, b.rows, b.cols));
    }
    if (sum.defined()) return sum;
    std::vector<std::int64_t> sizes = data.sizes().vec();
    sizes.back() = b.cols;
    return at::zeros(sizes, data.options());
}

Tensor scattered(const block& b, const Tensor& data) {
    const auto [row, col] = entry_indices(b, data.device());
    std::vector<std::int64_t> sizes = data.sizes().vec();
    sizes.back() = std::int64_t{b.rows} * b.cols;
    const Tensor flat = at::zeros(sizes, data.options()).index_add(-1, row * b.cols + col, data);
    sizes.back() = b.rows;
    sizes.push_back(b.cols);
    return flat.reshape(sizes);
}

/// The block as a dense matrix [rows, cols], with the batch dimension that its data have.
Tensor dense(const block& b, const Tensor& data, const at::TensorOptions& options) {
    switch (b.kind) {
    case block_kind::identity: return at::eye(b.rows, b.cols, options);
    case block_kind::scaled_identity: return data.unsqueeze(-1).unsqueeze(-1) * at::eye(b.rows, b.cols, options);
    case block_kind::diagonal: return at::diag_embed(data);
    case block_kind::banded: return banded(b, data);
    case block_kind::dense: return data;
    case block_kind::sparse: return scattered(b, data);
    }
    return data;
}

} // namespace

standard_form to_standard_form(const blocks& batch) {
    const autocast_off guard;
    const solver::structure& shape = *batch.structure;
    at::TensorOptions options = at::TensorOptions().dtype(at::get_default_dtype());
    for (const auto* list : {&batch.data})
        for (const Tensor& t : *list)
            if (t.defined()) options = t.options();
    for (const Tensor& t : {batch.q, batch.b, batch.h})
        if (t.defined()) options = t.options();

    const auto whole = [&](matrix where, int rows) {
        Tensor sum;
        for (const block& b : shape.blocks) {
            if (b.where != where) continue;
            const Tensor data = b.source < 0 ? Tensor() : batch.data[static_cast<std::size_t>(b.source)];
            const Tensor part = dense(b, data, options);
            sum = plus(sum, placed(b.scale == 1.0 ? part : part * b.scale, b.row, b.col, rows, shape.n));
        }
        return sum.defined() ? sum : at::zeros({rows, shape.n}, options);
    };
    const auto or_zeros = [&](const Tensor& t, int size) { return t.defined() ? t : at::zeros({size}, options); };
    const Tensor Q = whole(matrix::Q, shape.n);
    return {(Q + Q.mT()) * 0.5,         or_zeros(batch.q, shape.n), whole(matrix::A, shape.p),
            or_zeros(batch.b, shape.p), whole(matrix::G, shape.m),  or_zeros(batch.h, shape.m)};
}

} // namespace optnet
