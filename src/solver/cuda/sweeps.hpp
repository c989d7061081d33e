// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dual active set method with everything that it asks for in one symmetric matrix, swept on the basis W (Beaton
// 1964; Goodnight 1979):
//
//     Z = [R d; d' ·]        Z_WW = −R_WW⁻¹    Z_NW = R_NW R_WW⁻¹    Z_NN = R_NN − R_NW R_WW⁻¹ R_WN
//     its last row           −x_W with R_WW x_W = −d_W, and the slacks s_N = d_N + R_NW x_W
//
// The last row says which multiplier stops the step to x, or which row is violated most; a row enters or leaves with
// one sweep of Z. So a step of either kind is one reduction and one phase: two barriers, and (m + 1)²/2 products for
// the whole team, where active_set.hpp makes do with fewer but waits three times as often. The inverse of R_WW is there
// at the end, so that a solve with it is one product.

#include "solver/cuda/active_set.hpp"

namespace optnet::solver::cuda {

/// A slack above minus this, relative to the terms it is the sum of, is computed anew before its row enters.
inline constexpr double doubtful_slack = 1e-8;
/// Where many rows depend on each other even that has more rounding than `zero_slack`, and rows go round in a circle
/// for it: this many in a row that are violated by no more than this share of their terms are none, as on the CPU.
inline constexpr double slight_slack = 1e-10;
inline constexpr int most_slight = 10;

/// row(i, first, by) for the rows of a triangle: each worker has the columns first, first + by ... of some of them. A
/// warp has a row at a time.
template <class Team, class F> OPTNET_DEVICE void each_row(Team& team, int rows, const F& row) {
    const int side = team.size < warp ? team.size : warp;
    for (int i = team.rank / side; i < rows; i += team.size / side) row(i, team.rank % side, side);
    team.sync();
}

/// Changes the rows of Z above the last but one of them, `row`, and leaves its column. A worker has one column of every
/// chunk, `lane`, of the rows group, group + groups ... of every block: the numbers of the row that is swept stay with
/// it.
class sweep_of_rows {
public:
    OPTNET_DEVICE sweep_of_rows(double* at, int rows, int swept_row, double by)
        : Z(in_fast_memory(at)), m(rows), row(swept_row), own(chunked_triangle::block(row)), reciprocal(by),
          pivot_row(Z + chunked_triangle::row(own, row)) {}

    OPTNET_DEVICE void run(int lane, int group, int groups) {
        OPTNET_UNROLLED
        for (int c = 0; c < most_chunks; ++c) {
            const int j = c * width + lane;
            across[c] = 0;
            if (c * width <= m) // the same for all workers
                across[c] = reciprocal * (c <= own ? pivot_row[j]
                                          : j <= m ? Z[chunked_triangle::row(c, j) + row]
                                                   : 0.0);
        }
        block<0>(lane, group, groups);
    }

private:
    static constexpr int width = chunked_triangle::width, most_chunks = most_swept / width + 1;

    template <int b> OPTNET_DEVICE void block(int lane, int group, int groups) {
        constexpr int first = b * width, length = width * (b + 1) + 1;
        const int end = m < first + width ? m : first + width;
        double* to = Z + chunked_triangle::row(b, first + group) + lane;
        // The column of `row` in rows that have it, and its own row, which has theirs, in others.
        const double* along = b <= own ? pivot_row + first + group : to - lane + row;
        const int further = b <= own ? groups : groups * length;
        // All numbers of four rows are read before the first is written: the compiler cannot know that they are others.
        // Where there are fewer, the last is done again, from the same numbers.
        constexpr int ahead = 4;
        for (int i = first + group; i < end; i += ahead * groups) {
            const int more = (end - 1 - i) / groups;
            double v[ahead][b + 1];
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a) {
                const int down = a < more ? a : more;
                const double factor = along[down * further];
                OPTNET_UNROLLED
                for (int c = 0; c <= b; ++c) v[a][c] = to[down * groups * length + c * width] - factor * across[c];
            }
            OPTNET_UNROLLED
            for (int a = 0; a < ahead; ++a) {
                const int down = a < more ? a : more;
                if (i + down * groups == row) continue; // the same for all workers of a row
                OPTNET_UNROLLED
                for (int c = 0; c <= b; ++c)
                    if (c * width + lane != row) to[down * groups * length + c * width] = v[a][c];
            }
            to += ahead * groups * length;
            along += ahead * further;
        }
        if constexpr (b + 1 < most_chunks)
            if (m > end) block<b + 1>(lane, group, groups);
    }

    double* Z;
    int m, row, own;
    double reciprocal;
    const double* pivot_row;
    double across[most_chunks];
};
/// The workers of a team share the lanes of a row, if they are so many, and the rows.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE void sweep_rows(const Team& team, double* Z, int m, int row, double reciprocal) {
    const int width = chunked_triangle::width, side = team.size < width ? team.size : width;
    sweep_of_rows rows(Z, m, row, reciprocal);
    for (int lane = team.rank % side; lane < width; lane += side) rows.run(lane, team.rank / side, team.size / side);
}

