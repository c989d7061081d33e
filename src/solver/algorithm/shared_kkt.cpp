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
    const auto size = [&](const std::vector<double>& z, const std::vector<double>& u, const std::vector<double>& l,
                          std::int64_t i) {
        return std::max({kernels.max_abs(z.data() + i * n, n), kernels.max_abs(u.data() + i * p, p),
                         kernels.max_abs(l.data() + i * m, m)});
    };
    const bool trusted = std::all_of(systems.begin(), systems.end(),
                                     [](const active_kkt* s) { return s == nullptr || s->is_trusted(); });
    if (trusted) return solve_once(form, systems, lanes, Z.data(), U.data(), M.data(), count);
    right_z = Z;
    right_nu = U;
    right_lambda = M;
    solve_once(form, systems, lanes, Z.data(), U.data(), M.data(), count);
    rz.assign(at(count * n), 0.0);
    rnu.assign(at(count * p), 0.0);
    rlambda.assign(at(count * m), 0.0);
    data.multiply_add_rows(matrix::Q, Z.data(), rz.data(), count);
    data.multiply_transposed_add_rows(matrix::A, U.data(), rz.data(), count);
    data.multiply_transposed_add_rows(matrix::G, M.data(), rz.data(), count);
    data.multiply_add_rows(matrix::A, Z.data(), rnu.data(), count);
    data.multiply_add_rows(matrix::G, Z.data(), rlambda.data(), count);
    for (std::size_t j = 0; j < rz.size(); ++j) rz[j] = right_z[j] - rz[j];
    for (std::size_t j = 0; j < rnu.size(); ++j) rnu[j] = right_nu[j] - rnu[j];
    again.assign(systems.size(), nullptr);
    bool any = false;
    for (std::size_t i = 0; i < systems.size(); ++i) {
        if (systems[i] == nullptr || systems[i]->is_trusted()) continue;
        const auto r = static_cast<std::int64_t>(i);
        systems[i]->row_residual(right_lambda.data() + r * m, M.data() + r * m, rlambda.data() + r * m, work);
        const double whole = std::max(size(right_z, right_nu, right_lambda, r), size(Z, U, M, r));
        const double left = size(rz, rnu, rlambda, r);
        // Not a number is left as it is.
        if (!(left > active_kkt::backward_error * whole)) continue;
        again[i] = systems[i];
        any = true;
    }
    if (!any) return;
    solve_once(form, again, {}, rz.data(), rnu.data(), rlambda.data(), count);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(again.size()); ++i) {
        if (again[at(i)] == nullptr) continue;
        kernels.axpy(1.0, rz.data() + i * n, Z.data() + i * n, n);
        kernels.axpy(1.0, rnu.data() + i * p, U.data() + i * p, p);
        kernels.axpy(1.0, rlambda.data() + i * m, M.data() + i * m, m);
    }
}

} // namespace optnet::solver
