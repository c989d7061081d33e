// SPDX-License-Identifier: Apache-2.0
#include "torch/value.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace optnet {
namespace {

using at::Tensor;

template <class OfNumber, class OfTensor>
value map(const value& a, const OfNumber& of_number, const OfTensor& of_tensor) {
    if (a.is_number()) return value::of(of_number(a.number));
    return value::of(of_tensor(dense(a).tensor), a.rank);
}

/// With as many dimensions behind the batch as a value of rank `rank` has: [batch] becomes [batch, 1] beside vectors.
Tensor beside(const value& a, int rank) {
    Tensor t = a.tensor;
    if (!a.batched()) return t;
    for (int r = a.stored_rank(); r < rank; ++r) t = t.unsqueeze(1);
    return t;
}

/// f entry by entry, where a scalar goes with everything.
template <class F> value together(const value& first, const value& second, const F& f) {
    const value a = dense(first), b = dense(second);
    const int rank = std::max(a.rank, b.rank);
    return value::of(f(beside(a, rank), beside(b, rank)), rank);
}

/// A scalar times anything keeps a diagonal diagonal.
value scaled(const value& a, const value& scalar) {
    if (scalar.is_number()) {
        if (scalar.number == 1) return a;
        value result = a;
        result.tensor = scalar.number == -1 ? a.tensor.neg() : a.tensor * scalar.number;
        return result;
    }
    if (a.is_number()) return scaled(scalar, a);
    value result = a;
    result.tensor = a.tensor * beside(scalar, a.stored_rank());
    return result;
}

Tensor last_dims_summed(const Tensor& t, int rank) {
    if (rank == 0) return t;
    return rank == 1 ? t.sum(-1) : t.sum(at::IntArrayRef({-2, -1}));
}

Tensor matrix_vector(const value& m, const value& v) {
    if (!m.batched()) return v.batched() ? at::matmul(v.tensor, m.tensor.t()) : at::mv(m.tensor, v.tensor);
    return at::matmul(m.tensor, v.tensor.unsqueeze(-1)).squeeze(-1);
}

value product(const value& a, const value& b) {
    if (a.diagonal && (b.rank == 1 || b.diagonal)) {
        value result = value::of(a.tensor * b.tensor, b.rank);
        result.diagonal = b.diagonal;
        return result;
    }
    if (a.diagonal) return value::of(a.tensor.unsqueeze(-1) * b.tensor, 2);
    if (b.diagonal) return value::of(a.tensor * b.tensor.unsqueeze(-2), 2);
    if (b.rank == 1) return value::of(matrix_vector(a, b), 1);
    return value::of(at::matmul(a.tensor, b.tensor), 2);
}

} // namespace

value dense(const value& a) { return a.diagonal ? value::of(at::diag_embed(a.tensor), 2) : a; }

Tensor entries(const value& a) {
    const value full = dense(a);
    if (full.rank == 0) return full.tensor.unsqueeze(-1);
    return full.rank == 1 ? full.tensor : full.tensor.flatten(-2);
}

value stacked(std::span<const value> parts, bool below, const at::TensorOptions& options) {
    int rank = below ? 2 : 1;
    std::int64_t batch = -1;
    for (const value& v : parts) {
        rank = std::max(rank, v.rank);
        if (v.batched() && (batch < 0 || batch == 1)) batch = v.tensor.size(0);
    }
    std::vector<Tensor> tensors;
    for (const value& v : parts) {
        const value full = v.is_number() ? value::of(at::full({}, v.number, options), 0) : dense(v);
        Tensor t = full.tensor;
        for (int r = full.rank; r < rank; ++r) t = t.unsqueeze(full.rank == 1 ? -2 : -1);
        std::vector<std::int64_t> sizes(t.sizes().end() - rank, t.sizes().end());
        if (batch >= 0) sizes.insert(sizes.begin(), batch);
        tensors.push_back(t.expand(sizes));
    }
    return value::of(at::cat(tensors, below ? -2 : -1), rank);
}

value reshaped(const value& a, const std::vector<std::int64_t>& shape, const at::TensorOptions& options) {
    const value full = a.is_number() ? value::of(at::full({}, a.number, options), 0) : dense(a);
    std::vector<std::int64_t> sizes = shape;
    if (full.batched()) sizes.insert(sizes.begin(), full.tensor.size(0));
    return value::of(full.tensor.reshape(sizes), static_cast<int>(shape.size()));
}

value algebra::abs(const value& a) {
    return map(
        a, [](double x) { return std::abs(x); }, [](const Tensor& t) { return t.abs(); });
}

value algebra::pos(const value& a) {
    return map(
        a, [](double x) { return std::max(x, 0.0); }, [](const Tensor& t) { return t.relu(); });
}

value algebra::square(const value& a) {
    return map(
        a, [](double x) { return x * x; }, [](const Tensor& t) { return t * t; });
}

value algebra::sum(const value& a) {
    if (a.is_number()) return a;
    return value::of(last_dims_summed(a.tensor, a.stored_rank()), 0);
}

