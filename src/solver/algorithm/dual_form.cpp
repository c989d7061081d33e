// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/dual_form.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t size(std::int64_t a, std::int64_t b = 1) { return static_cast<std::size_t>(a * b); }

/// Relative size of ρ. Small enough that linear programs need two outer steps, large enough that R keeps its digits.
constexpr double proximal_weight = 1e-2;

} // namespace

bool dual_form::set_up(const operators& source, double convexity_tolerance, bool with_r) {
    data = &source;
    rho = gamma = delta = 0;
    const int n = source.n, p = source.p, m = with_r ? source.m : 0;
    va.assign(size(p, n), 0.0);
    vg.assign(size(m, n), 0.0);
    source.add_dense(matrix::A, va.data(), n);
    if (m > 0) source.add_dense(matrix::G, vg.data(), n);
    r.clear();
    if (!factor(convexity_tolerance)) return false;
    if (p > 0) eliminate_equalities();
    if (m > 0) form_r();
    vg = {};
    w = {};
    return true;
}

bool dual_form::factor(double convexity_tolerance) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = n == 0 ? 0 : static_cast<std::int64_t>(vg.size()) / n;
    // Below this a pivot is rounding: Q counts as singular.
    const double scale = data->q_max > 0 ? data->q_max : 1.0;
    const double floor = 1e-11 * scale;
    diagonal = data->q_is_diagonal();
    if (diagonal) {
        const auto& q = data->q_diagonal();
        const double least = n == 0 ? scale : *std::min_element(q.begin(), q.end());
        if (!(least >= -convexity_tolerance * data->q_max)) return false;
        if (least <= floor) rho = proximal_weight * scale;
        l.resize(size(n));
        for (std::int64_t i = 0; i < n; ++i) l[size(i)] = std::sqrt(q[size(i)] + rho);
        for (std::int64_t i = 0; i < p; ++i)
            for (std::int64_t j = 0; j < n; ++j) va[size(i, n) + size(j)] /= l[size(j)];
        for (std::int64_t i = 0; i < m; ++i)
            for (std::int64_t j = 0; j < n; ++j) vg[size(i, n) + size(j)] /= l[size(j)];
        return true;
    }
    // One panel [H; A; G] becomes [L; V_A; V_G] in one sweep.
    const auto attempt = [&](double shift, double weight, double least) {
        l.assign(size(n + p + m, n), 0.0);
        data->add_dense(matrix::Q, l.data(), n);
        for (std::int64_t i = 0; i < n; ++i) l[size(i, n) + size(i)] += shift;
        if (weight > 0)
            for (std::int64_t k = 0; k < p; ++k) {
                const double* a = va.data() + k * n;
                for (std::int64_t i = 0; i < n; ++i) kernels.axpy(weight * a[i], a, l.data() + i * n, i + 1);
            }
        std::copy(va.begin(), va.end(), l.begin() + n * n);
        std::copy(vg.begin(), vg.end(), l.begin() + (n + p) * n);
        return kernels.partial_cholesky(l.data(), n + p + m, n, n, least, nullptr);
    };
    const auto accept = [&] {
        std::copy_n(l.begin() + n * n, p * n, va.begin());
        std::copy_n(l.begin() + (n + p) * n, m * n, vg.begin());
        l.resize(size(n, n));
        return true;
    };
    if (attempt(0, 0, floor)) return accept();
    // Convex at all? A pivot that stays negative under this shift is a negative eigenvalue beyond rounding.
    const double rounding = std::max(convexity_tolerance, 1e-15 * static_cast<double>(n));
    if (!attempt(rounding * data->q_max + 1e-300, 0, 0)) return false;
    double a_trace = 0;
    for (const double v : va) a_trace += v * v;
    if (a_trace > 0) {
        gamma = scale * static_cast<double>(n) / a_trace;
        if (attempt(0, gamma, 1e-7 * scale)) return accept();
        gamma = 0;
    }
    rho = proximal_weight * scale;
    return attempt(rho, 0, 0) && accept();
}

void dual_form::eliminate_equalities() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = n == 0 ? 0 : static_cast<std::int64_t>(vg.size()) / n;
    double most = 0;
    for (std::int64_t i = 0; i < p; ++i) most = std::max(most, kernels.dot(va.data() + i * n, va.data() + i * n, n));
    if (most == 0) most = 1;
    // One panel [S; V_G V_A'] becomes [L_S; W].
    const auto attempt = [&](double shift, double floor) {
        ls.assign(size(p + m, p), 0.0);
        kernels.syrk_lower(ls.data(), p, va.data(), n, p, n, 1.0, 1.0);
        for (std::int64_t i = 0; i < p; ++i) ls[size(i, p) + size(i)] += shift;
        double* below = ls.data() + p * p;
        for (std::int64_t i = 0; i < m; ++i) {
            const int column = data->g_column(static_cast<int>(i));
            if (!diagonal || !data->g_is_bound(static_cast<int>(i)))
                kernels.gemm_nt(below + i * p, p, vg.data() + i * n, n, va.data(), n, 1, p, n, 1.0, 1.0);
            else if (column >= 0)
                for (std::int64_t k = 0; k < p; ++k) below[i * p + k] = vg[size(i, n) + size(column)] * va[size(k, n) + size(column)];
        }
        return kernels.partial_cholesky(ls.data(), p + m, p, p, floor, nullptr);
    };
    if (!attempt(0, 1e-12 * most))
        for (delta = 1e-9 * most; !attempt(delta, 0) && delta < 1e9 * most; delta *= 10) {}
    w.assign(ls.begin() + p * p, ls.end());
    ls.resize(size(p, p));
}

