// SPDX-License-Identifier: Apache-2.0
#include "torch/block_algebra.hpp"

#include "optnet/solver/products.hpp"
#include "torch/outer_products.hpp"
#include "torch/straight.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace optnet {
namespace {

using at::Tensor;
using solver::block;
using solver::block_kind;
using solver::matrix;

Tensor times(const Tensor& t, double factor) { return factor == 1.0 ? t : t * factor; }

/// All of the block's entries lie on the matrix's diagonal: it is its own transpose.
bool on_diagonal(const block& b) {
    return b.row == b.col && b.kind != block_kind::dense && b.kind != block_kind::banded &&
           b.kind != block_kind::sparse;
}

/// A dense block whose transpose covers the same place.
bool square_on_diagonal(const block& b) { return b.kind == block_kind::dense && b.row == b.col && b.rows == b.cols; }

/// t [..., count] at `place` in zeros [..., size].
Tensor placed(const Tensor& t, std::int64_t place, std::int64_t count, std::int64_t size) {
    return place == 0 && count == size ? t : at::constant_pad_nd(t, {place, size - place - count});
}

/// The rows i of a band whose entry (i, i + k) lies inside the block: [first, first + count).
struct band_rows {
    std::int64_t first, count;
    band_rows(const block& b, int k) {
        first = std::max(0, -k);
        count = std::max<std::int64_t>(0, std::min(b.rows, b.cols - k) - first);
    }
};

/// Zeros [..., size] with the batch of x, if it has one.
Tensor zeros_beside(const Tensor& x, std::int64_t size) {
    return x.dim() > 1 ? at::zeros({x.size(0), size}, x.options()) : at::zeros({size}, x.options());
}

/// x [batch, cols] M', or x [batch, rows] M if `transposed`. Torch's product is one of two matrices, in which the place
/// of a row decides how it is summed up: only who differentiates has to take it.
Tensor shared_product(const Tensor& M, const Tensor& x, bool transposed) {
    if (x.dim() != 2 || foreseen({M, x}) != kernel::cpu) return at::matmul(x, transposed ? M : M.t());
    const Tensor matrix = M.contiguous(), vectors = x.contiguous();
    const std::int64_t rows = M.size(0), cols = M.size(1), batch = x.size(0);
    Tensor y = at::empty({batch, transposed ? cols : rows}, x.options());
    const auto multiply = [&](auto number) {
        using T = decltype(number);
        solver::products<T>(static_cast<const T*>(matrix.const_data_ptr()), rows, cols, transposed,
                            {static_cast<const T*>(vectors.const_data_ptr()), x.size(1)}, batch,
                            y.mutable_data_ptr<T>(), thread_count());
    };
    if (x.scalar_type() == at::kDouble)
        multiply(double());
    else
        multiply(float());
    return y;
}

/// The block without its scale, times x [..., cols], or its transpose times x [..., rows].
Tensor apply(const block& b, const Tensor& given, const Tensor& x, bool transposed) {
    const bool one_for_all = given.defined() && given.dim() > rank_of(b.kind) && given.size(0) == 1;
    const Tensor data = one_for_all ? given.squeeze(0) : given;
    const std::int64_t size = transposed ? b.cols : b.rows;
    switch (b.kind) {
    case block_kind::identity:
    case block_kind::scaled_identity: {
        const std::int64_t count = std::min(b.rows, b.cols);
        const Tensor part = x.size(-1) == count ? x : x.narrow(-1, 0, count);
        if (b.kind == block_kind::identity) return placed(part, 0, count, size);
        return placed(data.dim() == 1 ? data.unsqueeze(1) * part : data * part, 0, count, size);
    }
    case block_kind::diagonal: return data * x;
    case block_kind::dense:
        if (data.dim() == 2) return shared_product(data, x, transposed);
        return at::matmul(transposed ? data.transpose(1, 2) : data, x.unsqueeze(2)).squeeze(2);
    case block_kind::sparse: {
        const auto [row, col] = entry_indices(b, x.device());
        return zeros_beside(x, size).index_add(-1, transposed ? col : row,
                                               data * x.index_select(-1, transposed ? row : col));
    }
    case block_kind::banded: break;
    }
    Tensor y;
    for (int k = b.first; k <= b.last; ++k) {
        const band_rows in(b, k);
        if (in.count == 0) continue;
        const Tensor band = data.select(-1, k - b.first).narrow(-1, in.first, in.count);
        const Tensor part = band * x.narrow(-1, transposed ? in.first : in.first + k, in.count);
        y = plus(y, placed(part, transposed ? in.first + k : in.first, in.count, size));
    }
    return y.defined() ? y : zeros_beside(x, size);
}

Tensor part(Tensor t, std::int64_t from, std::int64_t count) {
    return !t.defined() || (from == 0 && count == t.size(-1)) ? t : t.narrow(-1, from, count);
}

/// The rows and columns of a product that a block covers.
outer_product inside(const block& b, outer_product of) {
    of.u = part(std::move(of.u), b.row, b.rows);
    of.x = part(std::move(of.x), b.col, b.cols);
    of.v = part(std::move(of.v), b.row, b.rows);
    of.y = part(std::move(of.y), b.col, b.cols);
    return of;
}

/// The gradient of scale (u'Mx + v'My) by the data of a block that is not dense; the product's vectors go over the rows
/// and columns of the matrix M.
Tensor gradient(const block& b, const outer_product& of) {
    const auto elementwise = [&](std::int64_t row, std::int64_t col, std::int64_t count) {
        const Tensor first = part(of.u, b.row + row, count) * part(of.x, b.col + col, count);
        return of.v.defined() ? first + part(of.v, b.row + row, count) * part(of.y, b.col + col, count) : first;
    };
    Tensor g;
    if (b.kind == block_kind::banded) {
        std::vector<Tensor> bands;
        for (int k = b.first; k <= b.last; ++k) {
            const band_rows in(b, k);
            bands.push_back(in.count > 0
                                ? placed(elementwise(in.first, in.first + k, in.count), in.first, in.count, b.rows)
                                : zeros_beside(of.u, b.rows));
        }
        g = at::stack(bands, -1);
    } else if (b.kind == block_kind::sparse) {
        const outer_product mine = inside(b, of);
        // Indexing tensor by tensor takes some ten times as long: only who differentiates has to.
        if (foreseen({mine.u, mine.x, mine.v, mine.y}) == kernel::cpu) return entry_products(mine, *b.entries);
        const auto [row, col] = entry_indices(b, of.u.device());
        g = mine.u.index_select(-1, row) * mine.x.index_select(-1, col);
        if (mine.v.defined()) g = g + mine.v.index_select(-1, row) * mine.y.index_select(-1, col);
    } else {
        g = elementwise(0, 0, std::min(b.rows, b.cols));
        if (b.kind == block_kind::scaled_identity) g = g.sum(-1);
    }
    return times(of.shared && of.u.dim() > 1 ? g.sum(0) : g, of.scale);
}

/// The form of `block_gradients` as far as this block goes.
outer_product form_of(const block& b, bool shared, const kkt_point& d, const kkt_point& x) {
    switch (b.where) {
    case matrix::A: return {d.nu, x.z, x.nu, d.z, -b.scale, shared};
    case matrix::G: return {d.lambda, x.z, x.lambda, d.z, -b.scale, shared};
    case matrix::Q: break;
    }
    // d z' of the whole batch first, then its symmetric part: half the work.
    const bool symmetric = shared && square_on_diagonal(b);
    if (symmetric || on_diagonal(b)) return {d.z, x.z, {}, {}, -b.scale, shared, symmetric};
    return {d.z, x.z, x.z, d.z, -0.5 * b.scale, shared};
}

} // namespace

