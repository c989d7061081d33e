// SPDX-License-Identifier: Apache-2.0
#pragma once

// K = U D⁻¹ U' of one problem by a team, by the static schedule (sparse_shape.hpp), and one solve with it; as
// src/solver/algorithm/sparse_system.cpp. Without pivoting: K is quasi-definite, its order fixed. What a pivot lacks of
// its least size is added, and refinement takes it back.

#include "solver/cuda/sparse_memory.hpp"

namespace optnet::solver::cuda {

/// The weight of an active row, as it stands among `sparse_factor::weight`.
OPTNET_DEVICE inline double full_weight(const sparse_shape& s, int i, double delta) {
    return s.in_r(i) ? 1 / delta : std::sqrt(1 / delta);
}

/// W_ii from what stands among the weights.
OPTNET_DEVICE inline double squared_in_e(const sparse_shape& s, int i, double weight) {
    return s.in_r(i) ? weight : weight * weight;
}

/// The items of one level: narrow(item) by a worker each, then wide(item) by all workers together.
template <class Team, class Narrow, class Wide>
OPTNET_DEVICE void phase(Team& team, const sparse_shape& s, const sparse_phases& of, int level, const Narrow& narrow,
                         const Wide& wide) {
    const int first = s.at(of.start, level), middle = s.at(of.wide, level), last = s.at(of.start, level + 1);
    if (middle > first) each(team, middle - first, [&](int i) { narrow(s.at(of.order, first + i)); });
    for (int i = middle; i < last; ++i) wide(s.at(of.order, i));
}

/// What K is assembled from and factored into.
template <class Team> class sparse_elimination {
public:
    /// Of Q alone, with the pivots of the others ∓1, and no help for a pivot of the wrong sign: the factorization is
    /// finite where Q + ρI is positive definite.
    bool only_q = false;

    OPTNET_DEVICE sparse_elimination(Team& workers, const sparse_shape& structure, const sparse_set& set,
                                     const sparse_factor& factor, sparse_shifts shifts)
        : team(workers), s(structure), of(set), to(factor), by(shifts) {}

    /// For `to.weight`. False if anything is not finite.
    OPTNET_DEVICE OPTNET_OUT_OF_LINE bool run() {
        for (int level = 0; level < s.levels; ++level)
            phase(
                team, s, s.factor, level, [&](int item) { narrow(item); }, [&](int item) { wide(item); });
        return sums(team, s.size, [&](int j) { return two{to.inverse[j] * 0.0, 0.0}; }).a == 0.0;
    }

private:
    OPTNET_DEVICE double base(int item) const {
        const int number = s.at(s.item_base, item);
        if (number < 0 || (only_q && number >= s.numbers_q)) return number == -2 ? -1.0 : 0.0;
        return of.number[number];
    }
    OPTNET_DEVICE double product(int t) const {
        const int other = s.at(s.sum, 3 * t + 2);
        const double v = to.weight[s.at(s.sum, 3 * t)] * of.number[s.at(s.sum, 3 * t + 1)];
        return other < 0 ? v : v * of.number[other];
    }
    OPTNET_DEVICE double term(int t) const {
        return to.u[s.at(s.term, 3 * t)] * to.u[s.at(s.term, 3 * t + 1)] * to.inverse[s.at(s.term, 3 * t + 2)];
    }
    /// Of the right sign and not below what rounding leaves of its terms, whose largest is `size`.
    OPTNET_DEVICE void put(int item, double own, double terms, double size) {
        if (item < s.entries) {
            to.u[item] = own - terms;
            return;
        }
        const int j = item - s.entries;
        const bool positive = s.at(s.positive, j) != 0;
        own += positive ? by.rho : -by.delta;
        const double pivot = own - terms, directed = positive ? pivot : -pivot;
        const double most = larger(std::abs(own), size), other = larger(most * sparse_new_pivot, 1e-290);
        const bool usable = directed > sparse_least_pivot * most;
        const double none = HUGE_VAL - HUGE_VAL;
        const double kept = usable ? pivot : only_q ? none : positive ? other : -other;
        to.inverse[j] = std::abs(pivot) < 1e290 ? 1 / kept : none;
    }
    OPTNET_DEVICE void narrow(int item) {
        double own = base(item), terms = 0, size = 0;
        if (!only_q)
            for (int t = s.at(s.item_sum_start, item); t < s.at(s.item_sum_start, item + 1); ++t) own += product(t);
        for (int t = s.at(s.item_term_start, item); t < s.at(s.item_term_start, item + 1); ++t) {
            const double v = term(t);
            terms += v;
            size = larger(size, std::abs(v));
        }
        put(item, own, terms, size);
    }
    OPTNET_DEVICE OPTNET_OUT_OF_LINE void wide(int item) {
        const int first_sum = s.at(s.item_sum_start, item), first = s.at(s.item_term_start, item);
        const int products = only_q ? 0 : s.at(s.item_sum_start, item + 1) - first_sum;
        const int terms = s.at(s.item_term_start, item + 1) - first;
        const double own = sums(team, products, [&](int t) { return two{product(first_sum + t), 0.0}; }).a;
        const double sum = sums(team, terms, [&](int t) { return two{term(first + t), 0.0}; }).a;
        const double size = larger(0.0, most(team, terms, [&](int t) {
                                            return two{std::abs(term(first + t)), 0.0};
                                        }).a);
        each(team, 1, [&](int) { put(item, base(item) + own, sum, size); });
    }

    Team& team;
    const sparse_shape& s;
    const sparse_set& of;
    const sparse_factor& to;
    const sparse_shifts by;
};

/// K x = b for x in the order of elimination, in place, with the shifts in it: x = D⁻¹ U' ..., level by level.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void substitute(Team& team, const sparse_shape& s, const sparse_factor& of,
                                                 const strided& x) {
    const auto before = [&](int e) { return of.u[s.at(s.row_entry, e)] * x[s.at(s.row_col, e)]; };
    for (int level = 0; level < s.levels; ++level)
        phase(
            team, s, s.forth, level,
            [&](int i) {
                double value = x[i];
                for (int e = s.at(s.row_start, i); e < s.at(s.row_start, i + 1); ++e) value -= before(e);
                x[i] = value * of.inverse[i];
            },
            [&](int i) {
                const int first = s.at(s.row_start, i);
                const double sum = sums(team, s.at(s.row_start, i + 1) - first, [&](int e) {
                                       return two{before(first + e), 0.0};
                                   }).a;
                each(team, 1, [&](int) { x[i] = (x[i] - sum) * of.inverse[i]; });
            });
    const auto behind = [&](int e) { return of.u[e] * x[s.at(s.column_row, e)]; };
    for (int level = s.levels - 2; level >= 0; --level) // nothing stands below the columns of the last level
        phase(
            team, s, s.back, level,
            [&](int i) {
                double sum = 0;
                for (int e = s.at(s.column_start, i); e < s.at(s.column_start, i + 1); ++e) sum += behind(e);
                x[i] -= sum * of.inverse[i];
            },
            [&](int i) {
                const int first = s.at(s.column_start, i);
                const double sum = sums(team, s.at(s.column_start, i + 1) - first, [&](int e) {
                                       return two{behind(first + e), 0.0};
                                   }).a;
                each(team, 1, [&](int) { x[i] -= sum * of.inverse[i]; });
            });
}

