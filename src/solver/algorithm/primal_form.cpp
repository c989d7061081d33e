// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/primal_form.hpp"

#include "solver/cpu/dense.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

primal_form::primal_form(const operators& source) : data(source) {
    const std::int64_t n = data.n;
    q.assign(at(n * n), 0.0);
    data.add_dense(matrix::Q, q.data(), n);
    for (int i = 0; i < data.m; ++i)
        if (!data.g_is_bound(i)) general.push_back(i);
    const auto count = static_cast<std::int64_t>(general.size());
    gt.assign(at(n * count), 0.0);
    std::vector<double> row(at(n));
    for (std::int64_t i = 0; i < count; ++i) {
        std::fill(row.begin(), row.end(), 0.0);
        data.g_row_add(general[at(i)], 1.0, row.data());
        for (std::int64_t j = 0; j < n; ++j) gt[at(j * count + i)] = row[at(j)];
    }
    std::vector<double> a(at(std::int64_t{data.p} * n));
    data.add_dense(matrix::A, a.data(), n);
    for (const double v : a) a_trace += v * v;
}

bool primal_form::factor(const std::vector<double>& w) {
    const auto& kernels = cpu::dense();
    const std::int64_t n = data.n, p = data.p, count = static_cast<std::int64_t>(general.size());
    weights = w;
    l.assign(at((n + p) * n), 0.0);
    std::copy(q.begin(), q.end(), l.begin());
    scaled.resize(gt.size());
    std::vector<double> root(at(count));
    for (std::int64_t i = 0; i < count; ++i) root[at(i)] = std::sqrt(w[at(general[at(i)])]);
    for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t i = 0; i < count; ++i) scaled[at(j * count + i)] = gt[at(j * count + i)] * root[at(i)];
    kernels.multiply_nt(l.data(), n, scaled.data(), count, scaled.data(), count, n, n, count, 1.0, true);
    for (int i = 0; i < data.m; ++i)
        if (data.g_is_bound(i) && data.g_column(i) >= 0) {
            const std::int64_t c = data.g_column(i);
            l[at(c * n + c)] += w[at(i)] * data.g_entry(i) * data.g_entry(i);
        }
    double trace = 0;
    for (std::int64_t j = 0; j < n; ++j) trace += l[at(j * n + j)];
    if (!(trace < 1e280)) return false;
    double* a = l.data() + n * n;
    data.add_dense(matrix::A, a, n);
    gamma = a_trace > 0 ? (trace > 0 ? trace : 1.0) / a_trace : 0.0;
    if (gamma > 0)
        for (std::int64_t k = 0; k < p; ++k)
            for (std::int64_t i = 0; i < n; ++i) {
                const double factor = gamma * a[k * n + i];
                if (factor != 0) kernels.axpy(factor, a + k * n, l.data() + i * n, i + 1);
            }
    for (std::int64_t j = 0; j < n; ++j) l[at(j * n + j)] += 1e-8 * std::max(1e-4, std::min(1.0, trace / static_cast<double>(std::max<std::int64_t>(n, 1))));
    if (!kernels.cholesky(l.data(), n + p, n, n, 0)) return false;
    if (p > 0) {
        const double* va = l.data() + n * n;
        ls.assign(at(p * p), 0.0);
        kernels.multiply_nt(ls.data(), p, va, n, va, n, p, p, n, 1.0, true);
        double most = 0;
        for (std::int64_t i = 0; i < p; ++i) most = std::max(most, ls[at(i * p + i)]);
        for (std::int64_t i = 0; i < p; ++i) ls[at(i * p + i)] += 1e-10 * (most > 0 ? most : 1.0);
        if (!kernels.cholesky(ls.data(), p, p, p, 0)) return false;
    }
    return true;
}

void primal_form::solve_once(std::vector<double>& z, std::vector<double>& nu) const {
    const auto& kernels = cpu::dense();
    const std::int64_t n = data.n, p = data.p;
    if (gamma > 0) {
        std::vector<double> factor = nu;
        for (double& v : factor) v *= gamma;
        data.multiply_transposed_add(matrix::A, factor.data(), z.data());
    }
    kernels.solve_lower(l.data(), n, n, z.data());
    if (p > 0) {
        const double* va = l.data() + n * n;
        for (double& v : nu) v = -v;
        kernels.multiply_vector(va, n, p, n, 1.0, z.data(), nu.data());
        kernels.solve_lower(ls.data(), p, p, nu.data());
        kernels.solve_lower_transposed(ls.data(), p, p, nu.data());
        kernels.multiply_vector_transposed(va, n, p, n, -1.0, nu.data(), z.data());
    }
    kernels.solve_lower_transposed(l.data(), n, n, z.data());
}

void primal_form::solve(std::vector<double>& z, std::vector<double>& nu) const {
    const std::vector<double> right_z = z, right_nu = nu;
    solve_once(z, nu);
    std::vector<double> rz(z.size()), rnu(nu.size()), gz(at(data.m));
    for (int step = 0; step < 2; ++step) {
        std::fill(rz.begin(), rz.end(), 0.0);
        std::fill(rnu.begin(), rnu.end(), 0.0);
        std::fill(gz.begin(), gz.end(), 0.0);
        data.multiply_add(matrix::Q, z.data(), rz.data());
        data.multiply_add(matrix::G, z.data(), gz.data());
        for (std::size_t i = 0; i < gz.size(); ++i) gz[i] *= weights[i];
        data.multiply_transposed_add(matrix::G, gz.data(), rz.data());
        data.multiply_transposed_add(matrix::A, nu.data(), rz.data());
        data.multiply_add(matrix::A, z.data(), rnu.data());
        for (std::size_t j = 0; j < rz.size(); ++j) rz[j] = right_z[j] - rz[j];
        for (std::size_t i = 0; i < rnu.size(); ++i) rnu[i] = right_nu[i] - rnu[i];
        solve_once(rz, rnu);
        for (std::size_t j = 0; j < rz.size(); ++j) z[j] += rz[j];
        for (std::size_t i = 0; i < rnu.size(); ++i) nu[i] += rnu[i];
    }
}

} // namespace optnet::solver
