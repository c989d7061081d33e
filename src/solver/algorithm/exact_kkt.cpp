// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/exact_kkt.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A pivot of this share of the largest entry is rounding.
constexpr double rounding = 1e-11;
/// What the diagonal of S is shifted by where rows of A depend on each other.
constexpr double dependent_shift = 1e-9;

} // namespace

bool exact_kkt::set_up(const operators& source, const std::vector<int>& rows, const std::vector<double>& ratios) {
    const auto& kernels = cpu::dense<double>();
    data = &source;
    active = rows;
    ratio = ratios;
    hard.clear();
    soft.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) (ratios.empty() || ratios[i] == 0 ? hard : soft).push_back(i);
    const std::int64_t n = data->n, p = data->p, count = p + static_cast<std::int64_t>(hard.size());

    c.assign(at(count * n), 0.0);
    data->write_dense(matrix::A, c.data(), n);
    for (std::size_t i = 0; i < hard.size(); ++i)
        data->g_row_add(rows[hard[i]], 1.0, c.data() + (p + static_cast<std::int64_t>(i)) * n);
    panel.assign(at((n + count) * n), 0.0);
    double* const h = panel.data();
    data->write_dense(matrix::Q, h, n);
    std::vector<double> row(at(n));
    for (const std::size_t i : soft) {
        std::fill(row.begin(), row.end(), 0.0);
        data->g_row_add(rows[i], 1.0, row.data());
        for (std::int64_t j = 0; j < n; ++j) kernels.axpy(row[at(j)] / ratios[i], row.data(), h + j * n, j + 1);
    }
    double most = 0, length = 0;
    for (std::int64_t j = 0; j < n; ++j) most = std::max(most, h[j * n + j]);
    for (const double v : c) length += v * v;
    if (most == 0) most = 1;
    gamma = length > 0 ? most * static_cast<double>(n) / length : 0.0;
    for (std::int64_t k = 0; k < count; ++k) {
        const double* of = c.data() + k * n;
        for (std::int64_t j = 0; j < n; ++j)
            if (of[j] != 0) kernels.axpy(gamma * of[j], of, h + j * n, j + 1);
    }
    std::copy(c.begin(), c.end(), h + n * n);
    if (!kernels.partial_cholesky(h, n + count, n, n, rounding * most, nullptr)) return false;

    const double* v = h + n * n;
    double longest = 0;
    for (std::int64_t i = 0; i < count; ++i) longest = std::max(longest, kernels.dot(v + i * n, v + i * n, n));
    const auto attempt = [&](double shift, double floor) {
        schur.resize(at(count * count));
        kernels.syrk_lower(schur.data(), count, v, n, count, n, 1.0, 0.0);
        for (std::int64_t i = 0; i < count; ++i) schur[at(i * (count + 1))] += shift;
        return kernels.partial_cholesky(schur.data(), count, count, count, floor, nullptr);
    };
    return count == 0 || attempt(0, rounding * longest) || attempt(dependent_shift * longest, 0);
}

void exact_kkt::correct(point& x) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, count = p + static_cast<std::int64_t>(hard.size());
    std::vector<double> d(at(count)), right = x.lambda;
    std::copy(x.nu.begin(), x.nu.end(), d.begin());
    for (std::size_t i = 0; i < hard.size(); ++i) d[at(p) + i] = right[at(active[hard[i]])];
    double* const z = x.z.data();
    kernels.gemv_transposed(c.data(), n, count, n, gamma, d.data(), 1.0, z);
    for (const std::size_t i : soft) data->g_row_add(active[i], right[at(active[i])] / ratio[i], z);
    // y = L⁻¹ z, S d = V y − d, z = L⁻ᵀ (y − V'd)
    const double* v = panel.data() + n * n;
    kernels.trsv_lower(panel.data(), n, n, z);
    kernels.gemv(v, n, count, n, 1.0, z, -1.0, d.data());
    kernels.trsv_lower(schur.data(), count, count, d.data());
    kernels.trsv_lower_transposed(schur.data(), count, count, d.data());
    kernels.gemv_transposed(v, n, count, n, -1.0, d.data(), 1.0, z);
    kernels.trsv_lower_transposed(panel.data(), n, n, z);
    std::copy_n(d.begin(), p, x.nu.begin());
    std::fill(x.lambda.begin(), x.lambda.end(), 0.0);
    for (std::size_t i = 0; i < hard.size(); ++i) x.lambda[at(active[hard[i]])] = d[at(p) + i];
    for (const std::size_t i : soft) {
        const int k = active[i];
        x.lambda[at(k)] = (data->g_row_dot(k, z) - right[at(k)]) / ratio[i];
    }
}

} // namespace optnet::solver
