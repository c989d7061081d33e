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

/// The same of one problem, in the units of its matrices. Entry t of n + p + m is one of z, ν or λ.
struct adjoint_vectors {
    const matrices& of;
    const kkt_arguments& x;
    std::int64_t problem;

    OPTNET_DEVICE double right(int t) const {
        const int n = of.n, p = of.p, m = of.m;
        if (t < n) return entry(x.r.z, problem * n + t, of.z_scale[t]);
        if (t < n + p) return entry(x.r.nu, problem * p + t - n, of.a_scale[t - n]);
        return entry(x.r.lambda, problem * m + t - n - p, of.g_scale[t - n - p]);
    }
    OPTNET_DEVICE void put(int t, double value) const {
        const int n = of.n, p = of.p, m = of.m;
        if (t < n) {
            value *= of.z_scale[t];
            put_entry(x.d.z, problem * n + t, value);
            put_entry(x.minus_z, problem * n + t, -value);
        } else if (t < n + p) {
            put_entry(x.d.nu, problem * p + t - n, value * of.a_scale[t - n]);
        } else {
            put_entry(x.d.lambda, problem * m + t - n - p, value * of.g_scale[t - n - p]);
        }
    }

private:
    OPTNET_DEVICE double entry(const void* from, std::int64_t i, double scale) const {
        return from == nullptr ? 0.0 : number_in(from, i, x.single) * scale;
    }
    OPTNET_DEVICE void put_entry(void* to, std::int64_t i, double value) const {
        if (to != nullptr) put_number(to, i, x.single, value);
    }
};

/// Q dz + A'dν + G_W'dλ = r.z, A dz = r.nu, G_W dz = r.lambda for problem k, and dλ = 0 for other rows. Zeros where the
/// problem has no gradient.
template <class Team>
OPTNET_DEVICE void solve_adjoint(Team& team, const matrices& of, const kept_factor& kept, arena memory, std::int64_t k,
                                 const kkt_arguments& x) {
    const int n = of.n, p = of.p, m = of.m;
    const int count = kept.count[0];
    const adjoint_vectors given{of, x, k};
    if (count < 0) {
        each(team, n + p + m, [&](int t) { given.put(t, 0.0); });
        return;
    }
    const kkt_memory v(memory, n, p, m, kept_capacity(n, m));
    const basis_factor basis = kept.factor(v.basis);
    each(team, n + p + m + count, [&](int t) {
        if (t >= n + p + m) {
            v.basis[t - n - p - m] = kept.rows[t - n - p - m];
        } else if (t < n) {
            v.right_z[t] = given.right(t);
        } else if (t < n + p) {
            v.right_nu[t - n] = given.right(t);
        } else {
            v.lambda[t - n - p] = 0;
            v.right_lambda[t - n - p] = given.right(t);
        }
    });
    solve_refined(team, of, basis, v);
    each(team, n + p + m, [&](int t) { given.put(t, t < n ? v.z[t] : t < n + p ? v.nu[t - n] : v.lambda[t - n - p]); });
}

} // namespace optnet::solver::cuda
