// SPDX-License-Identifier: Apache-2.0
#pragma once

// The system of the active rows on the sparse pattern: Q z + A'ν + G_W'λ = right.z, A z = right.nu, and
// G_i z − D_i λ_i = right.lambda for the active rows; as src/solver/algorithm/sparse_kkt.cpp. The shifts make it
// quasi-definite, whatever rows depend on each other; refinement against the system without them takes them back.

#include "solver/cuda/sparse_system.hpp"

namespace optnet::solver::cuda {

/// A residual of this share of the right-hand side is rounding; above the second no solution meets it.
inline constexpr double enough = 1e-14, contradiction = 1e-6;
inline constexpr int most_kkt_steps = 40;

template <class Team> class sparse_kkt {
public:
    OPTNET_DEVICE sparse_kkt(Team& workers, const sparse_shape& structure, const sparse_set& matrices,
                             const sparse_factor& factor, const sparse_refining& memory)
        : team(workers), s(structure), set(matrices), of(factor), v(memory) {}

    /// One solve with the shifts in it: x = the solution for `right`, which may be x; v.of.gz = G z.
    OPTNET_DEVICE void estimate(const sparse_point& right, const sparse_point& x) {
        each(team, s.m, [&](int i) { v.weighted[i] = of.weight[i] * right.lambda[i]; });
        solve_once(team, s, set, of, right, x, v);
        each(team, s.m, [&](int i) {
            const int place = s.at(s.place, s.n + s.p + i); // of a long row, as in sparse_kkt.cpp
            x.lambda[i] = of.weight[i] * (place < 0 ? v.of.gz[i] - right.lambda[i] : v.packed[place]);
        });
    }
    /// Overwrites the right-hand side x with the solution, refined in at most so many steps; returns the share of the
    /// right-hand side that is left. Entries of x.lambda outside the active rows become 0.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE double refine(const sparse_point& x, int steps) {
        each(team, s.m, [&](int i) {
            if (!(of.weight[i] > 0)) x.lambda[i] = 0;
        });
        const double size = take_right_side(x);
        if (size == 0) return 0;
        estimate(x, x);
        double before = HUGE_VAL;
        for (int step = 0;; ++step) {
            const double left = residual(x) / size;
            if (step >= steps || !(left < 0.5 * before) || left <= enough) return left;
            before = left;
            estimate(v.left, v.left);
            each_entry_of(
                team, s, [&](int j) { x.z[j] += v.left.z[j]; }, [&](int i) { x.nu[i] += v.left.nu[i]; },
                [&](int i) { x.lambda[i] += v.left.lambda[i]; });
        }
    }
    /// The same without the part of the right-hand side that no solution meets: where the rows contradict each other,
    /// or Q is singular on what they leave free.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void solve(const sparse_point& x) {
        if (refine(x, most_kkt_steps) <= contradiction) return;
        // What is left over lies in the null space of the system: without it the right-hand side has a solution.
        residual(x);
        each_entry_of(
            team, s, [&](int j) { x.z[j] = v.right.z[j] - v.left.z[j]; },
            [&](int i) { x.nu[i] = v.right.nu[i] - v.left.nu[i]; },
            [&](int i) { x.lambda[i] = v.right.lambda[i] - v.left.lambda[i]; });
        refine(x, most_kkt_steps);
    }

private:
    OPTNET_DEVICE double take_right_side(const sparse_point& x) {
        const double size = most(team, s.n + s.p + s.m, [&](int t) {
                                double value = 0;
                                if (t < s.n)
                                    value = v.right.z[t] = x.z[t];
                                else if (t < s.n + s.p)
                                    value = v.right.nu[t - s.n] = x.nu[t - s.n];
                                else
                                    value = v.right.lambda[t - s.n - s.p] = x.lambda[t - s.n - s.p];
                                return two{std::abs(value), 0.0};
                            }).a;
        return larger(0.0, size);
    }
    /// Into v.left; returns its largest entry.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE double residual(const sparse_point& x) {
        multiply(team, s, set, x, v.of);
        const double size = most(team, s.n + s.p + s.m, [&](int t) {
                                double left = 0;
                                if (t < s.n) {
                                    left = v.left.z[t] = v.right.z[t] - (v.of.qz[t] + v.of.atnu[t] + v.of.gtl[t]);
                                } else if (t < s.n + s.p) {
                                    const int i = t - s.n;
                                    left = v.left.nu[i] = v.right.nu[i] - v.of.az[i];
                                } else {
                                    const int i = t - s.n - s.p;
                                    if (of.weight[i] > 0)
                                        left = v.right.lambda[i] - v.of.gz[i] + of.ratio[i] * x.lambda[i];
                                    v.left.lambda[i] = left;
                                }
                                return two{std::abs(left), 0.0};
                            }).a;
        return larger(0.0, size);
    }

    Team& team;
    const sparse_shape& s;
    const sparse_set& set;
    const sparse_factor& of;
    const sparse_refining& v;
};

} // namespace optnet::solver::cuda
