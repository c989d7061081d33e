// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/operators.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Calls f(i, j, value) for every stored entry of a block, with i and j inside the block.
template <class Block, class F> void each_entry(const Block& b, const F& f) {
    switch (b.kind) {
    case block_kind::identity:
        for (int i = 0; i < std::min(b.rows, b.cols); ++i) f(i, i, b.scale);
        break;
    case block_kind::scaled_identity:
        for (int i = 0; i < std::min(b.rows, b.cols); ++i) f(i, i, b.scale * b.data[0]);
        break;
    case block_kind::diagonal:
        for (int i = 0; i < b.rows; ++i) f(i, i, b.scale * b.data[at(i)]);
        break;
    case block_kind::banded: {
        const int width = b.last - b.first + 1;
        for (int i = 0; i < b.rows; ++i)
            for (int j = std::max(0, i + b.first); j <= std::min(b.cols - 1, i + b.last); ++j)
                f(i, j, b.scale * b.data[at(i) * at(width) + at(j - i - b.first)]);
        break;
    }
    case block_kind::dense:
        for (int i = 0; i < b.rows; ++i)
            for (int j = 0; j < b.cols; ++j) f(i, j, b.scale * b.data[at(i) * at(b.cols) + at(j)]);
        break;
    }
}

} // namespace

template <class T> operators::operators(const problem<T>& batch, std::int64_t element) {
    const structure& s = *batch.shape;
    n = s.n;
    p = s.p;
    m = s.m;
    for (const block& b : s.blocks) {
        packed out{b.kind, b.row, b.col, b.rows, b.cols, b.first, b.last, b.scale, false, {}};
        std::int64_t rows = 1, cols = 1;
        switch (b.kind) {
        case block_kind::identity: rows = 0; break;
        case block_kind::scaled_identity: break;
        case block_kind::diagonal: rows = b.rows; break;
        case block_kind::banded:
            rows = b.rows;
            cols = b.last - b.first + 1;
            break;
        case block_kind::dense:
            rows = b.rows;
            cols = b.cols;
            break;
        }
        if (b.source >= 0) {
            const matrix_view<T>& view = batch.data[b.source];
            const T* from = view.of(element);
            out.data.resize(at(rows * cols));
            double sum = 0;
            for (std::int64_t i = 0; i < rows; ++i) {
                const T* row = from + i * view.row_stride;
                double* to = out.data.data() + i * cols;
                for (std::int64_t j = 0; j < cols; ++j) {
                    to[j] = static_cast<double>(row[j * view.col_stride]);
                    sum += to[j] * 0.0; // NaN and infinity leave NaN
                }
            }
            if (!(sum == 0.0)) {
                // Entries of a band that fall outside the block are padding and may hold anything.
                if (b.kind != block_kind::banded) finite = false;
                each_entry(out, [&](int, int, double v) { finite = finite && std::isfinite(v); });
            }
        }
        if (b.kind == block_kind::dense && out.scale != 1.0) {
            for (double& v : out.data) v *= out.scale;
            out.scale = 1.0;
        }
        if (b.where == matrix::Q && b.row == b.col && b.rows == b.cols && b.kind == block_kind::dense) {
            // The symmetric part once, so that a product is one sweep over the rows.
            out.symmetric = true;
            for (int i = 0; i < b.rows; ++i)
                for (int j = 0; j < i; ++j) {
                    double& lower = out.data[at(i) * at(b.cols) + at(j)];
                    double& upper = out.data[at(j) * at(b.cols) + at(i)];
                    lower = upper = 0.5 * lower + 0.5 * upper;
                }
        }
        sets[static_cast<std::size_t>(b.where)].push_back(std::move(out));
    }
    diagonal.assign(at(n), 0.0);
    for (const packed& b : sets[0]) {
        const bool on_diagonal = b.row == b.col && b.kind != block_kind::banded && b.kind != block_kind::dense;
        diagonal_q = diagonal_q && on_diagonal;
        each_entry(b, [&](int i, int j, double v) {
            q_max = std::max(q_max, std::abs(v));
            if (b.row + i == b.col + j) diagonal[at(b.row + i)] += v;
        });
    }
    if (finite) scale_rows();
    find_bounds();
}

template operators::operators(const problem<double>&, std::int64_t);
template operators::operators(const problem<float>&, std::int64_t);

void operators::rows_max(const std::vector<packed>& set, std::vector<double>& result) {
    for (const packed& b : set)
        each_entry(b, [&](int i, int, double v) {
            double& r = result[at(b.row + i)];
            r = std::max(r, std::abs(v));
        });
}

void operators::scale_rows() {
    const auto scales = [&](std::vector<packed>& set, int rows, std::vector<double>& scale, std::vector<double>& max) {
        max.assign(at(rows), 0.0);
        scale.assign(at(rows), 1.0);
        rows_max(set, max);
        for (int i = 0; i < rows; ++i)
            if (max[at(i)] > 0) scale[at(i)] = std::ldexp(1.0, std::clamp(-std::ilogb(max[at(i)]), -1000, 1000));
        for (packed& b : set) {
            const double* own = scale.data() + b.row;
            if (std::all_of(own, own + b.rows, [](double v) { return v == 1.0; })) continue;
            if (b.kind == block_kind::identity || b.kind == block_kind::scaled_identity) {
                b.data.assign(at(b.rows), b.kind == block_kind::identity ? 1.0 : b.data[0]);
                b.kind = block_kind::diagonal;
            }
            const std::size_t width = b.rows == 0 ? 0 : b.data.size() / at(b.rows);
            for (int i = 0; i < b.rows; ++i)
                for (std::size_t j = 0; j < width; ++j) b.data[at(i) * width + j] *= own[i];
        }
    };
    std::vector<double> unused;
    scales(sets[1], p, a_scale, unused);
    scales(sets[2], m, g_scale, row_max);
}

