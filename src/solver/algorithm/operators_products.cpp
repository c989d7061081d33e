// SPDX-License-Identifier: Apache-2.0
// Products of the packed blocks with one vector and with many.

#include "solver/algorithm/operators.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {

/// y += M x or y += M' x for one block M.
void operators::apply(const packed& b, matrix where, bool transposed, const double* x, double* y) {
    const auto& kernels = cpu::dense<double>();
    if (where == matrix::Q && !b.symmetric) {
        // The symmetric part: half of the block, half of its transpose.
        each_entry(b, [&](int i, int j, double v) {
            y[b.row + i] += 0.5 * v * x[b.col + j];
            y[b.col + j] += 0.5 * v * x[b.row + i];
        });
    } else if (b.kind == block_kind::dense && !transposed) {
        kernels.gemv(b.data.data(), b.cols, b.rows, b.cols, 1.0, x + b.col, 1.0, y + b.row);
    } else if (b.kind == block_kind::dense) {
        kernels.gemv_transposed(b.data.data(), b.cols, b.rows, b.cols, 1.0, x + b.row, 1.0, y + b.col);
    } else if (!transposed) {
        each_entry(b, [&](int i, int j, double v) { y[b.row + i] += v * x[b.col + j]; });
    } else {
        each_entry(b, [&](int i, int j, double v) { y[b.col + j] += v * x[b.row + i]; });
    }
}

void operators::multiply_add(matrix where, const double* x, double* y) const {
    for (const packed& b : blocks(where)) apply(b, where, false, x, y);
}

void operators::multiply_transposed_add(matrix where, const double* x, double* y) const {
    for (const packed& b : blocks(where)) apply(b, where, where != matrix::Q, x, y);
}

void operators::multiply_add_rows(matrix where, const double* X, double* Y, std::int64_t count) const {
    const std::int64_t height = where == matrix::Q ? n : where == matrix::A ? p : m;
    for (const packed& b : blocks(where)) {
        if (b.kind == block_kind::dense && (where != matrix::Q || b.symmetric)) {
            cpu::dense<double>().gemm_nt(Y + b.row, height, X + b.col, n, b.data.data(), b.cols, count, b.rows, b.cols,
                                         1.0, 1.0);
            continue;
        }
        for (std::int64_t r = 0; r < count; ++r) apply(b, where, false, X + r * n, Y + r * height);
    }
}

void operators::multiply_rows(matrix where, const double* X, double* Y, std::int64_t count) const {
    const std::int64_t height = where == matrix::Q ? n : where == matrix::A ? p : m;
    if (where == matrix::Q && diagonal_q) {
        for (std::int64_t r = 0; r < count; ++r)
            for (std::int64_t j = 0; j < n; ++j) Y[r * n + j] = diagonal[static_cast<std::size_t>(j)] * X[r * n + j];
    } else if (const packed* b = whole(where)) {
        cpu::dense<double>().gemm_nt(Y, height, X, n, b->data.data(), n, count, height, n, 1.0, 0.0);
    } else {
        std::fill_n(Y, count * height, 0.0);
        multiply_add_rows(where, X, Y, count);
    }
}

void operators::multiply_transposed_rows(matrix where, const double* X, double* Y, std::int64_t count) const {
    if (where == matrix::Q) return multiply_rows(where, X, Y, count);
    const std::int64_t height = where == matrix::A ? p : m;
    if (const packed* b = whole(where))
        return cpu::dense<double>().gemm_nn(Y, n, X, height, b->data.data(), n, count, n, height, 1.0, 0.0);
    std::fill_n(Y, count * n, 0.0);
    multiply_transposed_add_rows(where, X, Y, count);
}

void operators::multiply_transposed_add_rows(matrix where, const double* X, double* Y, std::int64_t count) const {
    if (where == matrix::Q) return multiply_add_rows(where, X, Y, count);
    const std::int64_t height = where == matrix::A ? p : m;
    for (const packed& b : blocks(where)) {
        if (b.kind == block_kind::dense) {
            cpu::dense<double>().gemm_nn(Y + b.col, n, X + b.row, height, b.data.data(), b.cols, count, b.cols, b.rows,
                                         1.0, 1.0);
            continue;
        }
        for (std::int64_t r = 0; r < count; ++r) apply(b, where, true, X + r * height, Y + r * n);
    }
}

} // namespace optnet::solver
