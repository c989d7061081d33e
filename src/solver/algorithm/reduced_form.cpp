// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/reduced_form.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Rows of A have size 1. A pivot below the first says that they nearly depend on each other; X above the second would
/// take digits from H.
constexpr double dependent = 1e-6, largest_x = 1e3;
/// What the equalities leave of a row of G is rounding, which would make multipliers of 1e16.
constexpr double dependent_row = 3e-6;
constexpr std::int64_t rows_at_once = 8;

} // namespace

bool reduced_form::set_up(const operators& data, double floor) {
    n = data.n;
    p = data.p;
    rest = n - p;
    ldp = line_stride(p);
    ldr = line_stride(rest);
    ldt = ldp + ldr;
    return find_pivots(data) && reduce(data, floor);
}

bool reduced_form::find_pivots(const operators& data) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t ld = line_stride(n);
    rows.resize(at(p * ld));
    l.resize(at(p * ldp));
    u.resize(at(p * ldp));
    x.resize(at(p * ldr));
    turned.resize(at(p * std::max(ldp, ldr)));
    order.resize(at(n));
    places.assign(at(n), 0);
    pivots.resize(at(p));
    ranks.resize(at(p));
    data.write_dense(matrix::A, rows.data(), ld);
    for (std::int64_t i = 0; i < p; ++i) std::fill_n(rows.data() + i * ld + n, ld - n, 0.0);
    if (!kernels.pivoted_rows(rows.data(), ld, p, n, dependent, pivots.data(), l.data(), ldp)) return false;
    for (const int j : pivots) places[at(j)] = 1;
    std::int64_t bound = 0, free = 0;
    for (std::int64_t j = 0; j < n; ++j) {
        const bool is_bound = places[at(j)] != 0;
        order[at(is_bound ? bound : p + free)] = static_cast<int>(j);
        places[at(j)] = static_cast<int>(is_bound ? rest + bound++ : free++);
    }
    list_runs(order.data(), p, of_b);
    list_runs(order.data() + p, rest, of_n);
    std::vector<double> over(at(p));
    for (std::int64_t i = 0; i < p; ++i) { // from the last pivot on
        const double* row = rows.data() + (p - 1 - i) * ld;
        ranks[at(i)] = places[at(pivots[at(p - 1 - i)])] - static_cast<int>(rest);
        over[at(i)] = 1 / l[at((p - 1 - i) * (ldp + 1))];
        for (std::int64_t k = 0; k < i; ++k) u[at(k * ldp + i)] = over[at(i)] * row[pivots[at(p - 1 - k)]];
        u[at(i * ldp + i)] = 1;
        copy_runs(of_n, row, turned.data() + i * ldr);
    }
    kernels.scaled_rows(turned.data(), ldr, p, rest, over.data(), turned.data(), ldr);
    kernels.upper_solve(u.data(), ldp, p, turned.data(), ldr, rest);
    double most = 0;
    for (std::int64_t i = 0; i < p; ++i) {
        const double* row = turned.data() + i * ldr;
        std::copy_n(row, rest, x.data() + ranks[at(i)] * ldr);
        most = std::max(most, kernels.max_abs(row, rest));
    }
    return most <= largest_x;
}

void reduced_form::list_runs(const int* columns, std::int64_t count, std::vector<run>& runs) {
    runs.clear();
    for (std::int64_t j = 0; j < count; ++j) {
        if (runs.empty() || runs.back().first + runs.back().count != columns[j]) runs.push_back({columns[j], 0});
        ++runs.back().count;
    }
}

void reduced_form::copy_runs(const std::vector<run>& runs, const double* row, double* to) {
    for (const run& r : runs) to = std::copy_n(row + r.first, r.count, to);
}

