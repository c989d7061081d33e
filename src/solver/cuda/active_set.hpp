// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dual active set method on s = R λ + d by one team: the steps of src/solver/algorithm/dual_active_set.cpp with
// other linear algebra. In place of the Cholesky factor L of R_WW there is T = L⁻¹, so that nothing is a chain of k
// barriers:
//
//     R_WW x = −d_W:  y = T (−d_W),  x = T' y
//     row in:         l = T R_W,e,  π² = R_ee − l'l,  the new row of T is [−l'T, 1] / π
//     row out:        rotations of neighbouring rows of T take its column into the last row, which then goes
//
// A step that takes in a row is four barriers, one that drops a row six, whatever k is. sweeps.hpp has steps of three
// barriers, for as many rows as shared memory holds.

#include "solver/cuda/matrices.hpp"
#include "solver/cuda/swept_matrix.hpp"

namespace optnet::solver::cuda {

/// What a solve with R_WW + D goes through.
enum class factor_kind : int {
    triangle, ///< packed rows of T = L⁻¹, R_WW + D = L L'
    inverse,  ///< packed rows of −R_WW⁻¹
    swept,    ///< the same, in the places that its rows have among all
};

/// Rows of G, and the factor of R_WW + D.
struct basis_factor {
    int k;
    const int* rows;
    const double* T;
    const double* ratio; ///< [k] D, or null for 0
    factor_kind kind;
    bool trusted = false; ///< its solves need not be looked at (accuracy.hpp)

    /// Entry (i, j) of the lower triangle.
    OPTNET_DEVICE double stored(int i, int j) const {
        return kind == factor_kind::swept ? T[chunked_triangle::row(rows[i]) + rows[j]] : T[triangle(i) + j];
    }
    /// Entry (i, j) of −R_WW⁻¹, where that is there.
    OPTNET_DEVICE double entry(int i, int j) const { return i > j ? stored(i, j) : stored(j, i); }
};

enum class active_outcome { optimal, infeasible, limit, breakdown };

/// A pivot below this share of its diagonal entry is rounding; a slack above minus the second, relative to the terms it
/// is the sum of, is zero.
inline constexpr double dependent_row = 1e-11, zero_slack = 1e-13;
/// Sweeps leave more rounding: above minus this a slack is computed anew before its row enters.
inline constexpr double doubtful_slack = 1e-8;

class active_set {
public:
    double* d;      ///< [m] slacks at λ = 0; the caller's to fill
    double* floor;  ///< [m] a slack above minus this counts as 0, +inf for an absent row; the caller's to fill
    double* lambda; ///< [m]
    double* T;      ///< packed rows of L⁻¹, or the swept matrix of sweeps.hpp
    int* basis;     ///< [capacity + 1] the rows of T, then the dependent row after `infeasible`
    double *x, *l;  ///< [capacity + 1], [capacity] scratch, free after `solve`
    int k = 0;      ///< rows of the basis
    int steps = 0;
    bool is_swept; ///< T is the swept matrix, and the methods for it are those to call, where a team may

    OPTNET_DEVICE active_set(arena& from, const matrices& of, int most_rows, bool by_sweeps = false)
        : is_swept(by_sweeps), capacity(most_rows), set(of) {
        T = from.take<double>(is_swept ? swept_matrix::words(of.m) : triangle(capacity));
        lambda = from.take<double>(of.m);
        basis = from.take<int>(capacity + 1);
        d = from.take<double>(of.m);
        floor = from.take<double>(of.m);
        x = from.take<double>(capacity + 1);
        y = from.take<double>(is_swept ? 0 : capacity);
        l = from.take<double>(capacity);
        t = from.take<double>(is_swept ? 0 : capacity);
        inverse = from.take<double>(is_swept ? of.m : 0);
        state = from.take<int>(of.m);
    }

    /// From λ = 0, or from what an earlier call has left for other d: the basis, its factor and its λ.
    template <class Team> OPTNET_DEVICE active_outcome solve(Team& team, int limit, bool again = false);
    /// The same by sweeps, from λ = 0 or from a basis that `start_swept` and `take_swept` have made.
    template <class Team> OPTNET_DEVICE active_outcome solve_swept(Team& team, int limit, bool again = false);
    OPTNET_DEVICE void stay_near();
    template <class Team> OPTNET_DEVICE void fetch_r(Team& team);
    template <class Team> OPTNET_DEVICE void start_swept(Team& team);
    template <class Team> OPTNET_DEVICE void take_swept(Team& team, int row, double multiplier);

