// SPDX-License-Identifier: Apache-2.0
#include "torch/sparse_csr.hpp"

#include <ATen/ATen.h>

#include <limits>

namespace optnet {
namespace {

using at::Tensor;
using solver::block_kind;

/// Indices [size] or [batch, size] of one pattern as int32 of the first.
std::vector<int> one_pattern(const named_tensor& matrix, const Tensor& indices) {
    Tensor first = indices;
    if (indices.dim() > 1) {
        if (indices.size(0) == 0)
            throw Error(matrix.name + " is " + text(matrix.tensor->sizes()) +
                        ", a sparse batch of 0 without a pattern: give a matrix without a batch dimension");
        first = indices[0];
        if (!indices.eq(first).all().item<bool>())
            throw Error(matrix.name + " is a batch of sparse CSR matrices with several patterns, but a batch has one " +
                        "structure: store zeros where only others have an entry, or give to_dense()");
    }
    if (first.size(0) > std::numeric_limits<int>::max() / 2)
        throw Error(matrix.name + " has " + std::to_string(first.size(0)) +
                    " entries: more than 2^30 are not supported");
    const Tensor numbers = first.to(at::kInt).cpu().contiguous();
    const auto* from = static_cast<const int*>(numbers.const_data_ptr());
    return {from, from + numbers.size(0)};
}

} // namespace

Tensor numbers_of(const named_tensor& matrix) {
    const Tensor& t = *matrix.tensor;
    if (!t.defined() || t.layout() == at::kStrided) return t;
    if (t.layout() != at::kSparseCsr)
        throw Error(matrix.name + " is a tensor of layout " + c10::str(t.layout()) +
                    ", but only dense (strided) and sparse CSR tensors are taken: convert it with to_sparse_csr() or " +
                    "to_dense()");
    if (t.dense_dim() != 0)
        throw Error(matrix.name + " is a sparse CSR tensor of blocks, with " + std::to_string(t.dense_dim()) +
                    " dense dimension(s), but its values must be numbers: give to_dense()");
    return t.values();
}

void take_pattern(const named_tensor& matrix, solver::structure& shape, solver::block& b) {
    auto places = std::make_shared<solver::entry_list>();
    places->row_start = one_pattern(matrix, matrix.tensor->crow_indices());
    places->col = one_pattern(matrix, matrix.tensor->col_indices());
    b.kind = block_kind::sparse;
    b.entries = places;
    try {
        check(shape);
    } catch (const std::invalid_argument& mistake) {
        throw Error(matrix.name + " is a sparse CSR tensor that makes no sense (" + mistake.what() +
                    "): to_sparse_coo().coalesce().to_sparse_csr() puts entries in order");
    }
    // Facts that other forms than the sparse one know what to do with.
    bool diagonal = b.rows == b.cols && static_cast<int>(places->col.size()) == b.rows, bounds = true;
    for (std::size_t i = 0; i + 1 < places->row_start.size(); ++i) {
        const int first = places->row_start[i], count = places->row_start[i + 1] - first;
        bounds = bounds && count <= 1;
        diagonal = diagonal && count == 1 && places->col[static_cast<std::size_t>(first)] == static_cast<int>(i);
    }
    if (b.where == solver::matrix::G) {
        if (bounds) shape.groups.front().kind = solver::row_kind::bound;
    } else if (b.where == solver::matrix::Q && diagonal) {
        b.kind = block_kind::diagonal;
        b.entries.reset();
    }
}

} // namespace optnet
