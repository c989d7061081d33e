// SPDX-License-Identifier: Apache-2.0
#pragma once

// The primal-dual active set method of `lane_active_set` for problems with an R of their own, one per lane.

#include "solver/algorithm/dense_lanes.hpp"

#include <vector>

namespace optnet::solver {

class own_active_sets {
public:
    static constexpr int width = dense_lanes::width;
    struct lane {
        bool wanted = false;
        bool started = false; ///< `rows` is the first W
        bool solved = false;
        int steps = 0;
        std::vector<int> rows; ///< W, ascending
    };
    lane problems[width];
    std::vector<double> lambda; ///< [lanes, m], of the last W if solved, and not negative

    /// At most `limit` steps; R [lanes, m, m], d and floor [lanes, m] as in `dual_active_set::solve`. Leaves the
    /// factors of R_WW in `to`. What comes out for one problem does not depend on the others.
    void solve(const double* R, std::int64_t m, const double* d, const double* floor, int limit, dense_lanes& to);

private:
    void begin(const double* d, const double* floor);
    void factor(const double* R, const double* d, dense_lanes& to);
    bool advance(int l, const double* R, const double* d, const double* floor);

    std::int64_t m = 0;
    bool moving[width] = {};
    std::vector<double> x, s, inside, factors; ///< [k, lanes], [m], [lanes, m], [k]
    std::vector<int> next;                     ///< [m]
};

} // namespace optnet::solver
