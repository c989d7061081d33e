// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/shared_kkt.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

} // namespace

void shared_kkt::solve_once(const dual_form& form, const row_systems& systems, const row_lanes& lanes, double* Z,
                            double* U, double* M, std::int64_t count) {
    const std::int64_t m = form.inequalities();
    products.resize(at(count * m));
    form.forward_rows(Z, U, count);
    form.inequality_products(Z, U, products.data(), count);
    const auto has = [&](std::int64_t i) { return at(i) < systems.size() && systems[at(i)] != nullptr; };
    for (std::int64_t i = 0; i < count; ++i) {
        if (has(i + 1)) systems[at(i + 1)]->prefetch();
        if (has(i)) systems[at(i)]->multipliers(products.data() + i * m, M + i * m, work);
    }
    for (const factor_lanes* group = lanes.begin; group != lanes.end; ++group)
        if (!group->empty()) group->multipliers(lanes.first, products.data(), M, m, work);
    form.subtract_multipliers(M, Z, U, count);
    form.backward_rows(Z, U, count);
}

void shared_kkt::solve(const dual_form& form, const operators& data, const row_systems& systems, const row_lanes& lanes,
                       std::vector<double>& Z, std::vector<double>& U, std::vector<double>& M, std::int64_t count) {
    const auto& kernels = cpu::dense<double>();
    const std::int64_t n = data.n, p = data.p, m = data.m;
    const auto size = [&](const std::vector<double>& a, const std::vector<double>& b, const std::vector<double>& c,
                          std::int64_t i) {
        return std::max({kernels.max_abs(a.data() + i * n, n), kernels.max_abs(b.data() + i * p, p),
                         kernels.max_abs(c.data() + i * m, m)});
    };
    doubtful.clear();
    for (std::size_t i = 0; i < systems.size(); ++i)
        if (systems[i] != nullptr && !systems[i]->is_trusted()) doubtful.push_back(static_cast<std::int64_t>(i));
    if (doubtful.empty()) return solve_once(form, systems, lanes, Z.data(), U.data(), M.data(), count);
    // What is looked at again goes together: it is few of many.
    constexpr std::int64_t block = dual_form::row_block;
    const auto several = static_cast<std::int64_t>(doubtful.size()), rows = (several + block - 1) / block * block;
    const auto take = [&](const std::vector<double>& from, std::int64_t width, std::vector<double>& to) {
        to.assign(at(rows * width), 0.0);
        for (std::int64_t r = 0; r < several; ++r)
            std::copy_n(from.data() + doubtful[at(r)] * width, width, to.data() + r * width);
    };
    take(Z, n, right_z);
    take(U, p, right_nu);
    take(M, m, right_lambda);
    solve_once(form, systems, lanes, Z.data(), U.data(), M.data(), count);
    take(Z, n, z);
    take(U, p, nu);
    take(M, m, lambda);
    rz.assign(at(rows * n), 0.0);
    rnu.assign(at(rows * p), 0.0);
    rlambda.assign(at(rows * m), 0.0);
    data.multiply_add_rows(matrix::Q, z.data(), rz.data(), rows);
    data.multiply_transposed_add_rows(matrix::A, nu.data(), rz.data(), rows);
    data.multiply_transposed_add_rows(matrix::G, lambda.data(), rz.data(), rows);
    data.multiply_add_rows(matrix::A, z.data(), rnu.data(), rows);
    data.multiply_add_rows(matrix::G, z.data(), rlambda.data(), rows);
    for (std::size_t j = 0; j < rz.size(); ++j) rz[j] = right_z[j] - rz[j];
    for (std::size_t j = 0; j < rnu.size(); ++j) rnu[j] = right_nu[j] - rnu[j];
    again.assign(at(several), nullptr);
    bool any = false;
    for (std::int64_t r = 0; r < several; ++r) {
        const active_kkt* system = systems[at(doubtful[at(r)])];
        system->row_residual(right_lambda.data() + r * m, lambda.data() + r * m, rlambda.data() + r * m, work);
        const double whole = std::max(size(right_z, right_nu, right_lambda, r), size(z, nu, lambda, r));
        const double left = size(rz, rnu, rlambda, r);
        // Not a number is left as it is.
        if (!(left > active_kkt::backward_error * whole)) continue;
        again[at(r)] = system;
        any = true;
    }
    if (!any) return;
    solve_once(form, again, {}, rz.data(), rnu.data(), rlambda.data(), rows);
    for (std::int64_t r = 0; r < several; ++r) {
        if (again[at(r)] == nullptr) continue;
        const std::int64_t i = doubtful[at(r)];
        kernels.axpy(1.0, rz.data() + r * n, Z.data() + i * n, n);
        kernels.axpy(1.0, rnu.data() + r * p, U.data() + i * p, p);
        kernels.axpy(1.0, rlambda.data() + r * m, M.data() + i * m, m);
    }
}

} // namespace optnet::solver
