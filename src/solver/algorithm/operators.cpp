// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/operators.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

template <class T> void operators::load(const problem<T>& batch, std::int64_t element) {
    const structure& s = *batch.shape;
    n = s.n;
    p = s.p;
    m = s.m;
    finite = true;
    diagonal_q = true;
    a_scale.assign(at(p), 1.0);
    g_scale.assign(at(m), 1.0);
    std::size_t count[3] = {0, 0, 0};
    for (const block& b : s.blocks) ++count[static_cast<std::size_t>(b.where)];
    for (std::size_t w = 0; w < 3; ++w) {
        alone[w] = count[w] == 1;
        scaled[w] = false;
        count[w] = 0;
    }
    for (const block& b : s.blocks) {
        auto& set = sets[static_cast<std::size_t>(b.where)];
        const std::size_t place = count[static_cast<std::size_t>(b.where)]++;
        if (set.size() <= place) set.emplace_back();
        read(batch, b, element, set[place]);
    }
    for (std::size_t w = 0; w < 3; ++w) sets[w].resize(count[w]);
    for (packed& b : sets[0]) {
        b.symmetric = on_diagonal(b);
        diagonal_q = diagonal_q && b.symmetric;
        if (b.kind == block_kind::dense && b.row == b.col && b.rows == b.cols) {
            if (!(b.most >= 0)) cpu::dense<double>().symmetric_part(b.data.data(), b.cols, b.cols);
            b.symmetric = true;
        }
    }
    read_diagonal();
    scale();
}

template void operators::load(const problem<double>&, std::int64_t);
template void operators::load(const problem<float>&, std::int64_t);

template <class T> void operators::read(const problem<T>& batch, const block& b, std::int64_t element, packed& out) {
    out.kind = b.kind;
    out.row = b.row;
    out.col = b.col;
    out.rows = b.rows;
    out.cols = b.cols;
    out.first = b.first;
    out.last = b.last;
    out.scale = b.scale;
    out.symmetric = false;
    out.most = -1;
    out.entries = b.entries;
    if (b.source < 0) {
        out.data.clear();
        return;
    }
    std::int64_t rows = 1, cols = 1;
    if (b.kind != block_kind::scaled_identity) rows = b.rows;
    if (b.kind == block_kind::banded) cols = b.last - b.first + 1;
    if (b.kind == block_kind::dense) cols = b.cols;
    const matrix_view<T>& view = batch.data[b.source];
    std::int64_t step = view.col_stride;
    if (b.kind == block_kind::sparse) {
        rows = 1;
        cols = static_cast<std::int64_t>(b.entries->col.size());
        step = view.row_stride;
    }
    const T* from = view.of(element);
    out.data.resize(at(rows * cols));
    if constexpr (std::is_same_v<T, double>)
        if (b.kind == block_kind::dense && b.scale == 1.0 && view.col_stride == 1) {
            if (b.where == matrix::Q && b.row == b.col && b.rows == b.cols && read_symmetric(view, from, out)) return;
            if (b.where != matrix::Q && alone[static_cast<std::size_t>(b.where)] &&
                read_scaled(view, from, out, b.where == matrix::A ? a_scale : g_scale))
                return;
        }
    const bool whole = view.col_stride == 1 && view.row_stride == cols;
    if (whole) std::copy_n(from, rows * cols, out.data.data());
    for (std::int64_t i = 0; !whole && i < rows; ++i) {
        const T* row = from + i * view.row_stride;
        double* to = out.data.data() + i * cols;
        if (step == 1)
            std::copy_n(row, cols, to);
        else
            for (std::int64_t j = 0; j < cols; ++j) to[j] = static_cast<double>(row[j * step]);
    }
    const auto& kernels = cpu::dense<double>();
    if (b.kind == block_kind::dense && out.scale == 1.0) return; // judged by its largest entries
    if (!(kernels.max_abs(out.data.data(), rows * cols) < HUGE_VAL)) {
        // Entries of a band that fall outside the block are padding and may hold anything.
        if (b.kind != block_kind::banded) finite = false;
        each_entry(out, [&](int, int, double v) { finite = finite && std::isfinite(v); });
    }
    if (b.kind == block_kind::dense && out.scale != 1.0) {
        kernels.scale(out.scale, out.data.data(), rows * cols);
        out.scale = 1.0;
    }
}

