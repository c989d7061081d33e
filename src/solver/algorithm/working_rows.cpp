// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/working_rows.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A row whose R_ii is this much smaller than |v_i|² depends on the equalities.
constexpr double dependent = 1e-11;

} // namespace

void working_rows::begin(const dual_form& source, const operators& packed) {
    form = &source;
    data = &packed;
    n = data->n;
    p = data->p;
    width = n + p;
    bounds = form->h_is_diagonal();
    which.clear();
    here.assign(at(data->m), 0);
    length.assign(at(data->m), 0.0);
}

void working_rows::grow(std::int64_t least) {
    if (t.size() < at(least * width)) t.resize(at(least * width));
    if (least <= room) return;
    // A multiple of eight: rows then start alike, which the kernels read faster.
    const std::int64_t before = room, old = count();
    room = (std::max(least, std::min<std::int64_t>(data->m, least + least / 2)) + 7) / 8 * 8;
    if (old == 0) {
        products.resize(at(room * room));
        return;
    }
    std::vector<double> wider(at(room * room));
    for (std::int64_t i = 0; i < old; ++i) std::copy_n(products.data() + i * before, old, wider.data() + i * room);
    products = std::move(wider);
}

void working_rows::add(const std::vector<int>& more) {
    const std::int64_t first = count(), added = static_cast<std::int64_t>(more.size());
    grow(first + added);
    form->rows(more.data(), added, t.data() + first * width);
    for (const int i : more) {
        which.push_back(i);
        here[at(i)] = 1;
        bounds = bounds && data->g_is_bound(i);
    }
    if (bounds)
        multiply_bounds(first);
    else
        multiply(first);
    for (std::int64_t i = first; i < count(); ++i) length[at(which[at(i)])] = products[at(i * (room + 1))];
}

/// R of the new rows with all: V V' − W W'.
void working_rows::multiply(std::int64_t first) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t all = count(), added = all - first;
    double* r = products.data() + first * room;
    const double* v = t.data() + first * width;
    kernels.gemm_nt(r, room, v, width, t.data(), width, added, first, n, 1.0, 0.0);
    kernels.syrk_lower(r + first, room, v, width, added, n, 1.0, 0.0);
    if (p > 0) {
        squares.resize(at(added));
        for (std::int64_t i = 0; i < added; ++i) squares[at(i)] = r[i * room + first + i];
        kernels.gemm_nt(r, room, v + n, width, t.data() + n, width, added, first, p, -1.0, 1.0);
        kernels.syrk_lower(r + first, room, v + n, width, added, p, -1.0, 1.0);
        // What the equalities leave of a row that depends on them is rounding, which would make multipliers of 1e16.
        for (std::int64_t i = 0; i < added; ++i) {
            if (r[i * room + first + i] > dependent * squares[at(i)]) continue;
            for (std::int64_t j = 0; j <= first + i; ++j) r[i * room + j] = 0;
            for (std::int64_t j = i; j < added; ++j) r[j * room + first + i] = 0;
        }
    }
    kernels.mirror_lower(products.data(), room, all);
}

/// The same where a row has one entry: only rows of one column have a product in V.
void working_rows::multiply_bounds(std::int64_t first) {
    const auto& kernels = cpu::dense<double>();
    for (std::int64_t i = first; i < count(); ++i) {
        double* own = products.data() + i * room;
        const int column = data->g_column(which[at(i)]);
        double square = 0;
        for (std::int64_t j = 0; j <= i; ++j) {
            const bool meet = column >= 0 && data->g_column(which[at(j)]) == column;
            own[j] = meet ? row(i)[column] * row(j)[column] : 0.0;
        }
        square = own[i];
        if (p > 0) kernels.gemv(t.data() + n, width, i + 1, p, -1.0, row(i) + n, 1.0, own);
        if (!(own[i] > dependent * square)) std::fill_n(own, i + 1, 0.0);
        for (std::int64_t j = 0; j < i; ++j) {
            if (products[at(j * (room + 1))] == 0) own[j] = 0;
            products[at(j * room + i)] = own[j];
        }
    }
}

void working_rows::add_products(std::int64_t first, const double* y, const double* u, double* out) const {
    const auto& kernels = cpu::dense<double>();
    kernels.gemv(row(first), width, count() - first, n, 1.0, y, 1.0, out);
    if (p > 0) kernels.gemv(row(first) + n, width, count() - first, p, -1.0, u, 1.0, out);
}

void working_rows::combine(const std::vector<int>& places, const double* f, double* y, double* u) const {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(places.size());
    kernels.combine_rows(t.data(), width, places.data(), f, k, y, n, y);
    if (p > 0) kernels.combine_rows(t.data() + n, width, places.data(), f, k, u, p, u);
}

} // namespace optnet::solver
