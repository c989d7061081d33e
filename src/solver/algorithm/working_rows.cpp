// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/working_rows.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <utility>

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
    width = source.row_width();
    length_v = source.long_part();
    bounds = form->h_is_diagonal();
    room = 0;
    which.clear();
    here.assign(at(data->m), 0);
    length.assign(at(data->m), 0.0);
}

/// The kernels take whole vectors of rows: eight of them, and what lies behind the last one is overwritten.
void working_rows::grow(std::int64_t least) {
    if (least <= room) return;
    const std::int64_t before = room, old = count();
    room = line_stride(std::max(least, std::min<std::int64_t>(data->m, 2 * least)));
    const auto widen = [&](aligned_numbers& all, std::int64_t height, std::int64_t used) {
        if (old == 0) {
            if (all.size() < at(height * room)) all.resize(at(height * room));
            return;
        }
        aligned_numbers wider(at(height * room));
        for (std::int64_t i = 0; i < used; ++i) std::copy_n(all.data() + i * before, old, wider.data() + i * room);
        all = std::move(wider);
    };
    widen(t, width, width);
    widen(products, room, old);
}

void working_rows::add(const std::vector<int>& more) {
    const std::int64_t first = count(), added = static_cast<std::int64_t>(more.size());
    grow(first + (added + 7) / 8 * 8);
    form->columns(more.data(), added, t.data() + first, room);
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
    const double *v = t.data(), *w = v + length_v * room;
    double* r = products.data() + first; // the columns of the new rows
    kernels.upper_product(r, room, v, room, all, v + first, room, added, length_v, first, 1.0, 0.0);
    if (p > 0 && !form->is_reduced()) {
        squares.resize(at(added));
        for (std::int64_t i = 0; i < added; ++i) squares[at(i)] = r[(first + i) * room + i];
        kernels.upper_product(r, room, w, room, all, w + first, room, added, p, first, -1.0, 1.0);
        // What the equalities leave of a row that depends on them is rounding, which would make multipliers of 1e16.
        for (std::int64_t i = 0; i < added; ++i) {
            if (r[(first + i) * room + i] > dependent * squares[at(i)]) continue;
            for (std::int64_t j = 0; j <= first + i; ++j) r[j * room + i] = 0;
            for (std::int64_t j = i; j < added; ++j) r[(first + i) * room + j] = 0;
        }
    }
    double* below = products.data() + first * room;
    kernels.turn_rows(r, room, nullptr, first, added, below, room, nullptr);
    for (std::int64_t i = 0; i < added; ++i)
        for (std::int64_t j = 0; j < i; ++j) below[i * room + first + j] = r[(first + j) * room + i];
}

/// The same where a row has one entry: only rows of one column have a product in V.
void working_rows::multiply_bounds(std::int64_t first) {
    const double *v = t.data(), *w = v + n * room;
    for (std::int64_t i = first; i < count(); ++i) {
        double* own = products.data() + i * room;
        const std::int64_t column = data->g_column(which[at(i)]);
        for (std::int64_t j = 0; j <= i; ++j) {
            const bool meet = column >= 0 && data->g_column(which[at(j)]) == column;
            own[j] = meet ? v[column * room + i] * v[column * room + j] : 0.0;
        }
        const double square = own[i];
        for (std::int64_t k = 0; k < p; ++k) cpu::dense<double>().axpy(-w[k * room + i], w + k * room, own, i + 1);
        if (!(own[i] > dependent * square)) std::fill_n(own, i + 1, 0.0);
        for (std::int64_t j = 0; j < i; ++j) {
            if (products[at(j * (room + 1))] == 0) own[j] = 0;
            products[at(j * room + i)] = own[j];
        }
    }
}

void working_rows::add_products(std::int64_t first, const double* y, const double* u, double* out) const {
    const auto& kernels = cpu::dense<double>();
    kernels.gemv_transposed(t.data() + first, room, n, count() - first, 1.0, y, 1.0, out);
    if (p > 0 && !form->is_reduced())
        kernels.gemv_transposed(t.data() + n * room + first, room, p, count() - first, -1.0, u, 1.0, out);
}

void working_rows::combine(const std::vector<int>& places, const double* f, double* y, double* u) const {
    const auto& kernels = cpu::dense<double>();
    spread.assign(at(count()), 0.0);
    for (std::size_t i = 0; i < places.size(); ++i) spread[at(places[i])] = f[i];
    kernels.gemv(t.data(), room, length_v, count(), 1.0, spread.data(), 1.0, y);
    if (p > 0) kernels.gemv(t.data() + length_v * room, room, p, count(), 1.0, spread.data(), 1.0, u);
}

void working_rows::copy(const std::vector<int>& places, double* to) const {
    for (std::int64_t r = 0; r < width; ++r) {
        const double* from = t.data() + r * room;
        for (std::size_t i = 0; i < places.size(); ++i) to[static_cast<std::int64_t>(i) * width + r] = from[places[i]];
    }
}

} // namespace optnet::solver
