// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/first_guess.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// α
constexpr double relaxation = 2;
/// As many iterations as leave few wrong rows.
int iterations = std::getenv("ITS") ? atoi(std::getenv("ITS")) : 16;
/// A smaller pivot counts as this in the mean.
constexpr double least_pivot = 1e-11;

} // namespace

bool guess_matrix::set_up(const double* R, std::int64_t m) {
    const auto& kernels = cpu::dense<double>();
    e.clear();
    unit.resize(at(m));
    for (std::int64_t i = 0; i < m; ++i) {
        const double length = R[i * m + i];
        unit[at(i)] = length > 0 ? 1 / std::sqrt(length) : 1.0;
    }
    // [R; I] in rows of unit length; its pivots first, then those of R + ρI.
    work.resize(at(2 * m * m));
    double* inverse = work.data() + m * m;
    const auto scaled = [&](double shift) {
        for (std::int64_t i = 0; i < m; ++i) {
            double* row = work.data() + i * m;
            for (std::int64_t j = 0; j <= i; ++j) row[j] = R[i * m + j] * unit[at(i)] * unit[at(j)];
            row[i] = 1 + shift;
        }
    };
    scaled(1e-12);
    std::vector<double> reciprocal(at(m));
    if (!kernels.partial_cholesky(work.data(), m, m, m, 0.0, reciprocal.data())) return false;
    double sum = 0;
    for (const double x : reciprocal) sum += std::log(std::min(x, 1 / std::sqrt(least_pivot)));
    rho = std::exp(-2 * sum / static_cast<double>(m));
    if (!(rho > 0 && rho <= 1)) return false;
    scaled(rho);
    std::fill_n(inverse, m * m, 0.0);
    for (std::int64_t i = 0; i < m; ++i) inverse[i * m + i] = 1;
    if (!kernels.partial_cholesky(work.data(), 2 * m, m, m, 0.0, nullptr)) return false;
    kernels.syrk_lower(work.data(), m, inverse, m, m, m, relaxation * rho, 0.0);
    for (std::int64_t i = 0; i < m; ++i) work[at(i * m + i)] -= 0.5 * relaxation;
    kernels.mirror_lower(work.data(), m, m);
    e.assign(work.begin(), work.begin() + m * m);
    return true;
}

void first_guess::run(const guess_matrix& shared, std::int64_t rows, std::int64_t count, const double* d,
                      const double* floor) {
    const auto& kernels = cpu::dense<float>();
    m = rows;
    for (std::vector<float>* a : {&t, &c, &w, &side}) a->resize(at(count * m));
    const double* unit = shared.units();
    // A multiple of d has the same active set: the largest becomes 1.
    for (std::int64_t k = 0; k < count; ++k) {
        const double *own = d + k * m, *bar = floor + k * m;
        double most = 0;
        for (std::int64_t i = 0; i < m; ++i) most = std::max(most, std::abs(own[i] * unit[i]));
        const double scale = most > 0 ? 1 / most : 1.0;
        for (std::int64_t i = 0; i < m; ++i) {
            const auto j = at(k * m + i);
            w[j] = static_cast<float>(own[i] * unit[i] * scale);
            side[j] = bar[i] == HUGE_VAL ? -1.0F : 1.0F;
        }
    }
    // c = −(E d + α/2 d) / ρ
    const auto back = static_cast<float>(-1 / shared.penalty());
    const auto half = static_cast<float>(0.5 * relaxation);
    kernels.gemm_nn(c.data(), m, w.data(), m, shared.data(), m, count, m, m, back, 0.0F);
    for (std::size_t j = 0; j < c.size(); ++j) c[j] += back * half * w[j];
    std::fill(t.begin(), t.end(), 0.0F);
    const auto size = static_cast<std::int64_t>(t.size());
    for (int step = 0; step < iterations; ++step) {
        if (step > 0)
            kernels.gemm_nn(t.data(), m, w.data(), m, shared.data(), m, count, m, m, 1.0F, 1.0F - half);
        kernels.add_and_fold(c.data(), side.data(), size, t.data(), w.data());
    }
}

void first_guess::rows(std::int64_t i, std::vector<int>& out) const {
    out.clear();
    const float *own = t.data() + i * m, *open = side.data() + i * m;
    for (std::int64_t j = 0; j < m; ++j)
        if (own[j] > 0 && open[j] > 0) out.push_back(static_cast<int>(j));
}

} // namespace optnet::solver
