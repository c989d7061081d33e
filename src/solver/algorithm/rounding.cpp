// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

using sums = std::vector<long double>;

void add_product(const operators& o, matrix where, bool transposed, const std::vector<double>& x, sums& y) {
    o.each(where, [&](int i, int j, double v) {
        y[at(transposed ? j : i)] += static_cast<long double>(v) * x[at(transposed ? i : j)];
    });
}

double sum_of_sizes(const double* x, int count) {
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += std::abs(x[i]);
    return sum;
}

/// The largest unit, and the largest |v| in units.
struct extent {
    double unit = 0, value = 0;
};
extent extent_of(const double* v, const double* unit, int count) {
    extent most;
    for (int i = 0; i < count; ++i) {
        most.unit = std::max(most.unit, unit[i]);
        most.value = std::max(most.value, std::abs(v[i]) * unit[i]);
    }
    return most;
}

} // namespace

bool rounding_decides(const operators& o, const right_sides& e, const evaluated& x, const tolerances& eps) {
    // Rows have entries below 2. The sums of a product have as many roundings as terms, which mostly cancel.
    constexpr double u = 8 * std::numeric_limits<double>::epsilon();
    const units scale = o.measures();
    const extent b = extent_of(e.b, scale.a_unit, o.p), h = extent_of(e.h, scale.g_unit, o.m),
                 q = extent_of(e.q, scale.z_unit, o.n);
    const double z = sum_of_sizes(x.z, o.n), multipliers = sum_of_sizes(x.nu, o.p) + sum_of_sizes(x.lambda, o.m);
    const auto beyond = [&](double rounding, double size) {
        return !(rounding <= 0.1 * (eps.absolute + eps.relative * size));
    };
    return beyond(u * 2 * z * std::max(b.unit, h.unit), std::max(b.value, h.value)) ||
           beyond(u * (o.q_max * z + 2 * multipliers) * q.unit, q.value);
}

verdict judge_in_long_double(const element& e, const point& x, const tolerances& eps) {
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
        const long double term = std::max(std::max(std::abs(qz[j]), std::abs(0.0L + e.q[j])),
                                          std::max(std::abs(atnu[j]), std::abs(gtl[j])));
        dual_size = std::max(dual_size, term * scale.z_unit[j]);
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
