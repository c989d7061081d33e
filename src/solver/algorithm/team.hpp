// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who does the work of one problem. A team hands the indices of a phase to its workers, and its reductions give every
// worker the same result; the algorithms are templates on it. Here the team of one thread.

#include <cmath>
#include <cstdint>

namespace optnet::solver {

struct serial_team {
    static constexpr int rank = 0, size = 1;
    void sync() {}

    template <class F> double sum(std::int64_t n, const F& f) {
        double total = 0;
        for (std::int64_t i = 0; i < n; ++i) total += f(i);
        return total;
    }
    /// -inf for n = 0.
    template <class F> double max(std::int64_t n, const F& f) {
        double most = -HUGE_VAL;
        for (std::int64_t i = 0; i < n; ++i) {
            const double value = f(i);
            most = value > most ? value : most;
        }
        return most;
    }
};

/// f(i) for every i in [0, n), each by some worker, then a barrier.
template <class Team, class F> void phase(Team& team, std::int64_t n, const F& f) {
    for (std::int64_t i = team.rank; i < n; i += team.size) f(i);
    team.sync();
}

} // namespace optnet::solver