    /// An empty basis, and one more row in it, with `ratio` on its diagonal. False if it depends on the others; then l
    /// is its row of L.
    template <class Team> OPTNET_DEVICE void clear(Team& team);
    template <class Team> OPTNET_DEVICE bool append(Team& team, int row, double ratio = 0);
    /// The same, but a row that depends on the others stays outside.
    template <class Team> OPTNET_DEVICE OPTNET_OUT_OF_LINE bool take(Team& team, int row, double ratio = 0) {
        const bool independent = append(team, row, ratio);
        if (!independent) each(team, 1, [&](int) { state[row] = outside; });
        return independent;
    }

    /// R of two rows, and entry j of T' v.
    OPTNET_DEVICE double r(int i, int j) const { return set.r[j * set.m + i]; }
    OPTNET_DEVICE double backward(int j, const double* v) const {
        double sum = 0;
        for (int i = j; i < k; ++i) sum += T[triangle(i) + j] * v[i];
        return sum;
    }
    /// The pivot of a row that would enter; leaves l, and l'y in `along`.
    template <class Team> OPTNET_DEVICE double pivot(Team& team, int row, double& along) {
        const two of = sums(team, k, [&](int i) {
            double sum = 0;
            const double* const mine = T + triangle(i);
            for (int j = 0; j <= i; ++j) sum += mine[j] * r(basis[j], row);
            l[i] = sum;
            return two{sum * sum, sum * y[i]};
        });
        along = of.b;
        return r(row, row) - of.a;
    }
    OPTNET_DEVICE basis_factor factor() const {
        return {k, basis, T, nullptr, is_swept ? factor_kind::swept : factor_kind::triangle};
    }
    OPTNET_DEVICE bool in_basis(int i) const { return state[i] == inside; }
    template <class Team> OPTNET_DEVICE bool sweeps() const { return may_sweep<Team>() && is_swept; }
    /// What the basis leaves of R_ii.
    template <class Team> OPTNET_DEVICE double rest(Team& team, int i) {
        double along;
        return sweeps<Team>() ? swept().entry(i, i) : pivot(team, i, along);
    }

private:
    enum : int { outside, inside, refused };

    OPTNET_DEVICE swept_matrix swept() const { return {T, set.m}; }
    /// The sign of a sweep.
    static constexpr double enters = 1, leaves = -1;
    template <class Team, class Rule>
    OPTNET_DEVICE swept_rows<1> sweep(Team& team, int row, double sign, const Rule& rule);
    template <class Team> OPTNET_DEVICE void unsweep(Team& team);
    template <class Team> OPTNET_DEVICE void sweep_anew(Team& team);
    template <class Team> OPTNET_DEVICE double lost(Team& team);
    template <class Team>
    OPTNET_DEVICE swept_rows<together> best_of_quarters(Team& team, const swept_rows<together>& last, bool may_enter);
    template <class Team> OPTNET_DEVICE void guess(Team& team, int limit);
    struct progress {
        int k, steps;
        bool good;
    };
    /// work(active) on a copy, in a function of its own: the compiler keeps what it knows of this one, and learns of
    /// the copy where its numbers lie.
    template <class Work>
    OPTNET_DEVICE static OPTNET_OUT_OF_LINE progress on_copy(active_set active, const Work& work) {
        active.stay_near();
        const bool good = work(active);
        return {active.k, active.steps, good};
    }
    template <class Work> OPTNET_DEVICE bool apart(const Work& work) {
        const progress made = on_copy(*this, work);
        k = made.k;
        steps = made.steps;
        return made.good;
    }
    /// What `choose` has found.
    struct choice {
        double step = -1;      ///< of a multiplier that stops it; -1: none does
        int row = -1;          ///< that leaves, or enters; -1: none does
        bool depends = false;  ///< on the basis
        bool doubtful = false; ///< its violation may be rounding
        bool slight = false;   ///< and is hardly one
    };
    OPTNET_DEVICE bool violated(int i, double slack, double rounding) const {
        return floor[i] != HUGE_VAL && slack < -floor[i] &&
               slack < -rounding * (std::abs(d[i]) + std::abs(slack - d[i]));
    }
    /// No more rows are independent than there are dimensions left by the equalities, whatever rounding says.
    OPTNET_DEVICE bool depends(int row) const {
        return k >= capacity || !(swept().entry(row, row) * inverse[row] > dependent_row);
    }
    template <class Team> OPTNET_DEVICE choice choose(Team& team, const swept_rows<1>& last, bool forgive);
    template <class Team> OPTNET_DEVICE bool make_room(Team& team, int row, int limit, double& multiplier);
    template <class Team> OPTNET_DEVICE void collect(Team& team, int behind);

