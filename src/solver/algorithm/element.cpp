// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/element.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T> void read(const vector_view<T>& view, std::int64_t k, int n, std::vector<double>& to) {
    to.assign(at(n), 0.0);
    if (view.data == nullptr) return;
    const T* from = view.of(k);
    for (int i = 0; i < n; ++i) to[at(i)] = static_cast<double>(from[i * view.stride]);
}

bool all_finite(const std::vector<double>& v) {
    double sum = 0;
    for (const double x : v) sum += x * 0.0;
    return sum == 0.0;
}

} // namespace

template <class T>
void element::load(const problem<T>& batch, std::int64_t k, const operators& packed, const settings& how,
                   double eps_abs) {
    data = &packed;
    read(batch.q, k, packed.n, q);
    read(batch.b, k, packed.p, b);
    read(batch.h, k, packed.m, h);
    finite = packed.finite && all_finite(q) && all_finite(b);
    impossible_row = -1;
    floor.assign(at(packed.m), 0.0);
    if (!finite) return;
    for (int j = 0; j < packed.n; ++j) q[at(j)] *= packed.z_scale[at(j)];
    for (int i = 0; i < packed.p; ++i) b[at(i)] *= packed.a_scale[at(i)];
    for (int i = 0; i < packed.m; ++i) {
        double& value = h[at(i)];
        if (std::isnan(value)) finite = false;
        if (value == -HUGE_VAL) impossible_row = i;
        const bool is_absent = value >= how.infinite_bound;
        // Far below the tolerance, so that rounding in the user's data (a zero row with h = -1e-17) is no violation.
        floor[at(i)] = is_absent ? HUGE_VAL : 1e-5 * eps_abs * packed.g_scale[at(i)];
        value = is_absent ? 0.0 : value * packed.g_scale[at(i)];
    }
}

template void element::load(const problem<double>&, std::int64_t, const operators&, const settings&, double);
template void element::load(const problem<float>&, std::int64_t, const operators&, const settings&, double);

verdict element::verify(const point& x, const tolerances& eps) const {
    const operators& o = *data;
    products of;
    of.resize(o);
    o.multiply_add(matrix::Q, x.z.data(), of.qz.data());
    o.multiply_transposed_add(matrix::A, x.nu.data(), of.atnu.data());
    o.multiply_transposed_add(matrix::G, x.lambda.data(), of.gtl.data());
    o.multiply_add(matrix::A, x.z.data(), of.az.data());
    o.multiply_add(matrix::G, x.z.data(), of.gz.data());
    return judge(x, of, eps);
}

verdict element::judge(const point& x, const products& of, const tolerances& eps) const {
    const operators& o = *data;
    const auto& [qz, atnu, gtl, az, gz] = of;
    verdict v{0, 0, 0};
    double primal_size = 0, zqz = 0, qtz = 0, btnu = 0, htl = 0, check = 0;
    for (int i = 0; i < o.p; ++i) {
        const double unscale = o.a_unit[at(i)];
        v.primal = std::max(v.primal, std::abs(az[at(i)] - b[at(i)]) * unscale);
        primal_size = std::max({primal_size, std::abs(az[at(i)]) * unscale, std::abs(b[at(i)]) * unscale});
        btnu += b[at(i)] * x.nu[at(i)];
        check += az[at(i)] * 0.0;
    }
    for (int i = 0; i < o.m; ++i) {
        check += gz[at(i)] * 0.0;
        if (absent(i)) continue;
        const double unscale = o.g_unit[at(i)];
        v.primal = std::max(v.primal, (gz[at(i)] - h[at(i)]) * unscale);
        primal_size = std::max({primal_size, std::abs(gz[at(i)]) * unscale, std::abs(h[at(i)]) * unscale});
        htl += h[at(i)] * x.lambda[at(i)];
    }
    double dual_size = 0;
    for (int j = 0; j < o.n; ++j) {
        const double unscale = o.z_unit[at(j)];
        v.dual = std::max(v.dual, std::abs(qz[at(j)] + q[at(j)] + atnu[at(j)] + gtl[at(j)]) * unscale);
        const double term =
            std::max({std::abs(qz[at(j)]), std::abs(q[at(j)]), std::abs(atnu[at(j)]), std::abs(gtl[at(j)])});
        dual_size = std::max(dual_size, term * unscale);
        zqz += x.z[at(j)] * qz[at(j)];
        qtz += q[at(j)] * x.z[at(j)];
        check += (qz[at(j)] + atnu[at(j)] + gtl[at(j)]) * 0.0;
    }
    v.gap = std::abs(zqz + qtz + btnu + htl);
    check += v.gap * 0.0;
    if (!(check == 0.0)) return {HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    const auto share = [&](double residual, double size) {
        const double allowed = eps.absolute + eps.relative * size;
        return residual == 0 ? 0.0 : residual / allowed;
    };
    v.share = std::max({share(v.primal, primal_size), share(v.dual, dual_size),
                        share(v.gap, std::max(std::abs(0.5 * zqz + qtz), std::abs(0.5 * zqz + btnu + htl)))});
    return v;
}

void element::residual(const point& x, point& r) const {
    const operators& o = *data;
    r.resize(o);
    o.multiply_add(matrix::Q, x.z.data(), r.z.data());
    o.multiply_transposed_add(matrix::A, x.nu.data(), r.z.data());
    o.multiply_transposed_add(matrix::G, x.lambda.data(), r.z.data());
    o.multiply_add(matrix::A, x.z.data(), r.nu.data());
    o.multiply_add(matrix::G, x.z.data(), r.lambda.data());
    for (std::size_t j = 0; j < r.z.size(); ++j) r.z[j] = -(r.z[j] + q[j]);
    for (std::size_t i = 0; i < r.nu.size(); ++i) r.nu[i] = b[i] - r.nu[i];
    for (std::size_t i = 0; i < r.lambda.size(); ++i) r.lambda[i] = h[i] - r.lambda[i];
}

void element::residual(const products& of, point& r) const {
    r.resize(*data);
    for (std::size_t j = 0; j < r.z.size(); ++j) r.z[j] = -(of.qz[j] + q[j] + of.atnu[j] + of.gtl[j]);
    for (std::size_t i = 0; i < r.nu.size(); ++i) r.nu[i] = b[i] - of.az[i];
    for (std::size_t i = 0; i < r.lambda.size(); ++i) r.lambda[i] = h[i] - of.gz[i];
}

} // namespace optnet::solver
