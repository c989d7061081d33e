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
    load(batch, k, packed.measures(), packed.finite, how, eps_abs);
    data = &packed;
}

template <class T>
void element::load(const problem<T>& batch, std::int64_t k, const units& o, bool ok, const settings& how,
                   double eps_abs) {
    data = nullptr;
    read(batch.q, k, o.n, q);
    read(batch.b, k, o.p, b);
    read(batch.h, k, o.m, h);
    finite = ok && all_finite(q) && all_finite(b);
    impossible_row = -1;
    floor.assign(at(o.m), 0.0);
    if (!finite) return;
    for (int j = 0; j < o.n; ++j) q[at(j)] *= o.z_scale[j];
    for (int i = 0; i < o.p; ++i) b[at(i)] *= o.a_scale[i];
    for (int i = 0; i < o.m; ++i) {
        double& value = h[at(i)];
        if (std::isnan(value)) finite = false;
        if (value == -HUGE_VAL) impossible_row = i;
        const bool is_absent = value >= how.infinite_bound;
        // Far below the tolerance, so that rounding in the user's data (a zero row with h = -1e-17) is no violation.
        floor[at(i)] = is_absent ? HUGE_VAL : 1e-5 * eps_abs * o.g_scale[i];
        value = is_absent ? 0.0 : value * o.g_scale[i];
    }
}

template void element::load(const problem<double>&, std::int64_t, const operators&, const settings&, double);
template void element::load(const problem<float>&, std::int64_t, const operators&, const settings&, double);
template void element::load(const problem<double>&, std::int64_t, const units&, bool, const settings&, double);
template void element::load(const problem<float>&, std::int64_t, const units&, bool, const settings&, double);

verdict judge(const verdict_terms& t, const tolerances& eps) {
    const double gap = std::abs(t.zqz + t.qtz + t.btnu + t.htl);
    if (!(t.check + gap * 0.0 == 0.0)) return {HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    const auto share = [&](double residual, double size) {
        const double allowed = eps.absolute + eps.relative * size;
        return residual == 0 ? 0.0 : residual / allowed;
    };
    const auto relative = [](double residual, double size) { return residual == 0 ? 0.0 : residual / size; };
    const double objective = std::max(std::abs(0.5 * t.zqz + t.qtz), std::abs(0.5 * t.zqz + t.btnu + t.htl));
    return {t.primal, t.dual, gap,
            std::max({share(t.primal, t.primal_size), share(t.dual, t.dual_size), share(gap, objective)}),
            std::max({relative(t.primal, t.primal_size), relative(t.dual, t.dual_size), relative(gap, objective)})};
}

verdict judge(const units& o, const right_sides& e, const evaluated& x, const tolerances& eps) {
    verdict_terms t;
    for (int i = 0; i < o.p; ++i) {
        const double unscale = o.a_unit[i];
        t.primal = std::max(t.primal, std::abs(x.az[i] - e.b[i]) * unscale);
        t.primal_size = std::max(t.primal_size, std::max(std::abs(x.az[i]), std::abs(e.b[i])) * unscale);
        t.btnu += e.b[i] * x.nu[i];
        t.check += x.az[i] * 0.0;
    }
    for (int i = 0; i < o.m; ++i) {
        t.check += x.gz[i] * 0.0;
        if (e.floor[i] == HUGE_VAL) continue;
        const double unscale = o.g_unit[i];
        t.primal = std::max(t.primal, (x.gz[i] - e.h[i]) * unscale);
        t.primal_size = std::max(t.primal_size, std::max(std::abs(x.gz[i]), std::abs(e.h[i])) * unscale);
        t.htl += e.h[i] * x.lambda[i];
    }
    for (int j = 0; j < o.n; ++j) {
        const double unscale = o.z_unit[j];
        t.dual = std::max(t.dual, std::abs(x.qz[j] + e.q[j] + x.atnu[j] + x.gtl[j]) * unscale);
        const double term =
            std::max(std::max(std::abs(x.qz[j]), std::abs(e.q[j])), std::max(std::abs(x.atnu[j]), std::abs(x.gtl[j])));
        t.dual_size = std::max(t.dual_size, term * unscale);
        t.zqz += x.z[j] * x.qz[j];
        t.qtz += e.q[j] * x.z[j];
        t.check += (x.qz[j] + x.atnu[j] + x.gtl[j]) * 0.0;
    }
    return judge(t, eps);
}

void products::evaluate(const operators& data, const point& x) {
    resize(data);
    data.multiply_add(matrix::Q, x.z.data(), qz.data());
    data.multiply_transposed_add(matrix::A, x.nu.data(), atnu.data());
    data.multiply_transposed_add(matrix::G, x.lambda.data(), gtl.data());
    data.multiply_add(matrix::A, x.z.data(), az.data());
    data.multiply_add(matrix::G, x.z.data(), gz.data());
}

verdict element::judge(const point& x, const products& of, const tolerances& eps) const {
    return solver::judge(data->measures(), given(),
                         {x.z.data(), x.nu.data(), x.lambda.data(), of.qz.data(), of.atnu.data(), of.gtl.data(),
                          of.az.data(), of.gz.data()},
                         eps);
}

verdict element::verify(const point& x, const tolerances& eps) const {
    products of;
    of.evaluate(*data, x);
    return judge(x, of, eps);
}

void element::residual(const products& of, point& r) const {
    r.resize(*data);
    for (std::size_t j = 0; j < r.z.size(); ++j) r.z[j] = -(of.qz[j] + q[j] + of.atnu[j] + of.gtl[j]);
    for (std::size_t i = 0; i < r.nu.size(); ++i) r.nu[i] = b[i] - of.az[i];
    for (std::size_t i = 0; i < r.lambda.size(); ++i) r.lambda[i] = h[i] - of.gz[i];
}

void element::residual(const point& x, point& r) const {
    products of;
    of.evaluate(*data, x);
    residual(of, r);
}

} // namespace optnet::solver