value algebra::sum_over(const value& a, int dimension) {
    if (a.diagonal) return value::of(a.tensor, 1); // one entry in every row and column
    return value::of(a.tensor.sum(dimension - 2), 1);
}

value algebra::largest(const value& a) {
    if (a.is_number()) return a;
    return value::of(entries(a).amax(-1), 0);
}

value algebra::largest_over(const value& a, int dimension) { return value::of(dense(a).tensor.amax(dimension - 2), 1); }

value algebra::sum_largest(const value& a, const value& k) {
    if (a.is_number()) return a;
    return value::of(std::get<0>(entries(a).topk(static_cast<std::int64_t>(k.number), -1)).sum(-1), 0);
}

value algebra::maximum(const value& a, const value& b) {
    if (a.is_number() && b.is_number()) return value::of(std::max(a.number, b.number));
    if (a.is_number()) return maximum(b, a);
    if (b.is_number()) return value::of(dense(a).tensor.clamp_min(b.number), a.rank);
    return together(a, b, [](const Tensor& x, const Tensor& y) { return at::maximum(x, y); });
}

value algebra::multiply(const value& a, const value& b) {
    if (a.is_number() && b.is_number()) return value::of(a.number * b.number);
    if (b.rank == 0) return scaled(a, b);
    if (a.rank == 0) return scaled(b, a);
    return product(a, b);
}

value algebra::dot(const value& a, const value& b) {
    if (a.rank == 0) return multiply(a, b);
    return sum(elementwise(a, b));
}

value algebra::add(const value& a, const value& b) {
    if (a.is_number() && b.is_number()) return value::of(a.number + b.number);
    if (a.is_number()) return add(b, a);
    if (b.is_number()) return b.number == 0 ? a : value::of(dense(a).tensor + b.number, a.rank);
    if (a.diagonal && b.diagonal) return {a.tensor + b.tensor, 0, 2, true};
    return together(a, b, [](const Tensor& x, const Tensor& y) { return x + y; });
}

value algebra::negate(const value& a) { return multiply(a, value::of(-1)); }

value algebra::elementwise(const value& a, const value& b) {
    if (a.rank == 0 || b.rank == 0) return multiply(a, b);
    if (a.diagonal && b.diagonal) return product(a, b);
    return together(a, b, [](const Tensor& x, const Tensor& y) { return x * y; });
}

value algebra::divide(const value& a, const value& b) {
    if (a.is_number() && b.is_number()) return value::of(a.number / b.number);
    if (b.is_number()) {
        value result = a;
        result.tensor = a.tensor / b.number;
        return result;
    }
    if (a.is_number()) return value::of(a.number / dense(b).tensor, b.rank);
    if (a.diagonal && b.rank == 0) return {a.tensor / beside(b, 1), 0, 2, true};
    return together(a, b, [](const Tensor& x, const Tensor& y) { return x / y; });
}

value algebra::transpose(const value& a) {
    if (a.diagonal || a.rank < 2) return a;
    return value::of(a.tensor.transpose(-2, -1), 2);
}

value algebra::index(const value& a, std::int64_t i) {
    const value full = dense(a);
    return value::of(full.tensor.select(-full.rank, i), full.rank - 1);
}

value algebra::slice(const value& a, std::int64_t from, std::int64_t to) {
    const value full = dense(a);
    return value::of(full.tensor.narrow(-full.rank, from, to - from), full.rank);
}

value algebra::diff(const value& a) {
    const value full = dense(a);
    const std::int64_t rows = full.tensor.size(-full.rank);
    return value::of(full.tensor.narrow(-full.rank, 1, rows - 1) - full.tensor.narrow(-full.rank, 0, rows - 1),
                     full.rank);
}

value algebra::column(const value& a, std::int64_t j) { return value::of(dense(a).tensor.select(-1, j), 1); }

value algebra::columns(const value& a, std::int64_t from, std::int64_t to) {
    return value::of(dense(a).tensor.narrow(-1, from, to - from), 2);
}

value algebra::cumsum(const value& a) {
    const value full = dense(a);
    return value::of(full.tensor.cumsum(-full.rank), full.rank);
}

value algebra::exp(const value& a) {
    return map(
        a, [](double x) { return std::exp(x); }, [](const Tensor& t) { return t.exp(); });
}

value algebra::log(const value& a) {
    return map(
        a, [](double x) { return std::log(x); }, [](const Tensor& t) { return t.log(); });
}

value algebra::sqrt(const value& a) {
    return map(
        a, [](double x) { return std::sqrt(x); }, [](const Tensor& t) { return t.sqrt(); });
}

value algebra::softplus(const value& a) {
    const auto of_number = [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); };
    return map(a, of_number, [](const Tensor& t) { return at::softplus(t); });
}

value algebra::sigmoid(const value& a) {
    return map(
        a, [](double x) { return 1 / (1 + std::exp(-x)); }, [](const Tensor& t) { return t.sigmoid(); });
}

value algebra::tanh(const value& a) {
    return map(
        a, [](double x) { return std::tanh(x); }, [](const Tensor& t) { return t.tanh(); });
}

} // namespace optnet
