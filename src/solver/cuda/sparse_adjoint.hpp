// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradient's system of one problem on the sparse form, on the factor that its solve has kept; as adjoint.hpp.

#include "solver/cuda/adjoint.hpp"
#include "solver/cuda/sparse_kkt.hpp"

namespace optnet::solver::cuda {

/// What one `kkt_solve` takes beside the factor.
struct sparse_adjoint_memory {
    sparse_point x;
    sparse_refining v;

    OPTNET_DEVICE sparse_adjoint_memory(strided_arena& from, const sparse_shape& s) : x(from, s), v(from, s) {}

    OPTNET_DEVICE void move(near_memory& to, const sparse_shape& s) {
        v.move(to, s);
        x.move(to, s);
    }
};

template <class Team>
OPTNET_DEVICE void solve_adjoint(Team& team, const sparse_shape& s, const sparse_set& of, const sparse_factor& kept,
                                 const sparse_adjoint_memory& mine, std::int64_t k, const kkt_arguments& given) {
    const bool solved = kept.state[0] != 0;
    const sparse_point& x = mine.x;
    const kkt_vectors<const void>& r = given.r;
    const kkt_vectors<void>& to = given.d;
    const auto entry = [&](const void* from, std::int64_t i, double scale) {
        return from == nullptr ? 0.0 : number_in(from, i, given.single) * scale;
    };
    const std::int64_t n = s.n, p = s.p, m = s.m;
    if (solved) {
        each_entry_of(
            team, s, [&](int j) { x.z[j] = entry(r.z, k * n + j, of.z_scale[j]); },
            [&](int i) { x.nu[i] = entry(r.nu, k * p + i, of.a_scale[i]); },
            [&](int i) { x.lambda[i] = entry(r.lambda, k * m + i, of.g_scale[i]); });
        sparse_kkt<Team>(team, s, of, kept, mine.v).solve(x);
    }
    const auto put = [&](void* out, std::int64_t i, double value) {
        if (out != nullptr) put_number(out, i, given.single, value);
    };
    each_entry_of(
        team, s,
        [&](int j) {
            const double value = solved ? x.z[j] * of.z_scale[j] : 0.0;
            put(to.z, k * n + j, value);
            put(given.minus_z, k * n + j, -value);
        },
        [&](int i) { put(to.nu, k * p + i, solved ? x.nu[i] * of.a_scale[i] : 0.0); },
        [&](int i) { put(to.lambda, k * m + i, solved ? x.lambda[i] * of.g_scale[i] : 0.0); });
}

} // namespace optnet::solver::cuda
