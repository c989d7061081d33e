// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/dense_lanes.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

void dense_lanes::resize(const structure& shape) {
    n = shape.n;
    p = shape.p;
    m = shape.m;
    ld = n % width == 0 ? n + 1 : n;
    panel.resize(at((n + p + m + 1) * ld * width));
    schur.resize(at((p + m + 1) * p * width));
    counts.resize(at(width));
    inside.clear();
    scales.resize(at((p + m) * width));
    panel_inverse.resize(at(n * width));
    schur_inverse.resize(at(p * width));
    for (array* a : {&a_scale, &a_unit}) a->resize(at(p * width));
    for (array* a : {&g_scale, &g_unit}) a->resize(at(m * width));
    for (array* a : {&z_scale, &z_unit}) a->resize(at(n * width), 1.0); // nobody writes to them
}

void dense_lanes::resize_sets(std::int64_t rows) {
    k = (rows + 3) / 4 * 4;
    factor.resize(at(k * distance() * width));
    factor_inverse.resize(at(k * width));
    which.assign(at(k * width), 0);
}

void dense_lanes::resize_whole_sets() {
    k = m;
    factor.resize(at((m + 1) * distance() * width));
    factor_inverse.resize(at(m * width));
    inside.resize(at(m * width));
}

void dense_lanes::grow(std::int64_t rows) {
    const dense_lanes old = [&] {
        dense_lanes o;
        o.k = k;
        o.factor.swap(factor), o.factor_inverse.swap(factor_inverse), o.which.swap(which);
        return o;
    }();
    resize_sets(rows);
    std::copy(old.which.begin(), old.which.end(), which.begin());
    std::fill(factor_inverse.begin(), factor_inverse.end(), 1.0);
    std::copy(old.factor_inverse.begin(), old.factor_inverse.end(), factor_inverse.begin());
    for (std::int64_t i = 0; i < k; ++i) {
        double* row = factor.data() + i * distance() * width;
        std::fill_n(row, i * width, 0.0);
        std::fill_n(row + i * width, width, 1.0);
        if (i < old.k) std::copy_n(old.factor.data() + i * old.distance() * width, (i + 1) * width, row);
    }
}

void dense_lanes::put(int l, const std::vector<int>& rows, const double* L, std::int64_t apart) {
    const auto count = static_cast<std::int64_t>(rows.size());
    if (count > k) grow(count);
    counts[at(l)] = static_cast<double>(count);
    for (std::int64_t i = 0; i < k; ++i) {
        const bool own = i < count;
        which[at(i * width + l)] = own ? rows[at(i)] : 0;
        factor_inverse[at(i * width + l)] = own ? 1 / L[i * (apart + 1)] : 1.0;
        for (std::int64_t j = 0; j <= i; ++j)
            factor[at((i * distance() + j) * width + l)] = own ? L[i * apart + j] : i == j ? 1.0 : 0.0;
    }
}

units dense_lanes::measures(int l) const {
    const auto row = [&](const array& a, std::int64_t size) { return a.data() + l * size; };
    return {static_cast<int>(n), static_cast<int>(p), static_cast<int>(m), row(a_scale, p), row(g_scale, m),
            row(z_scale, n),     row(a_unit, p),      row(g_unit, m),      row(z_unit, n)};
}

std::size_t dense_lanes::bytes() const {
    // Whatever the active sets of the others are.
    return (panel.size() + schur.size() + at((m * (m + 1) + 4 * (n + p + m)) * width)) * sizeof(double);
}

std::size_t dense_lanes::held() const {
    return (panel.capacity() + schur.capacity() + factor.capacity()) * sizeof(double);
}

void dense_lanes::solve(double* z, double* nu, double* lambda) const {
    const auto& kernels = cpu::dense<double>();
    kernels.lanes_forward(panel.data(), ld, panel_inverse.data(), n, z);
    kernels.lanes_product(nu, p, z, n, va(), ld, 1, 1, p, n, false, 1.0, -1.0);
    kernels.lanes_forward(schur.data(), p, schur_inverse.data(), p, nu);
    kernels.lanes_product(lambda, m, z, n, vg(), ld, 1, 1, m, n, false, 1.0, -1.0);
    kernels.lanes_product(lambda, m, nu, p, w(), p, 1, 1, m, p, false, -1.0, 1.0);
    if (inside.empty())
        solve_listed(lambda);
    else
        solve_inside(lambda);
    finish(z, nu, lambda);
}

void dense_lanes::solve_inside(double* lambda) const {
    const auto& kernels = cpu::dense<double>();
    for (std::size_t e = 0; e < inside.size(); ++e) lambda[e] = inside[e] > 0 ? lambda[e] : 0.0;
    kernels.lanes_forward(factor.data(), distance(), factor_inverse.data(), m, lambda);
    kernels.lanes_backward(factor.data(), distance(), factor_inverse.data(), m, lambda);
    for (std::size_t e = 0; e < inside.size(); ++e) lambda[e] = inside[e] > 0 ? lambda[e] : 0.0;
}

void dense_lanes::solve_listed(double* lambda) const {
    const auto& kernels = cpu::dense<double>();
    array x(at(k * width));
    const auto each_row = [&](auto visit) {
        for (std::int64_t l = 0; l < width; ++l)
            for (std::int64_t i = 0; i < static_cast<std::int64_t>(counts[at(l)]); ++i)
                visit(x[at(i * width + l)], lambda[which[at(i * width + l)] * width + l]);
    };
    each_row([](double& own, double given) { own = given; });
    kernels.lanes_solve(factor.data(), distance(), factor_inverse.data(), k, x.data());
    std::fill_n(lambda, m * width, 0.0);
    each_row([](double own, double& to) { to = own; });
}

void dense_lanes::finish(double* z, double* nu, const double* lambda) const {
    const auto& kernels = cpu::dense<double>();
    kernels.lanes_product(z, n, lambda, m, vg(), 1, ld, 1, n, m, false, -1.0, 1.0);
    kernels.lanes_product(nu, p, lambda, m, w(), 1, p, 1, p, m, false, -1.0, 1.0);
    finish_reduced(z, nu);
}

void dense_lanes::finish_rows(double* z, double* nu, double* sums) const {
    const auto& kernels = cpu::dense<double>();
    kernels.lanes_forward(panel.data(), ld, panel_inverse.data(), n, sums); // V_G'λ
    for (std::int64_t e = 0; e < n * width; ++e) z[e] -= sums[e];
    if (p > 0) {
        array right(at(p * width)); // W'λ
        kernels.lanes_product(right.data(), p, sums, n, va(), ld, 1, 1, p, n, false, 1.0, 0.0);
        kernels.lanes_forward(schur.data(), p, schur_inverse.data(), p, right.data());
        for (std::int64_t e = 0; e < p * width; ++e) nu[e] -= right[at(e)];
    }
    finish_reduced(z, nu);
}

/// Once the multipliers of the inequalities have been taken off.
void dense_lanes::finish_reduced(double* z, double* nu) const {
    const auto& kernels = cpu::dense<double>();
    kernels.lanes_backward(schur.data(), p, schur_inverse.data(), p, nu);
    kernels.lanes_product(z, n, nu, p, va(), 1, ld, 1, n, p, false, -1.0, 1.0);
    kernels.lanes_backward(panel.data(), ld, panel_inverse.data(), n, z);
}

} // namespace optnet::solver