OPTNET_DEVICE inline bool is_wide(const sparse_shape& s, const sparse_lines& of, int i) {
    return s.at(of.start, i + 1) - s.at(of.start, i) >= wide_line;
}
OPTNET_DEVICE inline int number_at(const sparse_shape& s, const sparse_lines& of, int e) {
    return of.first + (of.from < 0 ? e : s.at(of.from, e));
}
OPTNET_DEVICE inline double line_sum(const sparse_shape& s, const sparse_set& set, const sparse_lines& of, int i,
                                     const strided& x) {
    double sum = 0;
    const int end = s.at(of.start, i + 1);
    for (int e = s.at(of.start, i); e < end; ++e) sum += set.number[number_at(s, of, e)] * x[s.at(of.at, e)];
    return sum;
}
/// put(i, the sum of line i) for the lines that are wide, which `line_sum` is too slow for.
template <class Team, class Put>
OPTNET_DEVICE void each_wide_line(Team& team, const sparse_shape& s, const sparse_set& set, const sparse_lines& of,
                                  const strided& x, const Put& put) {
    for (int w = 0; w < of.wide_count; ++w) {
        const int i = s.at(of.wide, w), first = s.at(of.start, i);
        const double sum = sums(team, s.at(of.start, i + 1) - first, [&](int e) {
                               return two{set.number[number_at(s, of, first + e)] * x[s.at(of.at, first + e)], 0.0};
                           }).a;
        each(team, 1, [&](int) { put(i, sum); });
    }
}
/// y = M x
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void multiply(Team& team, const sparse_shape& s, const sparse_set& set,
                                               const sparse_lines& of, const strided& x, const strided& y) {
    each(team, of.count, [&](int i) {
        if (!is_wide(s, of, i)) y[i] = line_sum(s, set, of, i, x);
    });
    each_wide_line(team, s, set, of, x, [&](int i, double sum) { y[i] = sum; });
}