/// Everything that a sweep touches is in the fast memory of a block (`most_swept`): says so to the compiler.
OPTNET_DEVICE inline void active_set::stay_near() {
    double** const numbers[] = {&T, &d, &floor, &lambda, &x, &l};
    for (double** of : numbers) *of = in_fast_memory(*of);
    basis = in_fast_memory(basis);
    state = in_fast_memory(state);
}

/// Z of the empty basis.
template <class Team> OPTNET_DEVICE void active_set::start_swept(Team& team) {
    const int m = set.m;
    k = 0;
    each_row(team, m + 1, [&](int i, int first, int by) {
        double* const to = T + chunked_triangle::row(i);
        const int end = (chunked_triangle::block(i) + 1) * chunked_triangle::width;
        for (int j = first; j < end; j += by)
            to[j] = i < m && j < m ? set.r[i * m + j] : i == m && j < m ? d[j] : i < m && j == m ? d[i] : 0.0;
        for (int j = first; i == m && j < m; j += by) {
            lambda[j] = 0;
            state[j] = outside;
        }
    });
}

/// Sweeps a row in or out; the entries of its column wait for `settle`. rule(j, x) for every row j with its entry of x
/// before the sweep: by one worker each, which may change what belongs to j.
template <class Team, class Rule>
OPTNET_DEVICE active_set::pending active_set::sweep(Team& team, int row, const Rule& rule) {
    const int m = set.m;
    double *const last = T + chunked_triangle::row(m), *const own = T + chunked_triangle::row(row);
    const double diagonal = own[row], reciprocal = 1 / diagonal;
    const double factor = (chunked_triangle::block(m) > chunked_triangle::block(row) ? last[row] : own[m]) * reciprocal;
    sweep_rows(team, T, m, row, reciprocal);
    // The last workers have the fewest rows.
    each(team, m, [&](int place) {
        const int j = m - 1 - place;
        const double before = last[j];
        rule(j, -before);
        if (j != row) last[j] = before - factor * (j < row ? own[j] : T[chunked_triangle::row(j) + row]);
    });
    return {row, std::abs(reciprocal), -reciprocal};
}

/// Entry i of the column of the last sweep, and for its own row the last one, too.
OPTNET_DEVICE inline void active_set::settle(const pending& of, int i) const {
    if (of.row < 0) return;
    const int m = set.m, block = chunked_triangle::block(i), own = chunked_triangle::block(of.row);
    double *const row = T + chunked_triangle::row(i), *const swept_one = T + chunked_triangle::row(of.row);
    if (i == of.row) {
        row[i] = of.diagonal;
        T[chunked_triangle::row(m) + i] *= of.scale;
        if (chunked_triangle::block(m) == own) row[m] *= of.scale;
    } else if (block > own) {
        row[of.row] *= of.scale;
    } else {
        swept_one[i] *= of.scale;
        if (block == own) row[of.row] = swept_one[i];
    }
}

/// Keys of candidates: a multiplier that stops the step to x comes before every violated row, the sooner the more.
inline constexpr double stops = 0x1p996, most_violated = 0x1p990;
/// What is said of a violated row beside its number.
inline constexpr int is_slight = 1 << 16, is_doubtful = 1 << 17, is_dependent = 1 << 18;

/// The multiplier that stops the step to x, with a step beyond 1 if x is not finite; else the row that is violated
/// most, measured against its length in the metric of P. `forgive`: rows that were refused may enter again.
template <class Team>
OPTNET_DEVICE active_set::choice active_set::choose(Team& team, const pending& last, bool forgive) {
    const double* const slacks = T + chunked_triangle::row(set.m);
    const two found = winner(team, set.m, [&](int i) {
        settle(last, i);
        const double value = slacks[i];
        if (state[i] == inside) {
            const double to = -value, from = lambda[i];
            if (!(std::abs(to) < 1e300)) return two{HUGE_VAL, static_cast<double>(i)};
            if (to >= 0) return best::none();
            return two{stops * (2 - (from <= 0 ? 0.0 : from / (from - to))), static_cast<double>(i)};
        }
        if (forgive && state[i] == refused) state[i] = outside;
        if (state[i] != outside || !violated(i, value, zero_slack)) return best::none();
        const double key = value * value * set.inverse[i];
        const int said = (violated(i, value, slight_slack) ? 0 : is_slight) |
                         (violated(i, value, doubtful_slack) ? 0 : is_doubtful) | (depends(i) ? is_dependent : 0);
        return two{key < most_violated ? key : most_violated, static_cast<double>(i | said)};
    });
    choice made;
    if (!(found.b < HUGE_VAL)) return made;
    const int said = static_cast<int>(found.b);
    made.row = said & (is_slight - 1);
    if (found.a >= stops) {
        made.step = found.a < HUGE_VAL ? 2 - found.a / stops : 2;
        return made;
    }
    made.slight = (said & is_slight) != 0;
    made.doubtful = (said & is_doubtful) != 0;
    made.depends = (said & is_dependent) != 0;
    return made;
}

