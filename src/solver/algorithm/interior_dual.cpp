// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/interior_dual.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

void interior_dual::begin(const element& e) {
    problem = &e;
    x.resize(*e.data);
    present.clear();
    for (int i = 0; i < e.data->m; ++i)
        if (!e.absent(i)) present.push_back(i);
    product.assign(at(e.data->m), 0.0);
    recover();
    d = e.h;
    for (std::size_t i = 0; i < d.size(); ++i) d[i] -= product[i];
}

void interior_dual::recover() {
    // z = z₀ − P G'λ, as a correction of the last z. A regularized form wants more than one; where the equalities
    // contradict each other they let ν grow along the certificate.
    const operators& o = *problem->data;
    for (int step = 0; step < (form.regularized() ? 3 : 1); ++step) {
        problem->residual(x, r);
        form.equality_solve(r.z.data(), r.nu.data());
        for (std::size_t j = 0; j < x.z.size(); ++j) x.z[j] += r.z[j];
        for (std::size_t i = 0; i < x.nu.size(); ++i) x.nu[i] += r.nu[i];
    }
    std::fill(product.begin(), product.end(), 0.0);
    o.multiply_add(matrix::G, x.z.data(), product.data());
}

bool interior_dual::factor(const std::vector<double>& w) {
    const auto k = static_cast<std::int64_t>(present.size());
    l.resize(at(k * k));
    // Rows that depend on each other and have large weights leave pivots of rounding: a shift of that size helps.
    for (const double shift : {0.0, 1e-14, 1e-11}) {
        double most = 0;
        for (std::int64_t i = 0; i < k; ++i) {
            const int row = present[at(i)];
            const double* of_row = form.r_row(row);
            for (std::int64_t j = 0; j <= i; ++j) l[at(i * k + j)] = of_row[present[at(j)]];
            most = std::max(most, of_row[row]);
        }
        for (std::int64_t i = 0; i < k; ++i) l[at(i * k + i)] += 1 / w[at(present[at(i)])] + shift * most;
        if (cpu::dense<double>().partial_cholesky(l.data(), k, k, k, 0, nullptr)) return true;
    }
    return false;
}

void interior_dual::start(std::vector<double>& s) {
    // s = Rλ + d and λ = −s: (R + I) s = d
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(present.size());
    packed.resize(at(k));
    for (std::int64_t i = 0; i < k; ++i) packed[at(i)] = d[at(present[at(i)])];
    kernels.trsv_lower(l.data(), k, k, packed.data());
    kernels.trsv_lower_transposed(l.data(), k, k, packed.data());
    std::fill(s.begin(), s.end(), 0.0);
    for (std::int64_t i = 0; i < k; ++i) s[at(present[at(i)])] = packed[at(i)];
}

void interior_dual::residual(const std::vector<double>& lambda, const std::vector<double>& s, std::vector<double>& rs) {
    // h − Gz with the z that belongs to λ, not Rλ + d: it is the user's data that count, and R has the rounding of its
    // set-up.
    x.lambda = lambda;
    recover();
    for (std::size_t i = 0; i < rs.size(); ++i)
        rs[i] = problem->absent(static_cast<int>(i)) ? 0.0 : problem->h[i] - product[i] - s[i];
}

void interior_dual::solve(interior_rows& rows) {
    const auto& kernels = cpu::dense<double>();
    const auto k = static_cast<std::int64_t>(present.size());
    packed.resize(at(k));
    for (std::int64_t i = 0; i < k; ++i) {
        const std::size_t row = at(present[at(i)]);
        packed[at(i)] = -rows.rs[row] - rows.rc[row] / rows.lambda[row];
    }
    kernels.trsv_lower(l.data(), k, k, packed.data());
    kernels.trsv_lower_transposed(l.data(), k, k, packed.data());
    std::fill(rows.dlambda.begin(), rows.dlambda.end(), 0.0);
    for (std::int64_t i = 0; i < k; ++i) rows.dlambda[at(present[at(i)])] = packed[at(i)];
    std::fill(product.begin(), product.end(), 0.0);
    const auto m = static_cast<std::int64_t>(product.size());
    if (m > 0) kernels.gemv(form.r_row(0), m, m, m, 1.0, rows.dlambda.data(), 1.0, product.data());
    // The sum R dλ + r_s cancels where the row is active; −(r_c + s dλ) / λ is the same and does not.
    for (std::size_t i = 0; i < rows.ds.size(); ++i) {
        if (problem->absent(static_cast<int>(i))) {
            rows.ds[i] = 0;
            continue;
        }
        rows.ds[i] = rows.lambda[i] > rows.s[i] ? -(rows.rc[i] + rows.s[i] * rows.dlambda[i]) / rows.lambda[i]
                                                : product[i] + rows.rs[i];
    }
}

void interior_dual::write(point& to) const {
    to.z = x.z;
    to.nu = x.nu;
}

} // namespace optnet::solver
