// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/bound_matrices.hpp"

#include "solver/algorithm/entries.hpp"
#include "solver/cpu/kernels_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

bool one_entry_per_row(const block& b) {
    switch (b.kind) {
    case block_kind::dense: return b.cols <= 1;
    case block_kind::banded: return b.first == b.last;
    case block_kind::sparse:
        for (std::size_t i = 0; i + 1 < b.entries->row_start.size(); ++i)
            if (b.entries->row_start[i + 1] - b.entries->row_start[i] > 1) return false;
        return true;
    default: return true;
    }
}

/// A multiple of I.
bool is_multiple(const block& b) { return b.kind == block_kind::identity || b.kind == block_kind::scaled_identity; }
template <class T> double multiple_of(const problem<T>& batch, const block& b, std::int64_t element) {
    return b.scale * (b.kind == block_kind::identity ? 1.0 : static_cast<double>(*batch.data[b.source].of(element)));
}
/// True if no other block is in the matrix of this one, which covers it.
bool only_block(const structure& shape, const block& b) {
    return b.rows == shape.n && std::none_of(shape.blocks.begin(), shape.blocks.end(), [&](const block& other) {
               return &other != &b && other.where == b.where;
           });
}

std::int64_t next_number(const double* x, std::int64_t from, std::int64_t n) {
    return cpu::bounds().next_number(x, from, n);
}
std::int64_t next_number(const float* x, std::int64_t from, std::int64_t n) {
    return cpu::bounds().next_number_float(x, from, n);
}

/// f(i, j, value) for the entries of a dense block that are not 0; false as soon as a row has more than one.
template <class T, class F> bool single_entries(const matrix_view<T>& view, const T* from, const block& b, const F& f) {
    const auto next = [&](const T* row, int j) {
        if (view.col_stride == 1) return static_cast<int>(next_number(row, j, b.cols));
        while (j < b.cols && row[j * view.col_stride] == T(0)) ++j;
        return j;
    };
    for (int i = 0; i < b.rows; ++i) {
        const T* row = from + i * view.row_stride;
        const int j = next(row, 0);
        if (j == b.cols) continue;
        if (next(row, j + 1) < b.cols) return false;
        f(i, j, b.scale * static_cast<double>(row[j * view.col_stride]));
    }
    return true;
}

/// f(i, j, value) for the stored entries of a block, inside it. False as `single_entries` if a dense one has several
/// columns.
template <class T, class F>
bool read_entries(const problem<T>& batch, const block& b, std::int64_t element, const F& f) {
    if (b.kind == block_kind::identity) {
        for (int i = 0; i < b.rows; ++i) f(i, i, b.scale);
        return true;
    }
    const matrix_view<T>& view = batch.data[b.source];
    const T* from = view.of(element);
    const auto number = [&](std::int64_t place) { return b.scale * static_cast<double>(from[place]); };
    switch (b.kind) {
    case block_kind::scaled_identity: {
        const double v = number(0);
        for (int i = 0; i < b.rows; ++i) f(i, i, v);
        return true;
    }
    case block_kind::diagonal:
        for (int i = 0; i < b.rows; ++i) f(i, i, number(i * view.row_stride));
        return true;
    case block_kind::dense: return single_entries(view, from, b, f);
    default: {
        std::int64_t next = 0;
        each_position(b, [&](int i, int j) {
            const bool band = b.kind == block_kind::banded;
            f(i, j, number(band ? i * view.row_stride + (j - i - b.first) * view.col_stride : next * view.row_stride));
            ++next;
        });
        return true;
    }
    }
}

} // namespace

bool is_bounded_diagonal(const structure& shape) {
    // Few blocks are compared with each other.
    constexpr std::size_t few = 16;
    if (shape.n < 1 || shape.p > 1 || shape.blocks.size() > few) return false;
    std::int64_t covered = 0;
    for (const block& b : shape.blocks) {
        if (b.where == matrix::Q) {
            if (!on_diagonal(b)) return false;
            covered += b.rows;
        }
        if (b.where != matrix::G || b.rows == 0) continue;
        if (!one_entry_per_row(b)) return false;
        for (const block& other : shape.blocks)
            if (&other != &b && other.where == matrix::G && b.row < other.row + other.rows &&
                other.row < b.row + b.rows)
                return false;
    }
    return covered >= shape.n;
}

void bounding_rows::see_run() {
    first = -1;
    if (count != static_cast<int>(row.size()) || row.empty()) return;
    for (std::size_t j = 0; j < row.size(); ++j)
        if (row[j] != row[0] + static_cast<int>(j)) return;
    first = row[0];
}

template <class T> bool bound_matrices::load(const problem<T>& batch, std::int64_t element) {
    n = batch.shape->n;
    p = batch.shape->p;
    m = batch.shape->m;
    return p <= 1 && load_diagonal(batch, element) && load_equality(batch, element) && load_rows(batch, element);
}

template bool bound_matrices::load(const problem<double>&, std::int64_t);
template bool bound_matrices::load(const problem<float>&, std::int64_t);

