// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/first_guess.hpp"

#include "solver/cpu/kernels.hpp"
#include "solver/cpu/pool.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// ρ over the geometric mean, where R is regular.
constexpr double share_of_mean = 1.5;
/// An eigenvalue of dependent rows counts as this in the mean. Where there are many of them they shall not rule it.
constexpr double regular_eigenvalue = 1e-11, singular_eigenvalue = 1e-4;
/// Where R is singular: two to eight steps of the dual active set are left after so many iterations.
constexpr int singular_steps = 30;
/// With less R + ρI has too few digits in single precision.
constexpr double least_penalty = 1e-4;

/// Rows of a triangle that are taken together: fewer products with zeros, but more matrices to prepare.
constexpr std::int64_t block = 32;
/// Some 50 microseconds.
constexpr double operations_of_a_thread = 4e6;

/// Rows that are nearly parallel to another one, both bounds of a range for example, let multipliers grow with the
/// iterations: with more than a quarter of them the guess is worse than none.
constexpr double parallel = 0.99, most_parallel = 0.25;
double share_of_parallel_rows(const double* R, const double* unit, std::int64_t m) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < m; ++i) {
        bool any = false;
        for (std::int64_t j = 0; j < m; ++j)
            any = any || (j != i && std::abs(R[i * m + j]) * unit[i] * unit[j] > parallel);
        count += any ? 1 : 0;
    }
    return static_cast<double>(count) / static_cast<double>(m);
}

/// The lower triangle of R + shift I, with rows and columns in these units.
template <class T> void scaled(const double* R, const double* unit, std::int64_t m, double shift, T* to) {
    for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < i; ++j) to[i * m + j] = static_cast<T>(R[i * m + j] * unit[i] * unit[j]);
        to[i * m + i] = static_cast<T>(1 + shift);
    }
}

} // namespace

void guess_matrix::set_up(const double* R, std::int64_t m, bool singular, int threads) {
    e.clear();
    is_singular = singular;
    unit.resize(at(m));
    for (std::int64_t i = 0; i < m; ++i) unit[at(i)] = R[i * m + i] > 0 ? 1 / std::sqrt(R[i * m + i]) : 1.0;
    if (singular && share_of_parallel_rows(R, unit.data(), m) > most_parallel) return;
    // det R is the product of the pivots.
    work.resize(at(m * m));
    pivots.resize(at(m));
    scaled(R, unit.data(), m, singular ? singular_eigenvalue : regular_eigenvalue, work.data());
    if (!cpu::dense<double>().partial_cholesky(work.data(), m, m, m, 0.0, pivots.data())) return;
    double sum = 0;
    for (const double reciprocal_root : pivots) sum -= 2 * std::log(reciprocal_root);
    rho = std::max(least_penalty, (singular ? 1.0 : share_of_mean) * std::exp(sum / static_cast<double>(m)));
    // R + ρI = L L', E = 2ρ L⁻ᵀ L⁻¹ − I; row i of L⁻ᵀ begins with its entry i.
    const auto& kernels = cpu::dense<float>();
    panel.resize(at(2 * m * m));
    float *const L = panel.data(), *const inverse = L + m * m;
    std::fill_n(inverse, m * m, 0.0F);
    scaled(R, unit.data(), m, rho, L);
    if (!kernels.partial_cholesky(L, m, m, m, 0.0F, nullptr)) return;
    // An odd number of vectors: powers of two would meet in few places of the cache.
    ld = (m + 15) / 16 * 16;
    if (ld % 32 == 0) ld += 16;
    constexpr std::int64_t line = 64 / sizeof(float);
    e.assign(at(m * ld + line), 0.0F);
    offset =
        (line - static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(e.data()) / sizeof(float)) % line) % line;
    float* const own = e.data() + offset;
    const double worth = static_cast<double>(m * m * m) / operations_of_a_thread;
    const int crew = std::min(threads, static_cast<int>(std::min(worth, 1e6)));
    const auto each_block = [&](const auto& step) {
        cpu::parallel_for(crew, (m + block - 1) / block, [&](int /*worker*/, std::int64_t k) {
            step(k * block, std::min(block, m - k * block), m - k * block);
        });
    };
    each_block([&](std::int64_t i, std::int64_t rows, std::int64_t left) {
        float* const these = inverse + i * (m + 1);
        for (std::int64_t k = 0; k < rows; ++k) these[k * (m + 1)] = 1;
        kernels.trsm_lower(L + i * (m + 1), m, left, these, m, rows);
    });
    each_block([&](std::int64_t i, std::int64_t rows, std::int64_t left) {
        const float* const these = inverse + i * (m + 1);
        float* const to = own + i * ld;
        const auto twice = static_cast<float>(2 * rho);
        if (i > 0) kernels.gemm_nt(to, ld, these, m, inverse + i, m, rows, i, left, twice, 0.0F);
        kernels.syrk_lower(to + i, ld, these, m, rows, left, twice, 0.0F);
    });
    for (std::int64_t i = 0; i < m; ++i) own[i * ld + i] -= 1;
    kernels.mirror_lower(own, ld, m);
}