/// The basis in ascending order, and behind it one more row.
template <class Team> OPTNET_DEVICE void active_set::collect(Team& team, int behind) {
    each(team, set.m, [&](int i) {
        if (i == behind) basis[k] = behind;
        if (state[i] != inside) return;
        int place = 0;
        for (int j = 0; j < i; ++j) place += state[j] == inside ? 1 : 0;
        basis[place] = i;
    });
}

/// Takes a row into the basis with this multiplier, unless it depends on the others.
template <class Team> OPTNET_DEVICE void active_set::take_swept(Team& team, int row, double multiplier) {
    if (depends(row)) return;
    const pending last = sweep(team, row, [&](int j, double) {
        if (j != row) return;
        lambda[j] = multiplier;
        state[j] = inside;
    });
    each(team, set.m, [&](int i) { settle(last, i); });
    ++k;
}

/// A row depends on the basis: R_WW x = 0 with 1 for it. The objective falls along x without end, unless a multiplier
/// reaches 0: then its row leaves, until the one that enters is independent. True if so, with its multiplier; false
/// with the direction in λ if there is none, or after `limit` steps.
template <class Team>
OPTNET_DEVICE OPTNET_OUT_OF_LINE bool active_set::make_room(Team& team, int row, int limit, double& multiplier) {
    const auto direction = [&](int j) { return -swept_entry(row, j); };
    each(team, set.m, [&](int i) {
        if (state[i] == inside) lambda[i] = -T[chunked_triangle::row(set.m) + i];
    });
    multiplier = 0;
    pending last;
    do {
        const two block = winner(team, set.m, [&](int j) {
            settle(last, j);
            if (state[j] != inside || !(direction(j) < 0)) return two{-HUGE_VAL, HUGE_VAL};
            return two{lambda[j] / direction(j), static_cast<double>(j)};
        });
        if (block.a == -HUGE_VAL) {
            each(team, set.m, [&](int i) {
                lambda[i] = i == row ? 1.0 : state[i] == inside ? larger(0.0, direction(i)) : 0.0;
            });
            collect(team, row);
            return false;
        }
        const double step = -block.a;
        const int leaving = static_cast<int>(block.b);
        multiplier += step;
        each(team, set.m, [&](int i) {
            if (state[i] == inside) lambda[i] = larger(0.0, lambda[i] + step * direction(i));
        });
        last = sweep(team, leaving, [&](int j, double) {
            if (j != leaving) return;
            lambda[j] = 0;
            state[j] = outside;
        });
        --k;
        ++steps;
    } while (depends(row) && steps < limit);
    each(team, set.m, [&](int i) { settle(last, i); });
    return steps < limit;
}

template <class Team> OPTNET_DEVICE active_outcome active_set::solve_swept(Team& team, int limit, bool again) {
    steps = 0;
    if (!again) start_swept(team);
    double* const slacks = T + chunked_triangle::row(set.m);
    pending last;
    int entered = -1; // the row that entered last, while it may not leave again
    int slight = 0;   // rows in a row that were hardly violated
    for (; steps < limit; ++steps) {
        const choice next = choose(team, last, entered >= 0);
        const int row = next.row;
        last = {};
        if (next.step >= 0) {
            if (next.step > 1) return active_outcome::breakdown;
            // In exact arithmetic the row that enters does not leave again: its violation was rounding. It waits until
            // another row has entered.
            const int becomes = row == entered ? refused : outside;
            if (row == entered) entered = -1;
            last = sweep(team, row, [&](int j, double to) {
                if (j == row) {
                    lambda[j] = 0;
                    state[j] = becomes;
                } else if (state[j] == inside) {
                    lambda[j] = larger(0.0, lambda[j] + next.step * (to - lambda[j]));
                }
            });
            --k;
            continue;
        }
        slight = next.slight ? slight + 1 : 0;
        if (row < 0 || slight > most_slight) {
            each(team, set.m, [&](int i) {
                if (state[i] == inside) lambda[i] = -slacks[i];
            });
            collect(team, -1);
            return active_outcome::optimal;
        }
        if (next.depends || next.doubtful) {
            // It may be what many sweeps have left of their rounding.
            const double slack = d[row] - sums(team, set.m, [&](int j) {
                                              return two{state[j] == inside ? r(row, j) * slacks[j] : 0.0, 0.0};
                                          }).a;
            each(team, 1, [&](int) { slacks[row] = slack; });
            if (!violated(row, slack, zero_slack)) continue;
        }
        entered = row;
        double multiplier = 0;
        if (next.depends && !make_room(team, row, limit, multiplier)) {
            if (steps < limit) return active_outcome::infeasible;
            break;
        }
        last = sweep(team, row, [&](int j, double to) {
            if (j == row) {
                lambda[j] = multiplier;
                state[j] = inside;
            } else if (!next.depends && state[j] == inside) {
                lambda[j] = to;
            }
        });
        ++k;
    }
    each(team, set.m, [&](int i) { settle(last, i); });
    collect(team, -1);
    return active_outcome::limit;
}

} // namespace optnet::solver::cuda
