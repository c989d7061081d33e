// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/dual_form.hpp"

#include "solver/cpu/kernels.hpp"
#include "solver/cpu/pool.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t size(std::int64_t a, std::int64_t b = 1) { return static_cast<std::size_t>(a * b); }

/// Relative size of ρ. Small enough that linear programs need two outer steps, large enough that R keeps its digits.
constexpr double proximal_weight = 1e-2;
/// A row whose R_ii is this much smaller than |v_i|² depends on the equalities; the second where δ > 0 leaves more of
/// it.
constexpr double dependent = 1e-11, dependent_regularized = 1e-8;
/// A pivot of H below this share of the largest entry of Q is rounding, and one of S below this share of its largest.
constexpr double singular_pivot = 1e-11, dependent_equality = 1e-12;
/// So many equalities are few.
constexpr std::int64_t narrow = 24;

} // namespace

bool dual_form::set_up(const operators& source, double convexity_tolerance, kept_rows which, int threads) {
    data = &source;
    crew = threads;
    reduced = false;
    kept_r = which == kept_rows::all;
    const bool few = which == kept_rows::on_demand || which == kept_rows::at_once;
    turned = few && !data->q_is_diagonal();
    if (turned) {
        if (set_up_turned()) return true;
        turned = false;
        kept_r = true;
        return set_up_once(convexity_tolerance);
    }
    if (!set_up_once(convexity_tolerance)) return false;
    if (!few || (!regularized() && !(gamma > 0))) return true;
    kept_r = true;
    return set_up_once(convexity_tolerance);
}

bool dual_form::set_up_once(double convexity_tolerance) {
    rho = gamma = delta = 0;
    diagonal = data->q_is_diagonal();
    guess.clear();
    if (!(diagonal ? factor_diagonal(convexity_tolerance) : factor(convexity_tolerance))) return false;
    pivot = HUGE_VAL;
    for (std::int64_t i = 0; i < data->n; ++i) {
        const double root = panel[size(diagonal ? i : i * (data->n + 1))];
        pivot = std::min(pivot, root * root);
    }
    if (data->p > 0) eliminate_equalities();
    if (kept_r) form_r();
    return true;
}

/// [H A'] becomes [U V_A'] with U = L', then V_A V_A' becomes U_S; false if anything would have to be regularized.
bool dual_form::set_up_turned() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, cols = n + p;
    rho = gamma = delta = 0;
    diagonal = false;
    guess.clear();
    const double floor = singular_pivot * (data->q_max > 0 ? data->q_max : 1.0);
    if (reduced_form::pays(n, p, data->m) && pivoted.set_up(*data, floor)) {
        reduced = true;
        pivot = pivoted.least_pivot();
        return true;
    }
    stride = line_stride(cols);
    schur_stride = line_stride(p);
    panel.resize(size(n * stride + 8)); // vectors of the last row of V_A' may end behind it
    double* h = panel.data();
    data->write_dense(matrix::Q, h, stride);
    data->write_turned_a(va(), stride);
    for (std::int64_t i = 0; i < n; ++i) std::fill_n(h + i * stride + cols, stride - cols, 0.0);
    if (!kernels.upper_cholesky(h, n, cols, stride, floor)) return false;
    pivot = HUGE_VAL;
    for (std::int64_t i = 0; i < n; ++i) pivot = std::min(pivot, h[i * (stride + 1)] * h[i * (stride + 1)]);
    if (p == 0) return true;
    schur.resize(size(p * schur_stride));
    kernels.upper_product(schur.data(), schur_stride, va(), stride, p, va(), stride, p, n, 0, 1.0, 0.0);
    double most = 0;
    for (std::int64_t i = 0; i < p; ++i) most = std::max(most, schur[size(i * (schur_stride + 1))]);
    return kernels.upper_cholesky(schur.data(), p, p, schur_stride, dependent_equality * most);
}

bool dual_form::factor_diagonal(double convexity_tolerance) {
    const std::int64_t n = data->n, rows = data->p + (kept_r ? data->m : 0);
    const auto& q = data->q_diagonal();
    const double scale = data->q_max > 0 ? data->q_max : 1.0;
    const double least = n == 0 ? scale : *std::min_element(q.begin(), q.end());
    if (!(least >= -convexity_tolerance * data->q_max)) return false;
    if (least <= singular_pivot * scale) rho = proximal_weight * scale;
    panel.resize(size(n + rows * n));
    double* root = panel.data();
    inverse.resize(size(n));
    for (std::int64_t i = 0; i < n; ++i) {
        root[i] = std::sqrt(q[size(i)] + rho);
        inverse[size(i)] = 1 / root[i];
    }
    data->write_dense(matrix::A, va(), n);
    if (kept_r) data->write_dense(matrix::G, vg(), n);
    const auto divide = [&](double* row) {
        for (std::int64_t j = 0; j < n; ++j) row[j] *= inverse[size(j)];
    };
    for (std::int64_t i = 0; i < data->p; ++i) divide(va() + i * n);
    for (std::int64_t i = 0; i < rows - data->p; ++i) {
        double* row = vg() + i * n;
        const int only = data->g_column(static_cast<int>(i));
        if (!data->g_is_bound(static_cast<int>(i)))
            divide(row);
        else if (only >= 0)
            row[only] /= root[only];
    }
    return true;
}

