// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/primal_form.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// ρ, for H of size 1, and the share of the largest diagonal entry that the Schur complement of A is shifted by.
constexpr double proximal_shift = 1e-8, equality_shift = 1e-10;

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
    ata.assign(data.p > 0 ? at(n * n) : 0, 0.0);
    if (data.p > 0) cpu::dense<double>().gemm_tn(ata.data(), n, a.data(), n, a.data(), n, n, n, data.p, 1.0, 0.0);
}

void primal_form::begin(const element& e) {
    problem = &e;
    x.resize(data);
    d.resize(data);
    gz.assign(at(data.m), 0.0);
}

double primal_form::assemble() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data.n, p = data.p, count = static_cast<std::int64_t>(general.size());
    l.assign(at((n + p) * n), 0.0);
    std::copy(q.begin(), q.end(), l.begin());
    scaled.resize(gt.size());
    root.resize(at(count));
    for (std::int64_t i = 0; i < count; ++i) root[at(i)] = std::sqrt(weights[at(general[at(i)])]);
    for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t i = 0; i < count; ++i) scaled[at(j * count + i)] = gt[at(j * count + i)] * root[at(i)];
    kernels.syrk_lower(l.data(), n, scaled.data(), count, n, count, 1.0, 1.0);
    for (int i = 0; i < data.m; ++i)
        if (data.g_is_bound(i) && data.g_column(i) >= 0) {
            const std::int64_t c = data.g_column(i);
            l[at(c * n + c)] += weights[at(i)] * data.g_entry(i) * data.g_entry(i);
        }
    double trace = 0;
    for (std::int64_t j = 0; j < n; ++j) trace += l[at(j * n + j)];
    double* a = l.data() + n * n;
    data.add_dense(matrix::A, a, n);
    gamma = a_trace > 0 ? (trace > 0 ? trace : 1.0) / a_trace : 0.0;
    for (std::int64_t i = 0; gamma > 0 && i < n; ++i) kernels.axpy(gamma, ata.data() + i * n, l.data() + i * n, i + 1);
    return trace;
}

bool primal_form::factor(const std::vector<double>& w) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data.n, p = data.p;
    weights = w;
    // Weights that are far apart leave pivots of rounding: a larger shift then, which refinement takes back in part.
    for (const double relative : {0.0, 1e-14, 1e-12}) {
        const double trace = assemble();
        if (!(trace < 1e280)) return false;
        const double mean = n > 0 ? trace / static_cast<double>(n) : 0.0;
        const double shift = proximal_shift * std::clamp(mean, 1e-4, 1.0) + relative * trace;
        for (std::int64_t j = 0; j < n; ++j) l[at(j * n + j)] += shift;
        if (kernels.partial_cholesky(l.data(), n + p, n, n, 0, nullptr) && factor_equalities()) return true;
    }
    return false;
}

bool primal_form::factor_equalities() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data.n, p = data.p;
    if (p == 0) return true;
    const double* va = l.data() + n * n;
    ls.assign(at(p * p), 0.0);
    kernels.syrk_lower(ls.data(), p, va, n, p, n, 1.0, 1.0);
    double most = 0;
    for (std::int64_t i = 0; i < p; ++i) most = std::max(most, ls[at(i * p + i)]);
    for (std::int64_t i = 0; i < p; ++i) ls[at(i * p + i)] += equality_shift * (most > 0 ? most : 1.0);
    return kernels.partial_cholesky(ls.data(), p, p, p, 0, nullptr);
}

void primal_form::start(std::vector<double>& s) {
    for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] = -problem->q[j];
    for (std::size_t i = 0; i < gz.size(); ++i) gz[i] = weights[i] * problem->h[i];
    data.multiply_transposed_add(matrix::G, gz.data(), x.z.data());
    x.nu = problem->b;
    solve_equalities(x.z, x.nu);
    std::fill(gz.begin(), gz.end(), 0.0);
    data.multiply_add(matrix::G, x.z.data(), gz.data());
    for (std::size_t i = 0; i < s.size(); ++i) s[i] = problem->h[i] - gz[i];
}

