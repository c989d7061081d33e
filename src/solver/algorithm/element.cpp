// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/element.hpp"

#include "solver/cpu/kernels.hpp"

#include <algorithm>
#include <cmath>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T> void read(const vector_view<T>& view, std::int64_t k, int n, double* to) {
    if (view.data == nullptr) return void(std::fill_n(to, n, 0.0));
    const T* from = view.of(k);
    if (view.stride == 1)
        std::copy_n(from, n, to);
    else
        for (int i = 0; i < n; ++i) to[i] = static_cast<double>(from[i * view.stride]);
}

bool all_finite(const double* x, int n) {
    return cpu::dense<double>().max_abs(x, n) < HUGE_VAL; // false for NaN
}

/// Finite numbers in units.
template <class T> bool read(const vector_view<T>& view, std::int64_t k, int n, const double* scale, double* to) {
    read(view, k, n, to);
    if (!all_finite(to, n)) return false;
    for (int i = 0; i < n; ++i) to[i] *= scale[i];
    return true;
}

} // namespace

template <class T>
found_in_numbers read_right_sides(const problem<T>& batch, std::int64_t k, const units& o, const settings& how,
                                  double eps_abs, double* q, double* b, double* h, double* floor) {
    found_in_numbers found;
    found.finite =
        (q == nullptr || read(batch.q, k, o.n, o.z_scale, q)) && (b == nullptr || read(batch.b, k, o.p, o.a_scale, b));
    if (!found.finite || h == nullptr) return found;
    read(batch.h, k, o.m, h);
    const bool bounded = all_finite(h, o.m);
    for (int i = 0; !bounded && i < o.m; ++i) {
        if (std::isnan(h[i])) found.finite = false;
        if (h[i] == -HUGE_VAL) found.impossible_row = i;
    }
    for (int i = 0; i < o.m; ++i) {
        const bool is_absent = h[i] >= how.infinite_bound;
        // Far below the tolerance, so that rounding in the user's data (a zero row with h = -1e-17) is no violation.
        floor[i] = is_absent ? HUGE_VAL : 1e-5 * eps_abs * o.g_scale[i];
        h[i] = is_absent ? 0.0 : h[i] * o.g_scale[i];
    }
    return found;
}

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
    q.resize(at(o.n));
    b.resize(at(o.p));
    h.assign(at(o.m), 0.0);
    floor.assign(at(o.m), 0.0);
    const found_in_numbers found =
        read_right_sides(batch, k, o, how, eps_abs, q.data(), b.data(), h.data(), floor.data());
    finite = ok && found.finite;
    impossible_row = found.impossible_row;
}

template found_in_numbers read_right_sides(const problem<double>&, std::int64_t, const units&, const settings&, double,
                                           double*, double*, double*, double*);
template found_in_numbers read_right_sides(const problem<float>&, std::int64_t, const units&, const settings&, double,
                                           double*, double*, double*, double*);
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
    return {t.primal,
            t.dual,
            gap,
            std::max({share(t.primal, t.primal_size), share(t.dual, t.dual_size), share(gap, objective)}),
            std::max({relative(t.primal, t.primal_size), relative(t.dual, t.dual_size), relative(gap, objective)}),
            t.primal_size,
            t.dual_size};
}

verdict judge(const units& o, const right_sides& e, const evaluated& x, const tolerances& eps) {
    const auto& kernels = cpu::dense<double>();
    double of_a[4], of_g[4], of_z[5];
    kernels.judge_rows(x.az, e.b, o.a_unit, x.nu, nullptr, o.p, of_a);
    kernels.judge_rows(x.gz, e.h, o.g_unit, x.lambda, e.floor, o.m, of_g);
    kernels.judge_columns(x.qz, e.q, x.atnu, x.gtl, o.z_unit, x.z, o.n, of_z);
    verdict_terms t;
    t.primal = std::max(of_a[0], of_g[0]);
    t.primal_size = std::max(of_a[1], of_g[1]);
    t.dual = of_z[0];
    t.dual_size = of_z[1];
    t.zqz = of_z[2];
    t.qtz = of_z[3];
    t.btnu = of_a[2];
    t.htl = of_g[2];
    t.check = of_a[3] + of_g[3] + of_z[4];
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