bool reduced_form::reduce(const operators& data, double floor) {
    const auto& kernels = cpu::dense<double>();
    top.resize(at(p * ldt));
    schur.resize(at(rest * ldr));
    const double* q = data.dense_rows(matrix::Q, dense_q);
    for (std::int64_t i = 0; i < p; ++i) {
        const double* row = q + order[at(i)] * n;
        double* to = top.data() + i * ldt;
        copy_runs(of_b, row, to);
        std::fill(to + p, to + ldp, 0.0);
        copy_runs(of_n, row, to + ldp);
    }
    for (std::int64_t i = 0; i < rest; ++i) copy_runs(of_n, q + order[at(p + i)] * n, schur.data() + i * ldr);
    if (!kernels.upper_cholesky(top.data(), p, ldp + rest, ldt, floor)) return false;
    double* y = top.data() + ldp;
    kernels.upper_product(schur.data(), ldr, y, ldt, rest, y, ldt, rest, p, 0, -1.0, 1.0);
    // K has its rows in `top`; by columns, without what lies before its diagonal, it is a factor of a product.
    for (std::int64_t i = 0; i < p; ++i) std::fill_n(top.data() + i * ldt, i, 0.0);
    kernels.turn_rows(top.data(), ldt, nullptr, p, p, turned.data(), ldp, nullptr);
    for (std::int64_t i = 0; i < p; i += rows_at_once)
        kernels.upper_product(y + i * ldt, ldt, turned.data() + i * (ldp + 1), ldp, std::min(rows_at_once, p - i),
                              x.data() + i * ldr, ldr, rest, p - i, rows_at_once, 1.0, -1.0);
    h = schur;
    kernels.upper_product(h.data(), ldr, y, ldt, rest, y, ldt, rest, p, 0, 1.0, 1.0);
    if (!kernels.upper_cholesky(schur.data(), rest, rest, ldr, floor)) return false;
    pivot = HUGE_VAL;
    const auto look = [&](double root) { pivot = std::min(pivot, root * root); };
    for (std::int64_t i = 0; i < p; ++i) look(top[at(i * (ldt + 1))]);
    for (std::int64_t i = 0; i < rest; ++i) look(schur[at(i * (ldr + 1))]);
    return kernels.upper_cholesky(h.data(), rest, rest, ldr, 0.0);
}

void reduced_form::forward(double* z, double* nu) const {
    const auto& kernels = cpu::dense<double>();
    std::vector<double> work(at(2 * p + n));
    double *w = work.data(), *b = w + p, *y = b + p, *c = z + rest;
    for (std::int64_t i = 0; i < p; ++i) b[i] = z[order[at(i)]];
    for (std::int64_t j = 0; j < rest; ++j) y[j] = z[order[at(p + j)]];
    kernels.upper_forward(l.data(), ldp, p, nu);
    std::reverse(nu, nu + p);
    kernels.upper_forward(u.data(), ldp, p, nu);
    for (std::int64_t i = 0; i < p; ++i) c[ranks[at(i)]] = nu[i];
    kernels.gemv(top.data(), ldt, p, p, 1.0, c, 0.0, w);
    kernels.gemv_transposed(x.data(), ldr, p, rest, -1.0, b, 1.0, y);
    kernels.gemv_transposed(top.data() + ldp, ldt, p, rest, 1.0, w, 1.0, y);
    kernels.upper_forward(h.data(), ldr, rest, y);
    std::copy_n(y, rest, z);
    std::copy_n(b, p, nu);
}

void reduced_form::point(double* half, double* z) const {
    const auto& kernels = cpu::dense<double>();
    kernels.upper_backward(h.data(), ldr, rest, half);
    std::vector<double> bound(half + rest, half + n);
    kernels.gemv(x.data(), ldr, p, rest, -1.0, half, 1.0, bound.data());
    for (std::int64_t i = 0; i < p; ++i) z[order[at(i)]] = bound[at(i)];
    for (std::int64_t j = 0; j < rest; ++j) z[order[at(p + j)]] = half[j];
}

void reduced_form::multipliers(const double* half, double* nu) const {
    const auto& kernels = cpu::dense<double>();
    std::vector<double> v(at(p));
    kernels.gemv(top.data(), ldt, p, p, 1.0, half + rest, 0.0, v.data());
    kernels.gemv(top.data() + ldp, ldt, p, rest, -1.0, half, 1.0, v.data());
    kernels.gemv_transposed(top.data(), ldt, p, p, -1.0, v.data(), 1.0, nu);
    for (std::int64_t i = 0; i < p; ++i) v[at(i)] = nu[ranks[at(i)]];
    kernels.upper_backward(u.data(), ldp, p, v.data());
    std::reverse_copy(v.begin(), v.end(), nu);
    kernels.upper_backward(l.data(), ldp, p, nu);
}

void reduced_form::columns(const operators& data, const int* which, std::int64_t count, double* out,
                           std::int64_t ld) const {
    const auto& kernels = cpu::dense<double>();
    data.write_g_columns(which, count, out, ld, places.data());
    kernels.upper_product(out, ld, x.data(), ldr, rest, out + rest * ld, ld, count, p, rest, -1.0, 1.0);
    std::vector<double> most(at(count), 0.0);
    for (std::int64_t j = 0; j < rest; ++j) kernels.max_into(out + j * ld, count, most.data());
    for (std::int64_t k = 0; k < count; ++k)
        if (!(most[at(k)] > dependent_row))
            for (std::int64_t j = 0; j < rest; ++j) out[j * ld + k] = 0;
    kernels.upper_solve(h.data(), ldr, rest, out, ld, count);
}

} // namespace optnet::solver
