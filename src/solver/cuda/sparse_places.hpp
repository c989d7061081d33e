// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the vectors of one problem lie in the workspace of the sparse form.

#include "solver/cuda/sparse_adjoint.hpp"
#include "solver/cuda/sparse_launch.hpp"
#include "solver/cuda/sparse_solve.hpp"

namespace optnet::solver::cuda {

struct sparse_places {
    unsigned char* base;
    unsigned char* scratch; ///< of a `kkt_solve`
    sparse_shape shape;
    sparse_plan plan;

    OPTNET_DEVICE unsigned long long* counter() const { return reinterpret_cast<unsigned long long*>(base); }
    /// Vectors number i of so many entries each, from an offset on.
    OPTNET_DEVICE strided_arena vectors(unsigned char* from, std::int64_t i, std::int64_t entries) const {
        double* const first = reinterpret_cast<double*>(from);
        if (plan.by != mapping::per_thread) return strided_arena(first + i * entries);
        return strided_arena(first + i / warp * warp * entries + i % warp, warp);
    }
    /// The matrices of problem k, by that team.
    OPTNET_DEVICE sparse_set set(std::int64_t k, std::int64_t team) const {
        double* const first = reinterpret_cast<double*>(base + plan.first_set);
        strided_arena from =
            plan.shared ? strided_arena(first) : vectors(base + plan.first_set, plan.keep ? k : team, plan.sizes.set);
        return {from, shape};
    }
    /// The factor of problem k, which is kept for the gradient or is the team's.
    OPTNET_DEVICE sparse_factor factor(std::int64_t k, std::int64_t team) const {
        strided_arena from = vectors(base + plan.first_kept, plan.keep ? k : team, plan.sizes.kept);
        return {from, shape};
    }
    OPTNET_DEVICE sparse_element work(std::int64_t team) const {
        strided_arena from = vectors(base + plan.first_work, team, plan.sizes.work);
        return {from, shape};
    }
    OPTNET_DEVICE sparse_adjoint_memory adjoint(std::int64_t team) const {
        strided_arena from = vectors(scratch, team, plan.sizes.adjoint);
        return {from, shape};
    }
    /// For the set-up of shared matrices, by the first team of all, before there is any factor.
    OPTNET_DEVICE sparse_factor first_factor() const {
        strided_arena from(reinterpret_cast<double*>(base + plan.first_kept));
        return {from, shape};
    }
};

/// Leaves what has been near in its place.
template <class Team>
OPTNET_DEVICE void keep(Team& team, const sparse_shape& s, const sparse_factor& from, const sparse_factor& to) {
    const auto put = [&](const strided& mine, const strided& kept, int count) {
        if (mine.first != kept.first) each(team, count, [&](int i) { kept[i] = mine[i]; });
    };
    put(from.u, to.u, s.entries);
    put(from.inverse, to.inverse, s.size);
    put(from.weight, to.weight, s.m);
}

/// What a team does for problem k; `near` holds `plan.near` entries.
template <class Team>
OPTNET_DEVICE void solve_one(Team& team, const sparse_batch& batch, const sparse_places& at, std::int64_t k,
                             std::int64_t number, double* near, const outputs& out) {
    const sparse_set of = at.set(k, number);
    const sparse_factor kept = at.factor(k, number);
    sparse_factor factor = kept;
    sparse_element e = at.work(number);
    near_memory own(near, at.plan.near);
    e.move(own, at.shape, factor);
    if (!at.plan.shared) set_up(team, at.shape, batch, k, of, factor);
    solve_problem(team, at.shape, batch, k, of, e, factor, out, at.plan.keep);
    if (at.plan.keep && kept.state[0] != 0) keep(team, at.shape, factor, kept);
}

template <class Team>
OPTNET_DEVICE void kkt_solve_one(Team& team, const sparse_places& at, std::int64_t k, std::int64_t number, double* near,
                                 const kkt_arguments& x) {
    sparse_adjoint_memory mine = at.adjoint(number);
    near_memory own(near, at.plan.near_adjoint);
    mine.move(own, at.shape);
    solve_adjoint(team, at.shape, at.set(k, 0), at.factor(k, 0), mine, k, x);
}

} // namespace optnet::solver::cuda