int guess_matrix::iterations() const {
    if (is_singular) return singular_steps;
    // The eigenvalues have the mean 1: a small ρ says that they lie far apart, where the iteration takes longer.
    return std::clamp(static_cast<int>(std::lround(7 - 1.3 * std::log(rho))), 6, 13);
}

void first_guess::run(const guess_matrix& shared, std::int64_t rows, std::int64_t count, const double* d,
                      const double* floor) {
    m = rows;
    ld = shared.distance();
    t.assign(at(count * ld), 0.0F);
    side.assign(at(count * ld), 1.0F);
    work.resize(at(48 * ld));
    sizes.resize(at(count));
    const double* unit = shared.units();
    for (std::int64_t k = 0; k < count; ++k) {
        const double *own = d + k * m, *bar = floor + k * m;
        float *to = t.data() + k * ld, *on = side.data() + k * ld;
        // A multiple of d has the same active set: its largest entry becomes 1.
        double most = 0;
        for (std::int64_t i = 0; i < m; ++i) most = std::max(most, std::abs(own[i] * unit[i]));
        const double scale = most > 0 ? 1 / most : 1.0;
        sizes[at(k)] = 1 / scale;
        for (std::int64_t i = 0; i < m; ++i) {
            to[i] = static_cast<float>(own[i] * unit[i] * scale);
            on[i] = bar[i] == HUGE_VAL ? -1.0F : 1.0F;
        }
    }
    cpu::dense<float>().modulus_steps(shared.reflection(), ld, m, side.data(), count,
                                      static_cast<float>(-0.5 / shared.penalty()), shared.iterations(), t.data(),
                                      work.data());
}

void first_guess::rows(std::int64_t i, std::vector<int>& out) const {
    out.resize(at(m));
    const float *own = t.data() + i * ld, *on = side.data() + i * ld;
    std::size_t found = 0; // without a branch: nobody could tell which way it goes
    for (std::int64_t j = 0; j < m; ++j) {
        out[found] = static_cast<int>(j);
        found += static_cast<std::size_t>(own[j] > 0) & static_cast<std::size_t>(on[j] > 0);
    }
    out.resize(found);
}

void first_guess::multipliers(const guess_matrix& shared, std::int64_t i, std::vector<double>& out) const {
    out.resize(at(m));
    const double size = 2 * sizes[at(i)], *unit = shared.units();
    const float *own = t.data() + i * ld, *on = side.data() + i * ld;
    for (std::int64_t j = 0; j < m; ++j)
        out[at(j)] = own[j] > 0 && on[j] > 0 ? size * unit[j] * static_cast<double>(own[j]) : 0.0;
}

} // namespace optnet::solver
