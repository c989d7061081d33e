// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradient's system of one problem, on the factor that its solve has kept; as src/solver/adjoint.cpp.

#include "solver/cuda/kkt.hpp"
#include "solver/cuda/solve.hpp"

namespace optnet::solver::cuda {

/// The right-hand sides and the solutions of a `kkt_solve`.
struct kkt_arguments {
    kkt_vectors<const void> r;
    kkt_vectors<void> d;
    void* minus_z; ///< the negative of d.z, or null
    bool single;   ///< in float32
};
template <class T>
kkt_arguments arguments(const kkt_vectors<const T>& r, const kkt_vectors<T>& d, T* minus_z = nullptr) {
    return {{r.z, r.nu, r.lambda}, {d.z, d.nu, d.lambda}, minus_z, sizeof(T) == 4};
}

/// Q dz + A'dν + G_W'dλ = r.z, A dz = r.nu, G_W dz = r.lambda for problem k, and dλ = 0 for other rows. Zeros where the
/// problem has no gradient.
template <class Team>
OPTNET_DEVICE void solve_adjoint(Team& team, const matrices& of, const kept_factor& kept, arena memory, std::int64_t k,
                                 const kkt_arguments& x) {
    const int n = of.n, p = of.p, m = of.m;
    const int count = kept.count[0];
    const kkt_vectors<const void>& r = x.r;
    const kkt_vectors<void>& to = x.d;
    const auto put = [&](int t, double value) {
        if (t < n) {
            if (to.z != nullptr) put_number(to.z, k * n + t, x.single, value);
            if (x.minus_z != nullptr) put_number(x.minus_z, k * n + t, x.single, -value);
        } else if (t < n + p) {
            if (to.nu != nullptr) put_number(to.nu, k * p + t - n, x.single, value);
        } else {
            if (to.lambda != nullptr) put_number(to.lambda, k * m + t - n - p, x.single, value);
        }
    };
    if (count < 0) return each(team, n + p + m, [&](int t) { put(t, 0.0); });
    const kkt_memory v(memory, of.n, of.p, of.m, kept_capacity(of.n, of.m));
    const basis_factor basis{count, v.basis, kept.T, kept.ratio, static_cast<factor_kind>(kept.count[1])};
    const auto entry = [&](const void* from, std::int64_t i, double scale) {
        return from == nullptr ? 0.0 : number_in(from, i, x.single) * scale;
    };
    each(team, n + p + m + count, [&](int t) {
        if (t >= n + p + m) {
            v.basis[t - n - p - m] = kept.rows[t - n - p - m];
        } else if (t < n) {
            v.right_z[t] = entry(r.z, k * n + t, of.z_scale[t]);
        } else if (t < n + p) {
            v.right_nu[t - n] = entry(r.nu, k * p + t - n, of.a_scale[t - n]);
        } else {
            v.lambda[t - n - p] = 0;
            v.right_lambda[t - n - p] = entry(r.lambda, k * m + t - n - p, of.g_scale[t - n - p]);
        }
    });
    solve_refined(team, of, basis, v);
    each(team, n + p + m, [&](int t) {
        if (t < n)
            put(t, v.z[t] * of.z_scale[t]);
        else if (t < n + p)
            put(t, v.nu[t - n] * of.a_scale[t - n]);
        else
            put(t, v.lambda[t - n - p] * of.g_scale[t - n - p]);
    });
}

} // namespace optnet::solver::cuda