void operators::find_bounds() {
    bound.assign(at(m), 1);
    column.assign(at(m), -1);
    entry.assign(at(m), 0.0);
    for (const packed& b : sets[2])
        each_entry(b, [&](int i, int j, double v) {
            const std::size_t r = at(b.row + i);
            if (v == 0.0) return;
            if (column[r] < 0 || column[r] == b.col + j) {
                column[r] = b.col + j;
                entry[r] += v;
            } else {
                bound[r] = 0;
            }
        });
}

void operators::multiply_add(matrix where, const double* x, double* y) const {
    for (const packed& b : blocks(where)) {
        const bool symmetric =
            b.symmetric || (b.row == b.col && b.kind != block_kind::banded && b.kind != block_kind::dense);
        if (where == matrix::Q && !symmetric) {
            // The symmetric part: half of the block, half of its transpose.
            each_entry(b, [&](int i, int j, double v) {
                y[b.row + i] += 0.5 * v * x[b.col + j];
                y[b.col + j] += 0.5 * v * x[b.row + i];
            });
        } else if (b.kind == block_kind::dense) {
            cpu::dense<double>().gemv(b.data.data(), b.cols, b.rows, b.cols, 1.0, x + b.col, 1.0, y + b.row);
        } else {
            each_entry(b, [&](int i, int j, double v) { y[b.row + i] += v * x[b.col + j]; });
        }
    }
}

double operators::entry_dot(const packed& b, int i, const double* x) {
    return cpu::dense<double>().dot(b.data.data() + at(i) * at(b.cols), x, b.cols);
}

void operators::multiply_transposed_add(matrix where, const double* x, double* y) const {
    if (where == matrix::Q) return multiply_add(where, x, y);
    for (const packed& b : blocks(where)) {
        if (b.kind == block_kind::dense) {
            cpu::dense<double>().gemv_transposed(b.data.data(), b.cols, b.rows, b.cols, 1.0, x + b.row, 1.0, y + b.col);
        } else {
            each_entry(b, [&](int i, int j, double v) { y[b.col + j] += v * x[b.row + i]; });
        }
    }
}

void operators::add_dense(matrix where, double* M, std::int64_t ld) const {
    for (const packed& b : blocks(where))
        each_entry(b, [&](int i, int j, double v) {
            if (where == matrix::Q) {
                M[(b.row + i) * ld + b.col + j] += 0.5 * v;
                M[(b.col + j) * ld + b.row + i] += 0.5 * v;
            } else {
                M[(b.row + i) * ld + b.col + j] += v;
            }
        });
}

double operators::g_row_dot(int i, const double* x) const {
    if (bound[at(i)]) return column[at(i)] < 0 ? 0.0 : entry[at(i)] * x[column[at(i)]];
    double sum = 0;
    for (const packed& b : blocks(matrix::G)) {
        const int r = i - b.row;
        if (r < 0 || r >= b.rows) continue;
        switch (b.kind) {
        case block_kind::identity: sum += b.scale * x[b.col + r]; break;
        case block_kind::scaled_identity: sum += b.scale * b.data[0] * x[b.col + r]; break;
        case block_kind::diagonal: sum += b.scale * b.data[at(r)] * x[b.col + r]; break;
        case block_kind::banded: {
            const double* row = b.data.data() + at(r) * at(b.last - b.first + 1);
            for (int j = std::max(0, r + b.first); j <= std::min(b.cols - 1, r + b.last); ++j)
                sum += b.scale * row[j - r - b.first] * x[b.col + j];
            break;
        }
        case block_kind::dense: sum += entry_dot(b, r, x + b.col); break;
        }
    }
    return sum;
}

void operators::g_row_add(int i, double factor, double* x) const {
    if (bound[at(i)]) {
        if (column[at(i)] >= 0) x[column[at(i)]] += factor * entry[at(i)];
        return;
    }
    for (const packed& b : blocks(matrix::G)) {
        const int r = i - b.row;
        if (r < 0 || r >= b.rows) continue;
        switch (b.kind) {
        case block_kind::identity: x[b.col + r] += factor * b.scale; break;
        case block_kind::scaled_identity: x[b.col + r] += factor * b.scale * b.data[0]; break;
        case block_kind::diagonal: x[b.col + r] += factor * b.scale * b.data[at(r)]; break;
        case block_kind::banded: {
            const double* row = b.data.data() + at(r) * at(b.last - b.first + 1);
            for (int j = std::max(0, r + b.first); j <= std::min(b.cols - 1, r + b.last); ++j)
                x[b.col + j] += factor * b.scale * row[j - r - b.first];
            break;
        }
        case block_kind::dense: {
            const double* row = b.data.data() + at(r) * at(b.cols);
            for (int j = 0; j < b.cols; ++j) x[b.col + j] += factor * row[j];
            break;
        }
        }
    }
}

operators operators::with_identity_q() const {
    operators o = *this;
    o.sets[0] = {packed{block_kind::identity, 0, 0, n, n, 0, 0, 1.0, true, {}}};
    o.diagonal.assign(at(n), 1.0);
    o.diagonal_q = true;
    o.q_max = 1;
    return o;
}

std::size_t operators::bytes() const {
    std::size_t total = 0;
    for (const auto& set : sets)
        for (const packed& b : set) total += b.data.size() * sizeof(double);
    return total;
}

} // namespace optnet::solver
