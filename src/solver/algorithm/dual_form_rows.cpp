// SPDX-License-Identifier: Apache-2.0
// Form D for several vectors at once, and its kept rows without copying them.

#include "solver/algorithm/dual_form.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

void dual_form::hand_over(dual_form& to, const operators& measures) {
    to.data = &measures;
    to.rho = rho;
    to.gamma = gamma;
    to.delta = delta;
    to.diagonal = diagonal;
    to.kept_r = kept_r;
    to.turned = turned;
    to.reduced = reduced;
    std::swap(to.pivoted, pivoted);
    to.stride = stride;
    to.schur_stride = schur_stride;
    to.panel.swap(panel);
    to.inverse.swap(inverse);
    to.schur.swap(schur);
}

void dual_form::row_products(const std::vector<int>& which, const double* y, const double* u, double* out) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p;
    const double* w = schur.data() + p * p;
    for (std::size_t i = 0; i < which.size(); ++i) {
        out[i] += kernels.dot(vg() + which[i] * n, y, n);
        if (p > 0) out[i] -= kernels.dot(w + which[i] * p, u, p);
    }
}

void dual_form::subtract_rows(const std::vector<int>& which, const double* f, double* y, double* u) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, k = static_cast<std::int64_t>(which.size());
    std::vector<double> minus(f, f + k);
    for (double& v : minus) v = -v;
    kernels.combine_rows(vg(), n, which.data(), minus.data(), k, y, n, y);
    if (p > 0) kernels.combine_rows(schur.data() + p * p, p, which.data(), minus.data(), k, u, p, u);
}

void dual_form::inequality_products(const double* y, const double* u, double* out) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = data->m;
    kernels.gemv(vg(), n, m, n, 1.0, y, 0.0, out);
    if (p > 0) kernels.gemv(schur.data() + p * p, p, m, p, -1.0, u, 1.0, out);
}

void dual_form::forward_rows(double* Z, double* U, std::int64_t count) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p;
    if (gamma > 0) {
        std::vector<double> scaled(U, U + count * p);
        for (double& v : scaled) v *= gamma;
        data->multiply_transposed_add_rows(matrix::A, scaled.data(), Z, count);
    }
    if (diagonal) {
        for (std::int64_t k = 0; k < count; ++k)
            for (std::int64_t j = 0; j < n; ++j) Z[k * n + j] *= inverse[at(j)];
    } else {
        kernels.trsm_lower(panel.data(), n, n, Z, n, count);
    }
    if (p == 0) return;
    kernels.gemm_nt(U, p, Z, n, va(), n, count, p, n, 1.0, -1.0);
    kernels.trsm_lower(schur.data(), p, p, U, p, count);
}

void dual_form::common_start::set_up(const dual_form& form, const double* z) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = form.data->n, p = form.data->p, m = form.data->m;
    // γA'U would enter y.
    usable = form.kept_r && form.gamma == 0;
    if (!usable) return;
    y.assign(z, z + n);
    a.resize(at(p));
    g.resize(at(m));
    if (form.diagonal)
        for (std::int64_t j = 0; j < n; ++j) y[at(j)] *= form.inverse[at(j)];
    else
        kernels.trsv_lower(form.panel.data(), n, n, y.data());
    kernels.gemv(form.va(), n, p, n, 1.0, y.data(), 0.0, a.data());
    kernels.gemv(form.vg(), n, m, n, 1.0, y.data(), 0.0, g.data());
}

void dual_form::forward_rows(const common_start& from, double* Z, double* U, std::int64_t count) const {
    const std::int64_t n = data->n, p = data->p;
    for (std::int64_t k = 0; k < count; ++k) {
        std::copy(from.y.begin(), from.y.end(), Z + k * n);
        for (std::int64_t i = 0; i < p; ++i) U[k * p + i] = from.a[at(i)] - U[k * p + i];
    }
    if (p > 0) cpu::dense<double>().trsm_lower(schur.data(), p, p, U, p, count);
}

void dual_form::subtract_products(const common_start* from, const double* Y, const double* U, double* M,
                                  std::int64_t count) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = data->m;
    if (from == nullptr)
        kernels.gemm_nt(M, m, Y, n, vg(), n, count, m, n, -1.0, 1.0);
    else
        for (std::int64_t k = 0; k < count; ++k)
            for (std::int64_t i = 0; i < m; ++i) M[k * m + i] -= from->g[at(i)];
    if (p > 0) kernels.gemm_nt(M, m, U, p, schur.data() + p * p, p, count, m, p, 1.0, 1.0);
}

void dual_form::backward_rows(double* Y, double* U, std::int64_t count) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p;
    if (p > 0) {
        kernels.trsm_lower_transposed(schur.data(), p, p, U, p, count);
        kernels.gemm_nn(Y, n, U, p, va(), n, count, n, p, -1.0, 1.0);
    }
    if (diagonal) {
        for (std::int64_t k = 0; k < count; ++k)
            for (std::int64_t j = 0; j < n; ++j) Y[k * n + j] *= inverse[at(j)];
    } else {
        kernels.trsm_lower_transposed(panel.data(), n, n, Y, n, count);
    }
}

void dual_form::inequality_products(const double* Y, const double* U, double* M, std::int64_t count) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = data->m;
    kernels.gemm_nt(M, m, Y, n, vg(), n, count, m, n, 1.0, 0.0);
    if (p > 0) kernels.gemm_nt(M, m, U, p, schur.data() + p * p, p, count, m, p, -1.0, 1.0);
}

void dual_form::subtract_multipliers(const double* M, double* Y, double* U, std::int64_t count) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = data->m;
    kernels.gemm_nn(Y, n, M, m, vg(), n, count, n, m, -1.0, 1.0);
    if (p > 0) kernels.gemm_nn(U, p, M, m, schur.data() + p * p, p, count, p, m, -1.0, 1.0);
}

} // namespace optnet::solver
