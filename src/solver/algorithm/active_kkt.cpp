// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/active_kkt.hpp"

#include "solver/algorithm/exact_kkt.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr double dependent = 1e-11;
/// A residual of this share of the right-hand side is rounding.
constexpr double rounding = 1e-14;
/// Where refinement of a regularized form ends with more than this, ρ has not been taken back.
constexpr double settled = 1e-12;

double size_of(const point& x) {
    double most = 0;
    for (const auto* part : {&x.z, &x.nu, &x.lambda})
        for (const double v : *part) most = std::max(most, std::abs(v));
    return most;
}

void add(point& x, const point& d) {
    for (std::size_t i = 0; i < x.z.size(); ++i) x.z[i] += d.z[i];
    for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += d.nu[i];
    for (std::size_t i = 0; i < x.lambda.size(); ++i) x.lambda[i] += d.lambda[i];
}

} // namespace

void active_kkt::set_up(const dual_form& source, const operators& packed, const std::vector<int>& rows,
                        const std::vector<double>& ratios) {
    const auto& kernels = cpu::dense<double>();
    form = &source;
    data = &packed;
    trusted = false;
    const auto k = static_cast<std::int64_t>(rows.size());
    std::vector<double> full(at(k * k));
    source.gather(rows, full.data(), k);
    if (!ratios.empty())
        for (std::int64_t i = 0; i < k; ++i) full[at(i * k + i)] += ratios[at(i)];
    // Row by row, so that a row that depends on those before it can be left out.
    std::vector<std::int64_t> kept;
    l.assign(at(k * k), 0.0);
    for (std::int64_t i = 0; i < k; ++i) {
        const auto place = static_cast<std::int64_t>(kept.size());
        double* row = l.data() + place * k;
        for (std::int64_t j = 0; j < place; ++j) row[j] = full[at(i * k + kept[at(j)])];
        kernels.trsv_lower(l.data(), k, place, row);
        const double length = full[at(i * k + i)];
        const double pivot = length - kernels.dot(row, row, place);
        if (!(pivot > dependent * length)) continue;
        row[place] = std::sqrt(pivot);
        kept.push_back(i);
    }
    const auto count = static_cast<std::int64_t>(kept.size());
    active.clear();
    ratio.clear();
    for (const std::int64_t i : kept) {
        active.push_back(rows[at(i)]);
        if (!ratios.empty()) ratio.push_back(ratios[at(i)]);
    }
    for (std::int64_t i = 0; i < count; ++i) std::copy_n(l.data() + i * k, count, l.data() + i * count);
    l.resize(at(count * count));
    stride = count;
    copy_rows();
}

void active_kkt::adopt(const dual_form& source, const operators& packed, const std::vector<int>& rows,
                       const std::vector<double>& factor, std::int64_t ld) {
    form = &source;
    data = &packed;
    trusted = false;
    active = rows;
    ratio.clear();
    const auto k = static_cast<std::int64_t>(rows.size());
    l.resize(at(k * k));
    for (std::int64_t i = 0; i < k; ++i) std::copy_n(factor.data() + i * ld, i + 1, l.data() + i * k);
    stride = k;
    copy_rows();
}

void active_kkt::adopt(const dual_form& source, const operators& packed, const std::vector<int>& rows,
                       std::vector<double>&& factor, std::int64_t ld) {
    form = &source;
    data = &packed;
    trusted = false;
    active = rows;
    ratio.clear();
    l.swap(factor);
    stride = ld;
    copy_rows();
}

void active_kkt::adopt(const dual_form& source, const operators& packed, const working_rows& given,
                       const std::vector<int>& places, const std::vector<double>& factor, std::int64_t ld) {
    form = &source;
    data = &packed;
    trusted = false;
    ratio.clear();
    const auto k = static_cast<std::int64_t>(places.size()), width = form->row_width();
    active.resize(at(k));
    l.resize(at(k * k));
    stride = k;
    t.resize(at(k * width));
    for (std::int64_t i = 0; i < k; ++i) {
        active[at(i)] = given.rows()[at(places[at(i)])];
        std::copy_n(factor.data() + i * ld, i + 1, l.data() + i * k);
    }
    given.copy(places, t.data());
}

/// Where the form keeps the rows of all inequalities they are read there.
void active_kkt::copy_rows() {
    t.clear();
    if (form->has_r()) return;
    t.resize(active.size() * at(form->row_width()));
    form->rows(active.data(), static_cast<std::int64_t>(active.size()), t.data());
}

void active_kkt::prefetch() const {
    constexpr std::int64_t line = 64 / sizeof(double);
    const auto k = static_cast<std::int64_t>(active.size());
    for (std::int64_t i = 0; i < k; i += 2 * line) __builtin_prefetch(active.data() + i);
    for (std::int64_t i = 0; i < k; ++i) {
        const double* row = l.data() + i * stride;
        for (std::int64_t j = 0; j < i; j += line) __builtin_prefetch(row + j);
        __builtin_prefetch(row + i);
    }
}

void active_kkt::solve_rows(double* x) const {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(active.size());
    kernels.trsv_lower(l.data(), stride, k, x);
    kernels.trsv_lower_transposed(l.data(), stride, k, x);
}