void dual_form::form_r() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = data->m;
    r.assign(size(m, m), 0.0);
    const auto bound = [&](std::int64_t i) { return data->g_is_bound(static_cast<int>(i)); };
    const auto column = [&](std::int64_t i) { return static_cast<std::int64_t>(data->g_column(static_cast<int>(i))); };
    if (diagonal) {
        // A bound row has one entry: it meets other bound rows of its column only, and one entry of a general row.
        std::vector<std::vector<std::int64_t>> by_column(size(n));
        for (std::int64_t i = 0; i < m; ++i)
            if (bound(i) && column(i) >= 0) by_column[size(column(i))].push_back(i);
        for (std::int64_t i = 0; i < m; ++i) {
            const double* row = vg.data() + i * n;
            if (bound(i) && column(i) >= 0)
                for (const std::int64_t j : by_column[size(column(i))])
                    r[size(i, m) + size(j)] = row[column(i)] * vg[size(j, n) + size(column(i))];
            if (bound(i)) continue;
            for (std::int64_t j = 0; j < m; ++j) {
                double value = 0;
                if (!bound(j))
                    value = kernels.dot(row, vg.data() + j * n, n);
                else if (column(j) >= 0)
                    value = row[column(j)] * vg[size(j, n) + size(column(j))];
                r[size(i, m) + size(j)] = r[size(j, m) + size(i)] = value;
            }
        }
    } else {
        kernels.syrk_lower(r.data(), m, vg.data(), n, m, n, 1.0, 1.0);
    }
    if (p > 0) kernels.syrk_lower(r.data(), m, w.data(), p, m, p, -1.0, 1.0);
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = i + 1; j < m; ++j) r[size(i, m) + size(j)] = r[size(j, m) + size(i)];
}

void dual_form::equality_solve(double* z, double* nu) const {
    const auto& kernels = cpu::dense<double>();
    const int n = data->n, p = data->p;
    // γA'A in H asks for γA'(A dz) on the right-hand side; A dz = rnu + δ dν, and δ = 0 or small enough for refinement.
    if (gamma > 0) {
        std::vector<double> scaled(nu, nu + p);
        for (double& v : scaled) v *= gamma;
        data->multiply_transposed_add(matrix::A, scaled.data(), z);
    }
    if (diagonal)
        for (int i = 0; i < n; ++i) z[i] /= l[size(i)];
    else
        kernels.trsv_lower(l.data(), n, n, z);
    if (p > 0) {
        // dν = S⁻¹(V_A y − rnu), y ← y − V_A' dν
        for (int i = 0; i < p; ++i) nu[i] = -nu[i];
        kernels.gemv(va.data(), n, p, n, 1.0, z, 1.0, nu);
        kernels.trsv_lower(ls.data(), p, p, nu);
        kernels.trsv_lower_transposed(ls.data(), p, p, nu);
        kernels.gemv_transposed(va.data(), n, p, n, -1.0, nu, 1.0, z);
    }
    if (diagonal)
        for (int i = 0; i < n; ++i) z[i] /= l[size(i)];
    else
        kernels.trsv_lower_transposed(l.data(), n, n, z);
}

void dual_form::gather(const std::vector<int>& rows, double* out, std::int64_t ld) const {
    const auto k = static_cast<std::int64_t>(rows.size());
    if (!r.empty()) {
        for (std::int64_t i = 0; i < k; ++i)
            for (std::int64_t j = 0; j <= i; ++j) out[i * ld + j] = r_row(rows[size(i)])[rows[size(j)]];
        return;
    }
    std::vector<double> z(size(data->n)), nu(size(data->p));
    for (std::int64_t i = 0; i < k; ++i) {
        std::fill(z.begin(), z.end(), 0.0);
        std::fill(nu.begin(), nu.end(), 0.0);
        data->g_row_add(rows[size(i)], 1.0, z.data());
        equality_solve(z.data(), nu.data());
        for (std::int64_t j = 0; j <= i; ++j) out[i * ld + j] = data->g_row_dot(rows[size(j)], z.data());
    }
}

std::size_t dual_form::bytes() const {
    return (l.size() + va.size() + ls.size() + r.size()) * sizeof(double) + data->bytes();
}

} // namespace optnet::solver