/// One pass over a block on the diagonal of Q. False if an entry is not finite.
bool operators::read_symmetric(const matrix_view<double>& view, const double* from, packed& out) {
    const double most = cpu::dense<double>().symmetric_copy(from, view.row_stride, out.rows, out.data.data(), out.cols);
    if (!(most < HUGE_VAL)) return false;
    out.most = most;
    return true;
}

/// The rows of the only block of A or G, scaled as they are read. False if there are others, or one is not finite.
bool operators::read_scaled(const matrix_view<double>& view, const double* from, packed& out,
                            std::vector<double>& scale) {
    const auto& kernels = cpu::dense<double>();
    constexpr std::int64_t together = 16; // rows that are still in the cache when they are read again
    if (at(out.rows) != scale.size()) return false;
    row_most.resize(scale.size());
    for (std::int64_t i = 0; i < out.rows; i += together) {
        const std::int64_t rows = std::min<std::int64_t>(together, out.rows - i);
        double* own = row_most.data() + i;
        kernels.rows_max_abs(from + i * view.row_stride, view.row_stride, rows, out.cols, own);
        for (std::int64_t r = 0; r < rows; ++r) {
            if (!(own[r] < HUGE_VAL)) return false;
            own[r] = power_below(own[r]);
        }
        kernels.scaled_rows(from + i * view.row_stride, view.row_stride, rows, out.cols, own,
                            out.data.data() + i * out.cols, out.cols);
    }
    scale = row_most;
    scaled[static_cast<std::size_t>(&scale == &a_scale ? matrix::A : matrix::G)] = true;
    return true;
}

void operators::read_diagonal() {
    diagonal.assign(at(n), 0.0);
    q_max = 0;
    for (const packed& b : sets[0]) {
        if (b.kind == block_kind::dense) {
            const double most =
                b.most >= 0 ? b.most : cpu::dense<double>().max_abs(b.data.data(), std::int64_t{b.rows} * b.cols);
            finite = finite && most < HUGE_VAL;
            q_max = std::max(q_max, most);
        }
        if (b.kind == block_kind::dense && b.symmetric) {
            for (int i = 0; i < b.rows; ++i) diagonal[at(b.row + i)] += b.data[at(i) * at(b.cols + 1)];
            continue;
        }
        each_entry(b, [&](int i, int j, double v) {
            q_max = std::max(q_max, std::abs(v));
            if (b.row + i == b.col + j) diagonal[at(b.row + i)] += v;
        });
    }
}

double operators::entry_dot(const packed& b, int i, const double* x) {
    return cpu::dense<double>().dot(b.data.data() + at(i) * at(b.cols), x, b.cols);
}

const operators::packed* operators::whole(matrix where) const {
    const int rows = where == matrix::Q ? n : where == matrix::A ? p : m;
    const std::vector<packed>& set = blocks(where);
    if (set.size() != 1 || set[0].kind != block_kind::dense || set[0].rows != rows || set[0].cols != n) return nullptr;
    return where != matrix::Q || set[0].symmetric ? set.data() : nullptr;
}

void operators::write_dense(matrix where, double* M, std::int64_t ld) const {
    const std::int64_t rows = where == matrix::Q ? n : where == matrix::A ? p : m;
    if (const packed* only = whole(where)) {
        if (ld == n)
            std::copy_n(only->data.data(), rows * n, M);
        else
            for (std::int64_t i = 0; i < rows; ++i) std::copy_n(only->data.data() + i * n, n, M + i * ld);
        return;
    }
    for (std::int64_t i = 0; i < rows; ++i) std::fill_n(M + i * ld, n, 0.0);
    add_dense(where, M, ld);
}

