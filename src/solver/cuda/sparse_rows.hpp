// SPDX-License-Identifier: Apache-2.0
#pragma once

// The active rows of the gradient on the sparse form, decided on the final point, with the point of maximal support
// where a row is in doubt; as `decide_active_rows` of src/solver/algorithm/sparse_road.cpp.

#include "solver/cuda/sparse_interior.hpp"

namespace optnet::solver::cuda {

/// A slack or a multiplier of the solution gets at least this share of its terms before the point of maximal support is
/// looked for, which ends at the second.
inline constexpr double off_boundary = 1e-2, centred = 1e-9;

/// What the state of a row is judged by.
template <class Team> struct sparse_strength {
    const sparse_problem<Team>& on;
    double relative, z_size, dual_size;

    OPTNET_DEVICE double size(int i) const { return std::abs(on.e.h[i]) + z_size; }
    OPTNET_DEVICE double bound(int i) const { return relative * size(i); }
    OPTNET_DEVICE bool tight(int i) const { return !on.e.absent(i) && on.e.h[i] - on.e.v.of.gz[i] <= bound(i); }
    /// What R_ii is about, times the multiplier: the sum of G_ij² / Q_jj; at least by the sizes of the point where Q
    /// does not touch a variable.
    OPTNET_DEVICE double strength(int i, double multiplier) const {
        double sum = 0;
        bool all = true;
        each_number(on.s, on.s.g, i, [&](int e, int j) {
            const int diagonal = on.s.at(on.s.diagonal, j);
            const double own = diagonal < 0 ? 0.0 : on.of.number[diagonal], v = on.of.number[e];
            if (own > 1e-12 * on.of.unit())
                sum += v * v / own;
            else
                all = false;
        });
        return multiplier * (all ? sum : larger(sum, dual_size > 0 ? size(i) / dual_size : 1.0));
    }
    /// Active, and so in any solution.
    OPTNET_DEVICE bool sure(int i) const {
        return on.e.best_weight[i] > 0 && strength(i, on.e.best.lambda[i]) > bound(i);
    }
};

/// Looks for the point of maximal support, from beside the solution, where every row has room and a multiplier of the
/// same strength, or from the start; its λ and s are those of `inner`. False if there is none. The products of the best
/// point are lost.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool find_centre(const sparse_problem<Team>& on, const sparse_strength<Team>& by) {
    const sparse_element& e = on.e;
    sparse_interior<Team> form(on, centred, centred);
    copy(on.team, on.s, e.best, e.x);
    each(on.team, on.s.m, [&](int i) {
        const double room = larger(off_boundary * by.size(i), 1e-300), unit = by.strength(i, 1.0);
        e.s[i] = e.absent(i) ? 1.0 : larger(e.h[i] - e.v.of.gz[i], room);
        e.x.lambda[i] = e.absent(i) ? 0.0 : larger(e.best.lambda[i], unit > 0 ? room / unit : room);
    });
    double share = HUGE_VAL;
    for (int attempt = 0; attempt < 2 && !(share <= 1); ++attempt) {
        if (attempt > 0 && !starting_point(on.team, form)) return false;
        share = interior_loop(on.team, form, interior_limit, 1.0, centred).best.share;
    }
    return share <= 1e3;
}

/// How many rows are in doubt; the scratch says which are active or may be.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE double count_doubtful(const sparse_problem<Team>& on,
                                                       const sparse_strength<Team>& by) {
    return sums(on.team, on.s.m,
                [&](int i) {
                    const bool basis = on.e.best_weight[i] > 0;
                    const bool doubt = basis ? !by.sure(i) : by.tight(i);
                    on.e.scratch[i] = basis || doubt ? 1.0 : 0.0;
                    return two{doubt ? 1.0 : 0.0, 0.0};
                })
        .a;
}

/// The weights and ratios of the active rows: those of the best point, or of the point of maximal support.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void weigh_rows(const sparse_problem<Team>& on, const sparse_strength<Team>& by,
                                                 bool central) {
    const sparse_element& e = on.e;
    const strided &weight = on.factor.weight, &ratio = on.factor.ratio;
    const double delta = on.of.shifts().delta;
    each(on.team, on.s.m, [&](int i) {
        weight[i] = central ? 0.0 : e.best_weight[i];
        ratio[i] = 0;
        if (!central || e.r.lambda[i] == 0) return;
        const bool sure = by.sure(i);
        const double multiplier = e.inner.lambda[i], slack = e.inner_s[i], strong = by.strength(i, multiplier);
        if (!sure && slack > 100 * strong) return;
        ratio[i] = sure || strong > 100 * slack ? 0.0 : slack / multiplier;
        const double own = 1 / (ratio[i] + delta);
        weight[i] = on.s.in_r(i) ? own : std::sqrt(own);
    });
}

/// Leaves the factor of the active rows of the best point, whose products are there. False where it is not finite.
template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE bool decide_rows(const sparse_problem<Team>& on) {
    Team& team = on.team;
    const sparse_shape& s = on.s;
    const sparse_element& e = on.e;
    const double costs = most(team, s.n, [&](int j) {
                             return two{larger(std::abs(e.q[j]), std::abs(e.v.of.qz[j])), 0.0};
                         }).a;
    const sparse_strength<Team> by{on, larger(64.0 * s.n * 1.1e-16, on.how.active_tolerance), on.size_of_z(e.best.z),
                                   larger(0.0, costs)};
    bool central = false;
    if (count_doubtful(on, by) > 0) {
        // The interior point needs the scratch.
        each(team, s.m, [&](int i) { e.r.lambda[i] = e.scratch[i]; });
        central = find_centre(on, by);
    }
    if (!central && on.known.factored) return true;
    weigh_rows(on, by, central);
    return on.eliminate(on.of.shifts());
}

} // namespace optnet::solver::cuda
