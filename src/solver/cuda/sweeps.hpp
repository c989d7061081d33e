// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dual active set method with everything that it asks for in the swept matrix of its basis (swept_matrix.hpp). The
// last row says which multiplier stops the step to x, or which row is violated most; a row enters or leaves with one
// sweep of Z. So a step of either kind is one reduction and two phases: three barriers, and (m + 1)²/2 products for the
// whole team, where active_set.hpp makes do with fewer but waits twice as often. The inverse of R_WW is there at
// the end, so that a solve with it is one product.

#include "solver/cuda/dot_products.hpp"
#include "solver/cuda/swept_guess.hpp"

namespace optnet::solver::cuda {

/// Where many rows depend on each other even that has more rounding than `zero_slack`, and rows go round in a circle
/// for it: this many in a row that are violated by no more than this share of their terms are none, as on the CPU.
inline constexpr double slight_slack = 1e-10;
inline constexpr int most_slight = 10;
/// So are this many below `doubtful_slack`, which the same rows can take turns at where the basis is nearly singular.
inline constexpr int most_doubtful = 30;
/// Where sweeps have lost more than this of R_WW x = −d_W, the basis is swept anew: one refinement would not do.
inline constexpr double most_lost = 1e-12;

/// Everything that a sweep touches is in the fast memory of a block (`most_swept`): says so to the compiler.
OPTNET_DEVICE inline void active_set::stay_near() {
    double** const numbers[] = {&T, &d, &floor, &lambda, &inverse, &x, &l};
    for (double** of : numbers) *of = in_fast_memory(*of);
    basis = in_fast_memory(basis);
    state = in_fast_memory(state);
}

/// Keys of candidates: a multiplier that stops the step to x comes before every violated row, the sooner the more.
inline constexpr double stops = 0x1p996, most_violated = 0x1p990;
/// What is said of a violated row beside its number.
inline constexpr int is_slight = 1 << 16, is_doubtful = 1 << 17, is_dependent = 1 << 18;

/// The multiplier that stops the step to x, with a step beyond 1 if x is not finite; else the row that is violated
/// most, measured against its length in the metric of P. `forgive`: rows that were refused may enter again.
template <class Team>
OPTNET_DEVICE active_set::choice active_set::choose(Team& team, const swept_rows<1>& last, bool forgive) {
    const double* const slacks = swept().last();
    const two found = winner(team, set.m, [&](int i) {
        swept().settle(last, i);
        const double value = slacks[i];
        if (state[i] == inside) {
            const double to = -value, from = lambda[i];
            if (!(std::abs(to) < 1e300)) return two{HUGE_VAL, static_cast<double>(i)};
            if (to >= 0) return best::none();
            return two{stops * (2 - (from <= 0 ? 0.0 : from / (from - to))), static_cast<double>(i)};
        }
        if (forgive && state[i] == refused) state[i] = outside;
        if (state[i] != outside || !violated(i, value, zero_slack)) return best::none();
        const double key = value * value * inverse[i];
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

/// A row depends on the basis: R_WW x = 0 with 1 for it. The objective falls along x without end, unless a multiplier
/// reaches 0: then its row leaves, until the one that enters is independent. True if so, with its multiplier; false
/// with the direction in λ if there is none, or after `limit` steps.
template <class Team> OPTNET_DEVICE bool active_set::make_room(Team& team, int row, int limit, double& multiplier) {
    const auto direction = [&](int j) { return -swept().entry(row, j); };
    each(team, set.m, [&](int i) {
        if (state[i] == inside) lambda[i] = -swept().last()[i];
    });
    multiplier = 0;
    swept_rows<1> last;
    do {
        const two block = winner(team, set.m, [&](int j) {
            swept().settle(last, j);
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
        last = sweep(team, leaving, leaves, [&](int j, double) {
            if (j != leaving) return;
            lambda[j] = 0;
            state[j] = outside;
        });
        --k;
        ++steps;
    } while (depends(row) && steps < limit);
    each(team, set.m, [&](int i) { swept().settle(last, i); });
    return steps < limit;
}

/// What the sweeps have lost of R_WW x = −d_W, as a share of its terms, for the basis that has been collected; the loss
/// itself, [k], in `columns`, which is free between sweeps.
template <class Team> OPTNET_DEVICE double active_set::lost(Team& team) {
    const swept_matrix Z = swept();
    const double* const slacks = Z.last();
    double *const rest = Z.columns, *const size = rest + set.m;
    dot_products<beside::terms, at_end::go_on>(
        team, k,
        [&](int i, auto& sum) {
            const double* const row = set.r + basis[i] * set.m;
            sum.add(0, k, [&](int j) { return two{row[basis[j]], slacks[basis[j]]}; });
        },
        [&](int i, double sum) { rest[i] = d[basis[i]] - sum; });
    dot_products<beside::terms>(
        team, k,
        [&](int i, auto& sum) {
            const double* const row = set.r + basis[i] * set.m;
            sum.add(0, k, [&](int j) { return two{std::abs(row[basis[j]]), std::abs(slacks[basis[j]])}; });
        },
        [&](int i, double sum) { size[i] = std::abs(d[basis[i]]) + sum; });
    return most(team, k, [&](int i) { return two{size[i] > 0 ? std::abs(rest[i]) / size[i] : 0.0, 0.0}; }).a;
}

template <class Team> OPTNET_DEVICE active_outcome active_set::solve_swept(Team& team, int limit, bool again) {
    steps = 0;
    if (!again) {
        start_swept(team);
        apart([&](active_set& active) {
            active.guess(team, limit);
            return true;
        });
    }
    double* const slacks = swept().last();
    swept_rows<1> last;
    int entered = -1;             // the row that entered last, while it may not leave again
    int slight = 0, doubtful = 0; // rows in a row that were hardly violated, or perhaps not
    bool anew = false;
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
            last = sweep(team, row, leaves, [&](int j, double to) {
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
        doubtful = next.doubtful ? doubtful + 1 : 0;
        if (row < 0 || slight > most_slight || doubtful > most_doubtful) {
            collect(team, -1);
            const double loss = lost(team);
            if (!anew && (loss > most_lost || doubtful > most_doubtful)) {
                apart([&](active_set& active) {
                    active.sweep_anew(team);
                    return true;
                });
                anew = true;
                doubtful = 0;
                continue;
            }
            // One step of refinement takes it back.
            const swept_matrix Z = swept();
            dot_products<beside::terms>(
                team, k,
                [&](int i, auto& sum) {
                    sum.add(0, k, [&](int j) { return two{Z.entry(basis[i], basis[j]), Z.columns[j]}; });
                },
                [&](int i, double sum) { lambda[basis[i]] = larger(0.0, sum - slacks[basis[i]]); });
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
        if (next.depends &&
            !apart([&](active_set& active) { return active.make_room(team, row, limit, multiplier); })) {
            if (steps < limit) return active_outcome::infeasible;
            break;
        }
        last = sweep(team, row, enters, [&](int j, double to) {
            if (j == row) {
                lambda[j] = multiplier;
                state[j] = inside;
            } else if (!next.depends && state[j] == inside) {
                lambda[j] = to;
            }
        });
        ++k;
    }
    each(team, set.m, [&](int i) { swept().settle(last, i); });
    collect(team, -1);
    return active_outcome::limit;
}

} // namespace optnet::solver::cuda