void active_kkt::multipliers(double* g, double* lambda, std::vector<double>& d) const {
    const std::size_t k = active.size();
    d.resize(k);
    for (std::size_t i = 0; i < k; ++i) d[i] = g[active[i]] = g[active[i]] - lambda[active[i]];
    std::fill_n(lambda, data->m, 0.0);
    solve_rows(d.data());
    for (std::size_t i = 0; i < k; ++i) lambda[active[i]] = d[i];
}

void active_kkt::row_residual(const double* u, const double* lambda, double* gz, std::vector<double>& left) const {
    left.resize(active.size());
    for (std::size_t i = 0; i < active.size(); ++i) {
        const int row = active[i];
        left[i] = u[row] - gz[row] + (ratio.empty() ? 0.0 : ratio[i] * lambda[row]);
    }
    std::fill_n(gz, data->m, 0.0);
    for (std::size_t i = 0; i < active.size(); ++i) gz[active[i]] = left[i];
}

void active_kkt::solve_once(point& x) const {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(active.size());
    const std::int64_t n = data->n, p = data->p, width = form->row_width(), v = form->long_part();
    form->forward(x.z.data(), x.nu.data());
    std::vector<double> d(at(k));
    for (std::int64_t i = 0; i < k; ++i) d[at(i)] = -x.lambda[at(active[at(i)])];
    std::fill(x.lambda.begin(), x.lambda.end(), 0.0);
    if (k > 0) {
        if (form->has_r())
            form->row_products(active, x.z.data(), x.nu.data(), d.data());
        else {
            kernels.gemv(t.data(), width, k, n, 1.0, x.z.data(), 1.0, d.data());
            if (!form->is_reduced()) kernels.gemv(t.data() + n, width, k, p, -1.0, x.nu.data(), 1.0, d.data());
        }
        solve_rows(d.data());
        for (std::int64_t i = 0; i < k; ++i) x.lambda[at(active[at(i)])] = d[at(i)];
        if (form->has_r())
            form->subtract_rows(active, d.data(), x.z.data(), x.nu.data());
        else {
            kernels.gemv_transposed(t.data(), width, k, v, -1.0, d.data(), 1.0, x.z.data());
            kernels.gemv_transposed(t.data() + v, width, k, p, -1.0, d.data(), 1.0, x.nu.data());
        }
    }
    form->backward(x.z.data(), x.nu.data());
}

void active_kkt::correct(point& x) const {
    if (form->regularized())
        refined(x);
    else
        solve_once(x);
}

void active_kkt::residual(const point& right, const point& x, point& r) const {
    r.resize(*data);
    data->multiply_add(matrix::Q, x.z.data(), r.z.data());
    data->multiply_transposed_add(matrix::A, x.nu.data(), r.z.data());
    for (const auto row : active) data->g_row_add(row, x.lambda[at(row)], r.z.data());
    data->multiply_add(matrix::A, x.z.data(), r.nu.data());
    for (std::size_t j = 0; j < r.z.size(); ++j) r.z[j] = right.z[j] - r.z[j];
    for (std::size_t i = 0; i < r.nu.size(); ++i) r.nu[i] = right.nu[i] - r.nu[i];
    for (std::size_t i = 0; i < active.size(); ++i) {
        const int row = active[i];
        r.lambda[at(row)] = right.lambda[at(row)] - data->g_row_dot(row, x.z.data()) +
                            (ratio.empty() ? 0.0 : ratio[i] * x.lambda[at(row)]);
    }
}

double active_kkt::size_of_residual(const point& right, const point& x, point& r) const {
    residual(right, x, r);
    return size_of(r);
}

bool active_kkt::refined(point& x) const {
    const point right = x;
    const double size = size_of(right);
    if (size == 0) return true;
    solve_once(x);
    // One step takes the rounding of the two substitutions back. A regularized form needs as many as its contraction
    // asks for; it stops when a step no longer halves the residual.
    const bool exact = !form->regularized();
    const int most = exact ? 1 : 40;
    const double enough = exact ? backward_error * std::max(1.0, size_of(x) / size) : rounding;
    point r;
    double before = HUGE_VAL;
    for (int step = 0; step < most; ++step) {
        const double left = size_of_residual(right, x, r) / size;
        if (!(left < 0.5 * before) || left <= enough)
            return exact || left <= settled * std::max(1.0, size_of(x) / size);
        before = left;
        solve_once(r);
        add(x, r);
    }
    return exact;
}

void active_kkt::solve(point& x) const {
    if (trusted) return solve_once(x);
    const point right = x;
    if (refined(x) || !(form->proximal() > 0)) return;
    exact_kkt own;
    if (!own.set_up(*data, active, ratio)) return;
    point better = right, r;
    own.correct(better);
    double before = size_of_residual(right, x, r);
    for (int step = 0; step < 3; ++step) {
        const double left = size_of_residual(right, better, r);
        if (!(left < before)) return;
        x = better;
        before = left;
        own.correct(r);
        add(better, r);
    }
}

} // namespace optnet::solver
