// SPDX-License-Identifier: Apache-2.0
#pragma once

// The primal-dual active set method of `lane_active_set` for problems with an R of their own, one per lane. Most end
// within a few steps; then lanes would wait for the others, who go on by themselves on the dual active set.

#include "solver/algorithm/dense_lanes.hpp"
#include "solver/algorithm/dual_active_set.hpp"

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
    lane_array lambda; ///< [lanes, stride], of the last W if solved, and not negative

    /// R, d and floor of a problem as in `dual_active_set::solve`. Rows of R are `stride` numbers apart, whole vectors,
    /// of which nothing counts behind the first m; so many numbers d and floor have, too, 0 and +inf behind.
    struct system {
        const double *R, *d, *floor;
    };
    /// At most `limit` steps on problems with m rows. Leaves the factors of R_WW in `to`. What comes out for one
    /// problem does not depend on the others.
    void solve(const system* of, std::int64_t m, std::int64_t stride, int limit, dense_lanes& to);

private:
    void begin(const system* of);
    void guess(const system* of);
    void take_selected(const cpu::forward_selection<float>& from, std::vector<int>& rows);
    void take_violated(const system& of, std::vector<int>& rows);
    void factor(const system* of, dense_lanes& to);
    bool advance(int l, const system& of);
    void go_on_alone(int l, const system& of, int limit, dense_lanes& to);

    std::int64_t m = 0, stride = 0;
    bool moving[width] = {};
    dual_active_set dual;
    lane_array x, s, inside, factors;     ///< [k, lanes], [stride], [lanes, stride], [m]
    std::vector<double> own_d, own_floor; ///< [m]
    std::vector<float, line_allocator<float>> work;
    std::vector<int> next; ///< [stride] for each of those that are selected at a time
};

} // namespace optnet::solver
