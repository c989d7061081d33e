// SPDX-License-Identifier: Apache-2.0
// Form D for one vector: the two halves of an equality solve, and rows of G as it sees them.

#include "solver/algorithm/dual_form.hpp"
#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

} // namespace

void dual_form::forward(double* z, double* nu) const {
    const auto& kernels = cpu::dense<double>();
    const int n = data->n, p = data->p;
    if (reduced) return pivoted.forward(z, nu);
    if (turned) {
        kernels.upper_forward(panel.data(), stride, n, z);
        if (p == 0) return;
        kernels.gemv_transposed(va(), stride, n, p, 1.0, z, -1.0, nu);
        return kernels.upper_forward(schur.data(), schur_stride, p, nu);
    }
    // γA'A in H asks for γA'(A dz) on the right-hand side; A dz = rnu + δ dν, δ = 0 or small enough for refinement.
    if (gamma > 0) {
        std::vector<double> scaled(nu, nu + p);
        for (double& v : scaled) v *= gamma;
        data->multiply_transposed_add(matrix::A, scaled.data(), z);
    }
    if (diagonal)
        for (int i = 0; i < n; ++i) z[i] /= panel[size(i)];
    else
        kernels.trsv_lower(panel.data(), n, n, z);
    if (p == 0) return;
    kernels.gemv(va(), n, p, n, 1.0, z, -1.0, nu);
    kernels.trsv_lower(schur.data(), p, p, nu);
}

void dual_form::backward(double* y, double* u) const {
    const auto& kernels = cpu::dense<double>();
    const int n = data->n, p = data->p;
    if (reduced) {
        std::vector<double> half(y, y + n);
        pivoted.point(half.data(), y);
        return pivoted.multipliers(half.data(), u);
    }
    if (turned) {
        if (p > 0) {
            kernels.upper_backward(schur.data(), schur_stride, p, u);
            kernels.gemv(va(), stride, n, p, -1.0, u, 1.0, y);
        }
        return kernels.upper_backward(panel.data(), stride, n, y);
    }
    if (p > 0) {
        kernels.trsv_lower_transposed(schur.data(), p, p, u);
        kernels.gemv_transposed(va(), n, p, n, -1.0, u, 1.0, y);
    }
    if (diagonal)
        for (int i = 0; i < n; ++i) y[i] /= panel[size(i)];
    else
        kernels.trsv_lower_transposed(panel.data(), n, n, y);
}

void dual_form::rows(const int* which, std::int64_t count, double* out) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, width = row_width();
    if (kept_r) {
        for (std::int64_t i = 0; i < count; ++i) {
            std::copy_n(vg() + which[i] * n, n, out + i * width);
            std::copy_n(schur.data() + (p + which[i]) * p, p, out + i * width + n);
        }
        return;
    }
    if (turned) {
        const std::int64_t apart = line_stride(count);
        aligned_numbers all(size(width * apart));
        columns(which, count, all.data(), apart);
        return kernels.turn_rows(all.data(), apart, nullptr, width, count, out, width, nullptr);
    }
    bool bounds = diagonal;
    for (std::int64_t i = 0; i < count; ++i) {
        data->write_g_row(which[i], out + i * width);
        std::fill_n(out + i * width + n, p, 0.0);
        bounds = bounds && data->g_is_bound(which[i]);
    }
    if (bounds) {
        // One column each of L⁻¹ and of V_A.
        for (std::int64_t i = 0; i < count; ++i) {
            const int column = data->g_column(which[i]);
            if (column < 0) continue;
            double& own = out[i * width + column];
            own /= panel[size(column)];
            for (std::int64_t k = 0; k < p; ++k) out[i * width + n + k] = own * va()[k * n + column];
        }
    } else {
        if (diagonal)
            for (std::int64_t i = 0; i < count; ++i)
                for (std::int64_t j = 0; j < n; ++j) out[i * width + j] /= panel[size(j)];
        else
            kernels.trsm_lower(panel.data(), n, n, out, width, count);
        if (p > 0) kernels.gemm_nt(out + n, width, out, width, va(), n, count, p, n, 1.0, 0.0);
    }
    if (p > 0) kernels.trsm_lower(schur.data(), p, p, out + n, width, count);
}

void dual_form::columns(const int* which, std::int64_t count, double* out, std::int64_t ld) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p;
    if (!turned) {
        std::vector<double> all(size(count * (n + p)));
        rows(which, count, all.data());
        return kernels.turn_rows(all.data(), n + p, nullptr, count, n + p, out, ld, nullptr);
    }
    if (reduced) return pivoted.columns(*data, which, count, out, ld);
    data->write_g_columns(which, count, out, ld);
    kernels.upper_solve(panel.data(), stride, n, out, ld, count);
    if (p == 0) return;
    double* w = out + n * ld;
    kernels.upper_product(w, ld, va(), stride, p, out, ld, count, n, p, 1.0, 0.0);
    kernels.upper_solve(schur.data(), schur_stride, p, w, ld, count);
}

void dual_form::gather(const std::vector<int>& which, double* out, std::int64_t ld) const {
    const auto count = static_cast<std::int64_t>(which.size());
    if (kept_r) {
        for (std::int64_t i = 0; i < count; ++i)
            for (std::int64_t j = 0; j <= i; ++j) out[i * ld + j] = r_row(which[size(i)])[which[size(j)]];
        return;
    }
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, width = row_width();
    std::vector<double> t(size(count * width));
    rows(which.data(), count, t.data());
    kernels.syrk_lower(out, ld, t.data(), width, count, long_part(), 1.0, 0.0);
    if (reduced) return;
    std::vector<double> length(size(count));
    for (std::int64_t i = 0; i < count; ++i) length[size(i)] = out[i * ld + i];
    if (p == 0) return;
    kernels.syrk_lower(out, ld, t.data() + n, width, count, p, -1.0, 1.0);
    clear_dependent_rows(out, ld, count, length.data());
}

} // namespace optnet::solver