    template <class Team> OPTNET_DEVICE void remove(Team& team, int place, int becomes);
    template <class Team> OPTNET_DEVICE two towards(Team& team);
    template <class Team> OPTNET_DEVICE int enter(Team& team, bool forgive);
    template <class Team> OPTNET_DEVICE active_outcome singular_step(Team& team, int entering, bool& singular);

    int capacity;
    matrices set;
    double *y, *t;
    double* inverse; ///< [m] 1 / R_ii, near, where T is the swept matrix
    int* state;
};

template <class Team> OPTNET_DEVICE void active_set::clear(Team& team) {
    k = 0;
    each(team, set.m, [&](int i) {
        lambda[i] = 0;
        state[i] = outside;
    });
}

template <class Team> OPTNET_DEVICE active_outcome active_set::solve(Team& team, int limit, bool again) {
    steps = 0;
    if (again)
        each(team, set.m > k ? set.m : k, [&](int i) {
            if (i < set.m && state[i] == refused) state[i] = outside;
            if (i >= k) return;
            const double* const row = T + triangle(i);
            double sum = 0;
            for (int j = 0; j <= i; ++j) sum -= row[j] * d[basis[j]];
            y[i] = sum;
        });
    else
        clear(team);
    bool singular = false;
    int entering = -1; // the row that entered last, while it may not leave again
    int fresh = -1;
    for (; steps < limit; ++steps) {
        if (singular) {
            const active_outcome outcome = singular_step(team, entering, singular);
            if (outcome != active_outcome::optimal) return outcome;
            continue;
        }
        const two block = towards(team);
        const double step = -block.a;
        if (step < 0) return active_outcome::breakdown;
        if (step < HUGE_VAL) {
            const int place = static_cast<int>(block.b), row = basis[place];
            each(team, k, [&](int i) {
                double& value = lambda[basis[i]];
                value = i == place ? 0.0 : larger(0.0, value + step * (x[i] - value));
            });
            // In exact arithmetic the row that enters does not leave again: its violation was rounding. It waits until
            // another row has entered.
            remove(team, place, row == fresh ? refused : outside);
            if (row == fresh) fresh = -1;
            continue;
        }
        entering = enter(team, fresh >= 0);
        if (entering < 0) return active_outcome::optimal;
        singular = !append(team, entering);
        fresh = entering;
    }
    return active_outcome::limit;
}

template <class Team> OPTNET_DEVICE bool active_set::append(Team& team, int row, double ratio) {
    double along = 0;
    const double left = pivot(team, row, along) + ratio, length = r(row, row) + ratio;
    // No more rows are independent than there are dimensions left by the equalities, whatever rounding says.
    const bool independent = k < capacity && left > dependent_row * length;
    const double root = independent ? std::sqrt(left) : 1.0;
    each(team, k + 1, [&](int j) {
        if (j == k) {
            lambda[row] = 0;
            state[row] = inside;
            basis[k] = row;
            if (!independent) return;
            T[triangle(k) + k] = 1 / root;
            y[k] = (-d[row] - along) / root;
        } else if (independent) {
            T[triangle(k) + j] = -backward(j, l) / root;
        }
    });
    if (independent) ++k;
    return independent;
}

/// Drops a row of T whose multiplier has become 0.
template <class Team> OPTNET_DEVICE void active_set::remove(Team& team, int place, int becomes) {
    // The rotation of rows (i − 1, i) follows from the column alone: |t_place ... t_i| is what has been collected.
    each(team, k - place, [&](int e) {
        const int i = place + e;
        double before = 0;
        for (int j = place; j < i; ++j) {
            const double v = T[triangle(j) + place];
            before += v * v;
        }
        const double own = T[triangle(i) + place], length = std::sqrt(before + own * own);
        l[i] = std::sqrt(before) / length;
        t[i] = own / length;
        if (e > 0) return;
        const int row = basis[place];
        state[row] = becomes;
        lambda[row] = 0;
    });
    // Every column, and y as one more: row i − 1 becomes l_i row_i − t_i collected. The last entry of a new row has no
    // place in the old one; it waits in x.
    each(team, k + 1, [&](int c) {
        if (c == place) return;
        double collected = c == k ? y[place] : c < place ? T[triangle(place) + c] : 0.0;
        for (int i = c > place && c < k ? c : place + 1; i < k; ++i) {
            const double v = c == k ? y[i] : T[triangle(i) + c], rotated = l[i] * v - t[i] * collected;
            collected = l[i] * collected + t[i] * v;
            if (c == k)
                y[i - 1] = rotated;
            else if (c == i)
                x[i - 1] = rotated;
            else
                T[triangle(i - 1) + c] = rotated;
        }
    });
    each(team, k - place, [&](int e) {
        const int i = place + e;
        if (i < k - 1) {
            double* const row = T + triangle(i);
            for (int c = place; c < i; ++c) row[c] = row[c + 1];
            row[i] = x[i];
        } else {
            for (int j = place; j < k - 1; ++j) basis[j] = basis[j + 1];
        }
    });
    --k;
}

/// x solves R_WW x = −d_W. The step from λ towards it, negated, and the place of the row whose multiplier reaches 0
/// first: {-inf, ·} if none does, {1, ·} if x is not finite.
template <class Team> OPTNET_DEVICE two active_set::towards(Team& team) {
    return winner(team, k, [&](int j) {
        const double to = backward(j, y), from = lambda[basis[j]];
        x[j] = to;
        if (!(std::abs(to) < 1e300)) return two{1.0, 0.0};
        if (to >= 0) return two{-HUGE_VAL, HUGE_VAL};
        return two{from <= 0 ? -0.0 : -(from / (from - to)), static_cast<double>(j)};
    });
}

/// Takes the whole step, and finds the row that is violated most, measured against its length in the metric of P; -1 if
/// there is none. `forgive`: rows that were refused may enter again.
template <class Team> OPTNET_DEVICE int active_set::enter(Team& team, bool forgive) {
    const two found = winner(team, set.m > k ? set.m : k, [&](int i) {
        if (i < k) lambda[basis[i]] = x[i];
        if (i >= set.m) return best::none();
        double rest = 0;
        for (int j = 0; j < k; ++j) rest += x[j] * r(i, basis[j]);
        const double value = d[i] + rest, size = std::abs(d[i]) + std::abs(rest);
        if (forgive && state[i] == refused) state[i] = outside;
        if (state[i] != outside || floor[i] == HUGE_VAL) return best::none();
        if (!(value < -floor[i]) || !(value < -zero_slack * size)) return best::none();
        return two{value * value * set.inverse[i], static_cast<double>(i)};
    });
    return found.a > 0 ? static_cast<int>(found.b) : -1;
}

/// The entering row depends on the basis: R_WW x = 0 with its entry 1. The objective falls along x without end, unless
/// a multiplier reaches 0. In the first case `infeasible`, with λ the direction; otherwise `optimal`: the step is done.
template <class Team> OPTNET_DEVICE active_outcome active_set::singular_step(Team& team, int entering, bool& singular) {
    const two block = winner(team, k, [&](int j) {
        const double direction = -backward(j, l);
        x[j] = direction;
        if (!(direction < 0)) return two{-HUGE_VAL, HUGE_VAL};
        return two{lambda[basis[j]] / direction, static_cast<double>(j)};
    });
    if (block.a == -HUGE_VAL) {
        each(team, set.m, [&](int i) { lambda[i] = 0; });
        each(team, k + 1, [&](int j) { lambda[basis[j]] = j == k ? 1.0 : larger(0.0, x[j]); });
        return active_outcome::infeasible;
    }
    const double step = -block.a;
    const int place = static_cast<int>(block.b);
    double moved = 0;
    each(team, k + 1, [&](int j) {
        double& value = lambda[basis[j]];
        value = j == place ? 0.0 : larger(0.0, value + step * (j == k ? 1.0 : x[j]));
    });
    moved = lambda[entering];
    remove(team, place, outside);
    singular = !append(team, entering);
    each(team, 1, [&](int) { lambda[entering] = moved; });
    return active_outcome::optimal;
}

} // namespace optnet::solver::cuda