bool dual_form::attempt(double shift, double weight, double least) {
    // One panel [H; A; G] becomes [L; V_A; V_G] in one sweep.
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = kept_r ? data->m : 0;
    panel.resize(size(n + p + m, n));
    double* h = panel.data();
    data->write_dense(matrix::Q, h, n);
    data->write_dense(matrix::A, va(), n);
    if (m > 0) data->write_dense(matrix::G, vg(), n);
    for (std::int64_t i = 0; i < n; ++i) h[i * n + i] += shift;
    for (std::int64_t k = 0; weight > 0 && k < p; ++k) {
        const double* a = va() + k * n;
        for (std::int64_t i = 0; i < n; ++i)
            if (a[i] != 0) kernels.axpy(weight * a[i], a, h + i * n, i + 1);
    }
    return factor_panel(h, n + p + m, n, least);
}

/// [H; B] becomes [L; B L⁻ᵀ], in one sweep if it is small.
bool dual_form::factor_panel(double* M, std::int64_t rows, std::int64_t n, double floor) const {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t below = rows - n;
    const double operations = 0.5 * static_cast<double>(below) * static_cast<double>(n * n);
    constexpr double small = 1e6;
    if (operations < small) return kernels.partial_cholesky(M, rows, n, n, floor, nullptr);
    if (!kernels.partial_cholesky(M, n, n, n, floor, nullptr)) return false;
    cpu::parallel_rows(crew, cpu::rows_of::rectangle, below, operations, [&](std::int64_t first, std::int64_t end) {
        kernels.trsm_lower(M, n, n, M + (n + first) * n, n, end - first);
    });
    return true;
}

bool dual_form::factor(double convexity_tolerance) {
    // Below the floor a pivot is rounding: Q counts as singular.
    const double scale = data->q_max > 0 ? data->q_max : 1.0;
    if (attempt(0, 0, singular_pivot * scale)) return true;
    // Convex at all? A pivot that stays negative under this shift is a negative eigenvalue beyond rounding.
    const double rounding = std::max(convexity_tolerance, 1e-15 * static_cast<double>(data->n));
    if (!attempt(rounding * data->q_max + 1e-300, 0, 0)) return false;
    std::vector<double> a(size(data->p, data->n));
    data->add_dense(matrix::A, a.data(), data->n);
    double a_trace = 0;
    for (const double v : a) a_trace += v * v;
    if (a_trace > 0) {
        gamma = scale * static_cast<double>(data->n) / a_trace;
        if (attempt(0, gamma, 1e-7 * scale)) return true;
        gamma = 0;
    }
    rho = proximal_weight * scale;
    return attempt(rho, 0, 0);
}

void dual_form::eliminate_equalities() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = kept_r ? data->m : 0;
    double most = 0;
    for (std::int64_t i = 0; i < p; ++i) most = std::max(most, kernels.dot(va() + i * n, va() + i * n, n));
    if (most == 0) most = 1;
    // One panel [S; V_G V_A'] becomes [L_S; W].
    const auto try_shift = [&](double shift, double floor) {
        schur.resize(size(p + m, p));
        // Small ones are one product: what lies above the diagonal costs less than a second call.
        const bool whole = !diagonal && p <= narrow;
        if (whole)
            kernels.gemm_nt(schur.data(), p, va(), n, va(), n, p + m, p, n, 1.0, 0.0);
        else
            kernels.syrk_lower(schur.data(), p, va(), n, p, n, 1.0, 0.0);
        for (std::int64_t i = 0; i < p; ++i) schur[size(i * p + i)] += shift;
        double* below = schur.data() + p * p;
        for (std::int64_t i = whole ? m : 0; i < m;) {
            // Runs of general rows are one product; a bound row of a diagonal H meets one column of V_A.
            std::int64_t end = i;
            while (end < m && !(diagonal && data->g_is_bound(static_cast<int>(end)))) ++end;
            if (end > i) {
                const double operations = static_cast<double>(end - i) * static_cast<double>(p * n);
                cpu::parallel_rows(crew, cpu::rows_of::rectangle, end - i, operations,
                                   [&](std::int64_t first, std::int64_t last) {
                                       kernels.gemm_nt(below + (i + first) * p, p, vg() + (i + first) * n, n, va(), n,
                                                       last - first, p, n, 1.0, 0.0);
                                   });
                i = end;
                continue;
            }
            const std::int64_t column = data->g_column(static_cast<int>(i));
            for (std::int64_t k = 0; k < p; ++k)
                below[i * p + k] = column < 0 ? 0.0 : vg()[i * n + column] * va()[k * n + column];
            ++i;
        }
        return factor_panel(schur.data(), p + m, p, floor);
    };
    if (!try_shift(0, dependent_equality * most))
        for (delta = 1e-9 * most; !try_shift(delta, 0) && delta < 1e9 * most; delta *= 10) {
        }
}