template <class T> bool bound_matrices::load_diagonal(const problem<T>& batch, std::int64_t element) {
    d.assign(at(n), 0.0);
    inverse.resize(at(n));
    bool diagonal = true;
    for (const block& b : batch.shape->blocks) {
        if (b.where != matrix::Q) continue;
        if (is_multiple(b) && only_block(*batch.shape, b)) {
            const double v = multiple_of(batch, b, element);
            std::fill(d.begin(), d.end(), v);
            std::fill(inverse.begin(), inverse.end(), 1 / v);
            return v > 0 && v < HUGE_VAL && 1 / v < HUGE_VAL;
        }
        const bool single = read_entries(batch, b, element, [&](int i, int j, double v) {
            diagonal = diagonal && (v == 0 || b.row + i == b.col + j);
            d[at(b.row + i)] += v;
        });
        if (!single || !diagonal) return false;
    }
    for (std::size_t j = 0; j < d.size(); ++j) inverse[j] = 1 / d[j];
    int positive = 1; // and finite
    for (std::size_t j = 0; j < d.size(); ++j)
        positive &=
            static_cast<int>(d[j] > 0) & static_cast<int>(d[j] < HUGE_VAL) & static_cast<int>(inverse[j] < HUGE_VAL);
    return positive != 0;
}

template <class T> bool bound_matrices::load_equality(const problem<T>& batch, std::int64_t element) {
    a.assign(at(n), 0.0);
    slope = largest = 0;
    if (p == 0) return true;
    for (const block& b : batch.shape->blocks) {
        if (b.where != matrix::A) continue;
        if (b.kind != block_kind::dense) {
            read_entries(batch, b, element, [&](int, int j, double v) { a[at(b.col + j)] += v; });
            continue;
        }
        const matrix_view<T>& view = batch.data[b.source];
        const T* from = view.of(element);
        for (int j = 0; j < b.cols && b.rows > 0; ++j)
            a[at(b.col + j)] += b.scale * static_cast<double>(from[j * view.col_stride]);
    }
    const cpu::bound_slope all = cpu::bounds().slope(a.data(), inverse.data(), n);
    slope = all.sum;
    largest = all.largest;
    return slope > 0 && slope < HUGE_VAL;
}

template <class T> bool bound_matrices::load_rows(const problem<T>& batch, std::int64_t element) {
    if (load_constants(batch, element)) return true;
    column.assign(at(m), -1);
    entry.assign(at(m), 0.0);
    bool single = true;
    double check = 0;
    for (const block& b : batch.shape->blocks) {
        if (b.where != matrix::G) continue;
        const bool fits = read_entries(batch, b, element, [&](int i, int j, double v) {
            int& place = column[at(b.row + i)];
            const bool mine = place < 0 || place == b.col + j || v == 0;
            single = single && mine;
            place = v == 0 ? place : b.col + j;
            entry[at(b.row + i)] += v;
            check += v * 0.0;
        });
        if (!fits || !single) return false;
    }
    if (check != 0) return false;
    assign_sides();
    return true;
}

/// The usual case: a multiple of I for one side, or one for each. False if that is not so.
template <class T> bool bound_matrices::load_constants(const problem<T>& batch, std::int64_t element) {
    clear_sides();
    int rows = 0;
    for (const block& b : batch.shape->blocks) {
        if (b.where != matrix::G) continue;
        if (!is_multiple(b) || b.rows != n) return false;
        const double v = multiple_of(batch, b, element);
        bounding_rows& side = v < 0 ? lower : upper;
        const bool usable = std::abs(v) > 0 && std::abs(v) < HUGE_VAL;
        if (!usable || side.count > 0) return false;
        side.count = n;
        side.first = b.row;
        std::iota(side.row.begin(), side.row.end(), b.row);
        std::fill(side.entry.begin(), side.entry.end(), v);
        std::fill(side.inverse.begin(), side.inverse.end(), 1 / v);
        rows += n;
    }
    if (rows != m) return false;
    column.resize(at(m));
    entry.resize(at(m));
    for (const bounding_rows* side : {&lower, &upper}) {
        if (side->count == 0) continue;
        std::iota(column.begin() + side->first, column.begin() + side->first + n, 0);
        std::copy(side->entry.begin(), side->entry.end(), entry.begin() + side->first);
    }
    return true;
}

void bound_matrices::clear_sides() {
    for (bounding_rows* side : {&lower, &upper}) {
        side->row.assign(at(n), -1);
        side->entry.assign(at(n), side == &lower ? -1.0 : 1.0);
        side->inverse.assign(at(n), side == &lower ? -1.0 : 1.0);
        side->count = 0;
        side->first = -1;
    }
    others.clear();
}

void bound_matrices::assign_sides() {
    clear_sides();
    for (int i = 0; i < m; ++i) {
        const double v = entry[at(i)];
        if (v == 0) {
            column[at(i)] = -1;
            others.push_back(i);
            continue;
        }
        bounding_rows& side = v < 0 ? lower : upper;
        const std::size_t j = at(column[at(i)]);
        if (side.row[j] >= 0) {
            others.push_back(i);
            continue;
        }
        side.row[j] = i;
        side.entry[j] = v;
        side.inverse[j] = 1 / v;
        ++side.count;
    }
    lower.see_run();
    upper.see_run();
}

std::size_t bound_matrices::held() const {
    std::size_t numbers = d.capacity() + inverse.capacity() + a.capacity() + entry.capacity();
    std::size_t places = column.capacity() + others.capacity();
    for (const bounding_rows* side : {&lower, &upper}) {
        numbers += side->entry.capacity() + side->inverse.capacity();
        places += side->row.capacity();
    }
    return numbers * sizeof(double) + places * sizeof(int);
}

} // namespace optnet::solver