void operators::add_dense(matrix where, double* M, std::int64_t ld) const {
    const auto& kernels = cpu::dense<double>();
    for (const packed& b : blocks(where)) {
        if (b.kind == block_kind::dense && (where != matrix::Q || b.symmetric)) {
            for (int i = 0; i < b.rows; ++i)
                kernels.axpy(1.0, b.data.data() + at(i) * at(b.cols), M + (b.row + i) * ld + b.col, b.cols);
            continue;
        }
        each_entry(b, [&](int i, int j, double v) {
            if (where == matrix::Q) {
                M[(b.row + i) * ld + b.col + j] += 0.5 * v;
                M[(b.col + j) * ld + b.row + i] += 0.5 * v;
            } else {
                M[(b.row + i) * ld + b.col + j] += v;
            }
        });
    }
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
        case block_kind::sparse:
            for (int k = b.entries->row_start[at(r)]; k < b.entries->row_start[at(r + 1)]; ++k)
                sum += b.scale * b.data[at(k)] * x[b.col + b.entries->col[at(k)]];
            break;
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
            cpu::dense<double>().axpy(factor, b.data.data() + at(r) * at(b.cols), x + b.col, b.cols);
            break;
        }
        case block_kind::sparse:
            for (int k = b.entries->row_start[at(r)]; k < b.entries->row_start[at(r + 1)]; ++k)
                x[b.col + b.entries->col[at(k)]] += factor * b.scale * b.data[at(k)];
            break;
        }
    }
}

void operators::write_g_row(int i, double* x) const {
    const std::vector<packed>& set = blocks(matrix::G);
    if (set.size() == 1 && set[0].kind == block_kind::dense && set[0].cols == n && set[0].rows == m) {
        std::copy_n(set[0].data.data() + at(i) * at(n), n, x);
        return;
    }
    std::fill_n(x, n, 0.0);
    g_row_add(i, 1.0, x);
}

void operators::write_turned_a(double* to, std::int64_t ld) const {
    const auto& kernels = cpu::dense<double>();
    const std::vector<packed>& set = blocks(matrix::A);
    if (set.size() == 1 && set[0].kind == block_kind::dense && set[0].cols == n && set[0].rows == p)
        return kernels.turn_rows(set[0].data.data(), n, nullptr, p, n, to, ld, nullptr);
    std::vector<double> rows(at(p) * at(n));
    add_dense(matrix::A, rows.data(), n);
    kernels.turn_rows(rows.data(), n, nullptr, p, n, to, ld, nullptr);
}

const double* operators::dense_rows(matrix where, std::vector<double>& scratch) const {
    if (const packed* only = whole(where)) return only->data.data();
    const std::int64_t rows = where == matrix::Q ? n : where == matrix::A ? p : m;
    scratch.resize(at(rows * n));
    write_dense(where, scratch.data(), n);
    return scratch.data();
}

void operators::write_g_columns(const int* which, std::int64_t count, double* to, std::int64_t ld,
                                const int* places) const {
    const std::vector<packed>& set = blocks(matrix::G);
    if (set.size() == 1 && set[0].kind == block_kind::dense && set[0].cols == n && set[0].rows == m)
        return cpu::dense<double>().turn_rows(set[0].data.data(), n, which, count, n, to, ld, places);
    std::vector<double> row(at(n));
    for (std::int64_t k = 0; k < count; ++k) {
        write_g_row(which[k], row.data());
        for (std::int64_t j = 0; j < n; ++j) to[(places == nullptr ? j : places[j]) * ld + k] = row[at(j)];
    }
}

operators operators::with_identity_q() const {
    operators o = *this;
    o.sets[0] = {packed{block_kind::identity, 0, 0, n, n, 0, 0, 1.0, true, 1.0, {}, {}}};
    o.diagonal.assign(at(n), 1.0);
    o.diagonal_q = true;
    o.q_max = 1;
    return o;
}

void operators::measure_as(const operators& other) {
    n = other.n;
    p = other.p;
    m = other.m;
    finite = other.finite;
    q_max = other.q_max;
    a_scale = other.a_scale;
    g_scale = other.g_scale;
    z_scale = other.z_scale;
    a_unit = other.a_unit;
    g_unit = other.g_unit;
    z_unit = other.z_unit;
    for (auto& set : sets) set.clear();
}

std::size_t operators::held() const {
    std::size_t total = 0;
    for (const auto& set : sets)
        for (const packed& b : set) total += b.data.capacity() * sizeof(double);
    return total;
}

} // namespace optnet::solver