/// R = R + sign V V' for V [m, width], its lower triangle; 0 stands before the first sum.
void dual_form::add_products(const double* V, std::int64_t width, double sign) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t m = data->m;
    const double operations = 0.5 * static_cast<double>(m * m) * static_cast<double>(width);
    const double before = sign > 0 ? 0 : 1;
    cpu::parallel_rows(crew, cpu::rows_of::triangle, m, operations, [&](std::int64_t first, std::int64_t end) {
        const double* these = V + first * width;
        double* to = r.data() + first * m;
        if (first > 0) kernels.gemm_nt(to, m, these, width, V, width, end - first, first, width, sign, before);
        kernels.syrk_lower(to + first, m, these, width, end - first, width, sign, before);
    });
}

/// What the equalities leave of a row that depends on them is rounding, which would make multipliers of 1e16: 0 in its
/// place, in the lower triangle of a part of R. `lengths`: |v_i|².
void dual_form::clear_dependent_rows(double* R, std::int64_t ld, std::int64_t count, const double* lengths) const {
    const double least = delta > 0 ? dependent_regularized : dependent;
    for (std::int64_t i = 0; i < count; ++i) {
        if (R[i * ld + i] > least * lengths[i]) continue;
        for (std::int64_t j = 0; j <= i; ++j) R[i * ld + j] = 0;
        for (std::int64_t j = i; j < count; ++j) R[j * ld + i] = 0;
    }
}

void dual_form::form_r() {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data->n, p = data->p, m = data->m;
    r.resize(size(m, m));
    const auto bound = [&](std::int64_t i) { return data->g_is_bound(static_cast<int>(i)); };
    const auto column = [&](std::int64_t i) { return static_cast<std::int64_t>(data->g_column(static_cast<int>(i))); };
    bool any_bound = false;
    for (std::int64_t i = 0; diagonal && i < m; ++i) any_bound = any_bound || bound(i);
    if (any_bound) {
        // A bound row has one entry: it meets other bound rows of its column only, and one entry of a general row.
        std::fill(r.begin(), r.end(), 0.0);
        std::vector<std::int64_t> last(size(n), -1),
            before(size(m), -1); // the bounds of a column, one behind the other
        for (std::int64_t i = 0; i < m; ++i) {
            if (!bound(i) || column(i) < 0) continue;
            before[size(i)] = last[size(column(i))];
            last[size(column(i))] = i;
        }
        for (std::int64_t i = 0; i < m; ++i) {
            const double* row = vg() + i * n;
            if (bound(i) && column(i) >= 0)
                for (std::int64_t j = last[size(column(i))]; j >= 0; j = before[size(j)])
                    r[size(i * m + j)] = row[column(i)] * vg()[j * n + column(i)];
            if (bound(i)) continue;
            for (std::int64_t j = 0; j < m; ++j) {
                double value = 0;
                if (!bound(j))
                    value = kernels.dot(row, vg() + j * n, n);
                else if (column(j) >= 0)
                    value = row[column(j)] * vg()[j * n + column(j)];
                r[size(i * m + j)] = r[size(j * m + i)] = value;
            }
        }
    } else {
        add_products(vg(), n, 1);
    }
    const auto read_lengths = [&] {
        r_diagonal.resize(size(m));
        for (std::int64_t i = 0; i < m; ++i) r_diagonal[size(i)] = r[size(i * m + i)];
    };
    read_lengths();
    if (p > 0) {
        add_products(schur.data() + p * p, p, -1);
        clear_dependent_rows(r.data(), m, m, r_diagonal.data());
        read_lengths();
    }
    kernels.mirror_lower(r.data(), m, m);
}

} // namespace optnet::solver