std::pair<Tensor, Tensor> entry_indices(const block& b, at::Device device) {
    const solver::entry_list& places = *b.entries;
    const auto count = static_cast<std::int64_t>(places.col.size());
    const Tensor row = at::empty({count}, at::kLong), col = at::empty({count}, at::kLong);
    auto* to = row.mutable_data_ptr<std::int64_t>();
    for (std::size_t i = 0; i + 1 < places.row_start.size(); ++i)
        std::fill(to + places.row_start[i], to + places.row_start[i + 1], static_cast<std::int64_t>(i));
    std::copy(places.col.begin(), places.col.end(), col.mutable_data_ptr<std::int64_t>());
    return {row.to(device), col.to(device)};
}

int rank_of(block_kind kind) {
    switch (kind) {
    case block_kind::identity:
    case block_kind::scaled_identity: return 0;
    case block_kind::diagonal:
    case block_kind::sparse: return 1;
    case block_kind::banded:
    case block_kind::dense: return 2;
    }
    return 0;
}

at::DimVector sizes_of(const block& b) {
    switch (b.kind) {
    case block_kind::identity:
    case block_kind::scaled_identity: return {};
    case block_kind::diagonal: return {b.rows};
    case block_kind::banded: return {b.rows, b.last - b.first + 1};
    case block_kind::dense: return {b.rows, b.cols};
    case block_kind::sparse: return {static_cast<std::int64_t>(b.entries->col.size())};
    }
    return {};
}

