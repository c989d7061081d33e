// SPDX-License-Identifier: Apache-2.0
#include "torch/structured.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace optnet::structured {
namespace {

using at::Tensor;

/// t moved by `by` places along its last dimension, cut or filled with zeros to `size`: out[i + by] = t[i].
Tensor moved(const Tensor& t, std::int64_t by, std::int64_t size) {
    return at::constant_pad_nd(t, {by, size - by - t.size(-1)});
}

/// The four indices of a Kronecker product, [..., m, p, n, q], as [..., m p, n q].
Tensor merged(const Tensor& four, std::int64_t rows, std::int64_t cols) {
    std::vector<std::int64_t> sizes(four.sizes().begin(), four.sizes().end() - 4);
    sizes.insert(sizes.end(), {rows, cols});
    return four.reshape(sizes);
}

} // namespace

value diagonal_entries(const value& m) { return value::of(m.diagonal ? m.tensor : m.tensor.diagonal(0, -2, -1), 1); }

value ones(int rank, std::int64_t rows, std::int64_t cols, const at::TensorOptions& options) {
    if (rank == 0) return value::of(1);
    return rank == 1 ? value::of(at::ones({rows}, options), 1) : value::of(at::ones({rows, cols}, options), 2);
}

value kron_right(const value& m, std::int64_t size) {
    const Tensor eye = at::eye(size, m.tensor.options()).unsqueeze(1); // [size, 1, size]
    const Tensor four = m.tensor.unsqueeze(-2).unsqueeze(-1) * eye;    // [m, 1, n, 1] * [size, 1, size]
    return value::of(merged(four, m.tensor.size(-2) * size, m.tensor.size(-1) * size), 2);
}

value kron_left(const value& m, std::int64_t size) {
    const Tensor eye = at::eye(size, m.tensor.options()).unsqueeze(1).unsqueeze(3); // [size, 1, size, 1]
    const Tensor four = eye * m.tensor.unsqueeze(-2).unsqueeze(-4);                 // * [1, m, 1, n]
    return value::of(merged(four, m.tensor.size(-2) * size, m.tensor.size(-1) * size), 2);
}

value commutation(std::int64_t rows, std::int64_t cols, const at::TensorOptions& options) {
    const Tensor from = at::arange(rows * cols, options.dtype(at::kLong)).reshape({rows, cols});
    return value::of(at::eye(rows * cols, options).index_select(0, from.t().reshape({-1})), 2);
}

value row_ends(std::int64_t rows, std::int64_t run, const at::TensorOptions& options) {
    Tensor ends = at::zeros({rows}, options);
    if (rows >= run) ends.slice(0, run - 1, rows, run).fill_(1);
    return value::of(ends, 1);
}

value lower_ones(std::int64_t n, const at::TensorOptions& options) {
    return value::of(at::ones({n, n}, options).tril(), 2);
}

value placed(const value& part, std::int64_t from, std::int64_t rows) {
    const std::int64_t below = rows - from - part.tensor.size(-part.rank);
    if (part.rank == 1) return value::of(at::constant_pad_nd(part.tensor, {from, below}), 1);
    return value::of(at::constant_pad_nd(part.tensor, {0, 0, from, below}), 2);
}

value unit(std::int64_t j, std::int64_t n, const at::TensorOptions& options) {
    return value::of((at::arange(n, options.dtype(at::kLong)) == j).to(options), 1);
}

value diagonal_picks(std::int64_t n, const at::TensorOptions& options) {
    // Row i has its 1 at i (n + 1), which is i (n n + n + 1) of all entries.
    const Tensor places = at::arange(n, options.dtype(at::kLong)) * (n * n + n + 1);
    return value::of(at::zeros({n * n * n}, options).index_fill(0, places, 1).reshape({n, n * n}), 2);
}

value difference_band(std::int64_t rows, const at::TensorOptions& options) {
    return value::of(at::tensor({-1.0, 1.0}, options).expand({rows, 2}), 2);
}

value band_to_dense(const value& bands, std::int64_t first, std::int64_t cols) {
    const std::int64_t rows = bands.tensor.size(-2), width = bands.tensor.size(-1);
    Tensor sum;
    for (std::int64_t k = 0; k < width; ++k) {
        const std::int64_t diagonal = first + k;
        const std::int64_t from = std::max<std::int64_t>(0, -diagonal), to = std::min(rows, cols - diagonal);
        if (to <= from) continue;
        const Tensor square = at::diag_embed(bands.tensor.select(-1, k).narrow(-1, from, to - from));
        const std::int64_t left = from + diagonal, count = to - from;
        const Tensor part = at::constant_pad_nd(square, {left, cols - left - count, from, rows - from - count});
        sum = sum.defined() ? sum + part : part;
    }
    if (sum.defined()) return value::of(sum, 2);
    std::vector<std::int64_t> sizes = bands.tensor.sizes().vec();
    sizes.back() = cols;
    return value::of(at::zeros(sizes, bands.tensor.options()), 2);
}

value band_gram(const value& b, std::int64_t first_b, const value& c, std::int64_t cols) {
    // (B'C)_ij = sum over rows r of B_ri C_rj. Row r meets i = r + first_b + k and j = r + first_c + l, so the product
    // of b[r, k] and c[r, l] stands in row i = r + first_b + k of band l - k + (width of B - 1).
    const std::int64_t width_b = b.tensor.size(-1), width_c = c.tensor.size(-1);
    std::vector<Tensor> bands(static_cast<std::size_t>(width_b + width_c - 1));
    for (std::int64_t k = 0; k < width_b; ++k)
        for (std::int64_t l = 0; l < width_c; ++l) {
            const Tensor part = moved(b.tensor.select(-1, k) * c.tensor.select(-1, l), first_b + k, cols);
            Tensor& band = bands[static_cast<std::size_t>(l - k + width_b - 1)];
            band = band.defined() ? band + part : part;
        }
    return value::of(at::stack(bands, -1), 2);
}

} // namespace optnet::structured