void primal_form::residual(const std::vector<double>& lambda, const std::vector<double>& s, std::vector<double>& rs) {
    x.lambda = lambda;
    problem->residual(x, r);
    for (std::size_t i = 0; i < rs.size(); ++i) rs[i] = problem->absent(static_cast<int>(i)) ? 0.0 : r.lambda[i] - s[i];
}

void primal_form::solve(interior_rows& rows) {
    d.z = r.z;
    d.nu = r.nu;
    for (std::size_t i = 0; i < gz.size(); ++i) gz[i] = rows.w[i] * rows.rs[i] + rows.rc[i] / rows.s[i];
    data.multiply_transposed_add(matrix::G, gz.data(), d.z.data());
    solve_equalities(d.z, d.nu);
    std::fill(gz.begin(), gz.end(), 0.0);
    data.multiply_add(matrix::G, d.z.data(), gz.data());
    // G dz + ds = r_s, S dλ + Λ ds = −r_c
    for (std::size_t i = 0; i < gz.size(); ++i) {
        rows.ds[i] = problem->absent(static_cast<int>(i)) ? 0.0 : rows.rs[i] - gz[i];
        rows.dlambda[i] = -(rows.rc[i] + rows.lambda[i] * rows.ds[i]) / rows.s[i];
    }
}

void primal_form::advance(double step) {
    for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] += step * d.z[j];
    for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += step * d.nu[i];
}

void primal_form::write(point& to) const {
    to.z = x.z;
    to.nu = x.nu;
}

void primal_form::solve_once(std::vector<double>& z, std::vector<double>& nu) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data.n, p = data.p;
    if (gamma > 0) {
        scaled_nu = nu;
        for (double& v : scaled_nu) v *= gamma;
        data.multiply_transposed_add(matrix::A, scaled_nu.data(), z.data());
    }
    kernels.trsv_lower(l.data(), n, n, z.data());
    if (p > 0) {
        const double* va = l.data() + n * n;
        for (double& v : nu) v = -v;
        kernels.gemv(va, n, p, n, 1.0, z.data(), 1.0, nu.data());
        kernels.trsv_lower(ls.data(), p, p, nu.data());
        kernels.trsv_lower_transposed(ls.data(), p, p, nu.data());
        kernels.gemv_transposed(va, n, p, n, -1.0, nu.data(), 1.0, z.data());
    }
    kernels.trsv_lower_transposed(l.data(), n, n, z.data());
}

void primal_form::solve_equalities(std::vector<double>& z, std::vector<double>& nu) {
    right_z = z;
    right_nu = nu;
    solve_once(z, nu);
    std::vector<double> weighted(gz.size());
    for (int step = 0; step < 2; ++step) {
        left_z.assign(z.size(), 0.0);
        left_nu.assign(nu.size(), 0.0);
        std::fill(weighted.begin(), weighted.end(), 0.0);
        data.multiply_add(matrix::Q, z.data(), left_z.data());
        data.multiply_add(matrix::G, z.data(), weighted.data());
        for (std::size_t i = 0; i < weighted.size(); ++i) weighted[i] *= weights[i];
        data.multiply_transposed_add(matrix::G, weighted.data(), left_z.data());
        data.multiply_transposed_add(matrix::A, nu.data(), left_z.data());
        data.multiply_add(matrix::A, z.data(), left_nu.data());
        for (std::size_t j = 0; j < z.size(); ++j) left_z[j] = right_z[j] - left_z[j];
        for (std::size_t i = 0; i < nu.size(); ++i) left_nu[i] = right_nu[i] - left_nu[i];
        solve_once(left_z, left_nu);
        for (std::size_t j = 0; j < z.size(); ++j) z[j] += left_z[j];
        for (std::size_t i = 0; i < nu.size(); ++i) nu[i] += left_nu[i];
    }
}

} // namespace optnet::solver