Tensor plus(const Tensor& a, const Tensor& b) { return !a.defined() ? b : !b.defined() ? a : a + b; }

Tensor block_product(const solver::structure& shape, const std::vector<Tensor>& data, matrix where, const Tensor& x,
                     bool transposed, bool literals) {
    const std::int64_t rows = where == matrix::Q ? shape.n : where == matrix::A ? shape.p : shape.m;
    const std::int64_t size = transposed ? shape.n : rows;
    Tensor sum;
    for (const block& b : shape.blocks) {
        if (b.where != where) continue;
        const Tensor source = b.source < 0 ? Tensor() : data[static_cast<std::size_t>(b.source)];
        if (b.source < 0 ? !literals : !source.defined()) continue;
        const auto add = [&](bool flip, double weight) {
            const Tensor part = flip ? x.narrow(-1, b.row, b.rows) : x.narrow(-1, b.col, b.cols);
            const Tensor product = times(apply(b, source, part, flip), weight * b.scale);
            sum = plus(sum, placed(product, flip ? b.col : b.row, flip ? b.cols : b.rows, size));
        };
        if (where == matrix::Q && !on_diagonal(b)) {
            add(false, 0.5);
            add(true, 0.5);
        } else {
            add(transposed, 1.0);
        }
    }
    return sum;
}

std::vector<Tensor> block_gradients(const solver::structure& shape, const std::vector<at::DimVector>& sizes,
                                    const std::vector<bool>& wanted, const kkt_point& d, const kkt_point& x) {
    std::vector<Tensor> sums(wanted.size());
    std::vector<outer_product> dense;
    std::vector<std::size_t> source_of;
    dense.reserve(shape.blocks.size());
    source_of.reserve(shape.blocks.size());
    for (const block& b : shape.blocks) {
        const auto source = static_cast<std::size_t>(b.source);
        if (b.source < 0 || !wanted[source]) continue;
        const auto rank = static_cast<std::size_t>(rank_of(b.kind));
        outer_product of = form_of(b, sizes[source].size() == rank || sizes[source][0] == 1, d, x);
        if (b.kind != block_kind::dense) {
            sums[source] = plus(sums[source], gradient(b, of));
            continue;
        }
        dense.push_back(inside(b, std::move(of)));
        source_of.push_back(source);
    }
    std::vector<Tensor> found = outer_products(std::move(dense));
    for (std::size_t i = 0; i < found.size(); ++i) {
        Tensor& sum = sums[source_of[i]];
        sum = sum.defined() ? sum + found[i] : std::move(found[i]);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
        if (!wanted[i]) continue;
        if (!sums[i].defined())
            sums[i] = at::zeros(sizes[i], d.z.options());
        else if (sums[i].sizes() != at::IntArrayRef(sizes[i]))
            sums[i] = sums[i].reshape(sizes[i]);
    }
    return sums;
}

kkt_point block_products(const solver::structure& shape, const std::vector<Tensor>& data, const kkt_point& x) {
    const auto product = [&](matrix where, const Tensor& of, bool transposed) {
        return block_product(shape, data, where, of, transposed, false);
    };
    return {
        plus(plus(product(matrix::Q, x.z, false), product(matrix::A, x.nu, true)), product(matrix::G, x.lambda, true)),
        product(matrix::A, x.z, false), product(matrix::G, x.z, false)};
}

} // namespace optnet
