// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/rounding.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

using sums = std::vector<long double>;

void add_product(const operators& o, matrix where, bool transposed, const double* x, sums& y) {
    o.each(where, [&](int i, int j, double v) {
        y[at(transposed ? j : i)] += static_cast<long double>(v) * x[transposed ? i : j];
    });
}

} // namespace

residual_units::residual_units(const units& o) {
    const auto& kernels = cpu::dense<double>();
    rows = std::max({rows, kernels.max_abs(o.a_unit, o.p), kernels.max_abs(o.g_unit, o.m)});
    variables = std::max(variables, kernels.max_abs(o.z_unit, o.n));
}

bool rounding_decides(const units& o, double q_max, const residual_units& largest, const verdict& best,
                      const evaluated& x, const tolerances& eps) {
    const auto& kernels = cpu::dense<double>();
    return rounding_decides(kernels.sum_abs(x.z, o.n), kernels.sum_abs(x.nu, o.p) + kernels.sum_abs(x.lambda, o.m),
                            q_max, largest, best, eps);
}

bool rounding_decides(double z, double multipliers, double q_max, const residual_units& largest, const verdict& best,
                      const tolerances& eps) {
    // Rows have entries below 2. The sums of a product have as many roundings as terms, which mostly cancel.
    constexpr double u = 8 * std::numeric_limits<double>::epsilon();
    const auto beyond = [&](double rounding, double size) {
        return !(rounding <= 0.1 * (eps.absolute + eps.relative * size));
    };
    return beyond(u * 2 * z * largest.rows, best.primal_size) ||
           beyond(u * (q_max * z + 2 * multipliers) * largest.variables, best.dual_size);
}

verdict judge_in_long_double(const element& e, const evaluated& x, const tolerances& eps) {
    const operators& o = *e.data;
    const units scale = o.measures();
    sums qz(at(o.n)), atnu(at(o.n)), gtl(at(o.n)), az(at(o.p)), gz(at(o.m));
    add_product(o, matrix::Q, false, x.z, qz);
    add_product(o, matrix::A, true, x.nu, atnu);
    add_product(o, matrix::G, true, x.lambda, gtl);
    add_product(o, matrix::A, false, x.z, az);
    add_product(o, matrix::G, false, x.z, gz);
    long double primal = 0, dual = 0, primal_size = 0, dual_size = 0, zqz = 0, qtz = 0, btnu = 0, htl = 0;
    for (std::size_t i = 0; i < az.size(); ++i) {
        primal = std::max(primal, std::abs(az[i] - e.b[i]) * scale.a_unit[i]);
        primal_size = std::max(primal_size, std::max(std::abs(az[i]), std::abs(0.0L + e.b[i])) * scale.a_unit[i]);
        btnu += 1.0L * e.b[i] * x.nu[i];
    }
    for (std::size_t i = 0; i < gz.size(); ++i) {
        if (e.absent(static_cast<int>(i))) continue;
        primal = std::max(primal, (gz[i] - e.h[i]) * scale.g_unit[i]);
        primal_size = std::max(primal_size, std::max(std::abs(gz[i]), std::abs(0.0L + e.h[i])) * scale.g_unit[i]);
        htl += 1.0L * e.h[i] * x.lambda[i];
    }
    for (std::size_t j = 0; j < qz.size(); ++j) {
        dual = std::max(dual, std::abs(qz[j] + e.q[j] + atnu[j] + gtl[j]) * scale.z_unit[j]);
        for (const long double term : {qz[j], 0.0L + e.q[j], atnu[j], gtl[j]})
            dual_size = std::max(dual_size, std::abs(term) * scale.z_unit[j]);
        zqz += qz[j] * x.z[j];
        qtz += 1.0L * e.q[j] * x.z[j];
    }
    const long double gap = zqz + qtz + btnu + htl;
    const long double objective = std::max(std::abs(0.5L * zqz + qtz), std::abs(0.5L * zqz + btnu + htl));
    // The sum of the gap is formed here, where its terms still have their digits.
    verdict_terms t;
    t.primal = static_cast<double>(primal), t.primal_size = static_cast<double>(primal_size);
    t.dual = static_cast<double>(dual), t.dual_size = static_cast<double>(dual_size);
    verdict v = judge(t, eps);
    v.gap = static_cast<double>(std::abs(gap));
    const double size = static_cast<double>(objective);
    v.share = std::max(v.share, v.gap == 0 ? 0.0 : v.gap / (eps.absolute + eps.relative * size));
    v.relative = std::max(v.relative, v.gap == 0 ? 0.0 : v.gap / size);
    return v;
}

} // namespace optnet::solver