/// Qz, A'ν, G'λ, Az and, where it is wanted, Gz in one phase.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void multiply(Team& team, const sparse_shape& s, const sparse_set& set,
                                               const strided& z, const strided& nu, const strided& lambda,
                                               const sparse_products& to, bool with_gz) {
    const int n = s.n, last = with_gz ? s.m : 0;
    each(team, 3 * n + s.p + last, [&](int t) {
        const bool in_q = t < n, at = !in_q && t < 2 * n, gt = !in_q && !at && t < 3 * n, in_a = t < 3 * n + s.p;
        const int i = in_q ? t : at ? t - n : gt ? t - 2 * n : in_a ? t - 3 * n : t - 3 * n - s.p;
        const sparse_lines& of = in_q ? s.q : at ? s.a_columns : gt ? s.g_columns : in_a ? s.a : s.g;
        if (is_wide(s, of, i)) return;
        const double sum = line_sum(s, set, of, i, at ? nu : gt ? lambda : z);
        (in_q ? to.qz : at ? to.atnu : gt ? to.gtl : in_a ? to.az : to.gz)[i] = sum;
    });
    each_wide_line(team, s, set, s.q, z, [&](int i, double sum) { to.qz[i] = sum; });
    each_wide_line(team, s, set, s.a_columns, nu, [&](int i, double sum) { to.atnu[i] = sum; });
    each_wide_line(team, s, set, s.g_columns, lambda, [&](int i, double sum) { to.gtl[i] = sum; });
    each_wide_line(team, s, set, s.a, z, [&](int i, double sum) { to.az[i] = sum; });
    if (with_gz) each_wide_line(team, s, set, s.g, z, [&](int i, double sum) { to.gz[i] = sum; });
}
template <class Team>
OPTNET_DEVICE void multiply(Team& team, const sparse_shape& s, const sparse_set& set, const sparse_point& x,
                            const sparse_products& to) {
    multiply(team, s, set, x.z, x.nu, x.lambda, to, true);
}

/// One solve with the shifts in it: z and ν of [Q A' G'; A 0 0; G 0 −W⁻¹] for right.z, right.nu and W times the
/// right-hand side's λ in v.weighted, and v.of.gz = G z. x may be right. Returns the largest entry of what K is solved
/// for.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE double solve_once(Team& team, const sparse_shape& s, const sparse_set& set,
                                                   const sparse_factor& of, const sparse_point& right,
                                                   const sparse_point& x, const sparse_refining& v) {
    const auto line = [&](int j, double sum) {
        const double value = right.z[j] + sum;
        v.packed[s.at(s.place, j)] = value;
        return std::abs(value);
    };
    each_wide_line(team, s, set, s.r_columns, v.weighted, line);
    const double size = most(team, s.n + s.p + s.m, [&](int t) {
                            if (t < s.n) {
                                if (is_wide(s, s.r_columns, t)) return two{std::abs(v.packed[s.at(s.place, t)]), 0.0};
                                return two{line(t, line_sum(s, set, s.r_columns, t, v.weighted)), 0.0};
                            }
                            const int place = s.at(s.place, t);
                            if (place < 0) return teams::maxima::none(); // a row in R
                            const double value = t < s.n + s.p ? right.nu[t - s.n] : v.weighted[t - s.n - s.p];
                            v.packed[place] = value;
                            return two{std::abs(value), 0.0};
                        }).a;
    substitute(team, s, of, v.packed);
    each(team, s.n + s.p, [&](int t) { (t < s.n ? x.z[t] : x.nu[t - s.n]) = v.packed[s.at(s.place, t)]; });
    multiply(team, s, set, s.g, x.z, v.of.gz);
    return larger(0.0, size);
}

} // namespace optnet::solver::cuda
