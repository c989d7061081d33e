// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/bound_form.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

template <class T>
void solve_bound_kkt(const bound_matrices& x, const std::vector<int>& rows, const std::vector<double>& ratios,
                     const kkt_vectors<const T>& r, const kkt_vectors<T>& d, T* minus_z, bound_kkt_work& work) {
    std::vector<int>& held = work.held;
    std::vector<double>&z = work.z, &lambda = work.lambda;
    const std::size_t n = at(x.n);
    held.assign(n, -1);
    for (std::size_t k = 0; k < rows.size(); ++k) held[at(x.column[at(rows[k])])] = static_cast<int>(k);
    z.resize(n);
    lambda.resize(rows.size());
    // z of the variables that a row holds, and the others without dν.
    double free = 0, sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
        const int k = held[j];
        const double right = r.z == nullptr ? 0.0 : static_cast<double>(r.z[j]);
        z[j] = right * x.inverse[j];
        if (k >= 0) {
            const int row = rows[at(k)];
            const double there = r.lambda == nullptr ? 0.0 : static_cast<double>(r.lambda[row]) / x.entry[at(row)];
            // With s / λ = G_ij² / d_j the mean of both.
            const bool weak = !ratios.empty() && ratios[at(k)] > 0;
            z[j] = weak ? 0.5 * (z[j] + there) : there;
        }
        sum += x.a[j] * z[j];
        free += k >= 0 ? 0.0 : x.a[j] * x.a[j] * x.inverse[j];
    }
    const double over = sum - (x.p == 0 || r.nu == nullptr ? 0.0 : static_cast<double>(*r.nu));
    const double nu = free > 0 ? over / free : 0.0;
    for (std::size_t k = 0; k < rows.size(); ++k) {
        const int row = rows[k];
        const std::size_t j = at(x.column[at(row)]);
        const double right = r.z == nullptr ? 0.0 : static_cast<double>(r.z[j]);
        lambda[k] = (right - x.d[j] * z[j] - x.a[j] * nu) / x.entry[at(row)];
    }
    for (std::size_t j = 0; j < n; ++j) {
        const double move = held[j] >= 0 ? z[j] : z[j] - x.a[j] * nu * x.inverse[j];
        if (d.z != nullptr) d.z[j] = static_cast<T>(move);
        if (minus_z != nullptr) minus_z[j] = static_cast<T>(-move);
    }
    if (d.nu != nullptr && x.p > 0) *d.nu = static_cast<T>(nu);
    if (d.lambda == nullptr) return;
    std::fill_n(d.lambda, x.m, T(0));
    for (std::size_t k = 0; k < rows.size(); ++k) d.lambda[rows[k]] = static_cast<T>(lambda[k]);
}

template void solve_bound_kkt(const bound_matrices&, const std::vector<int>&, const std::vector<double>&,
                              const kkt_vectors<const double>&, const kkt_vectors<double>&, double*, bound_kkt_work&);
template void solve_bound_kkt(const bound_matrices&, const std::vector<int>&, const std::vector<double>&,
                              const kkt_vectors<const float>&, const kkt_vectors<float>&, float*, bound_kkt_work&);

} // namespace optnet::solver
