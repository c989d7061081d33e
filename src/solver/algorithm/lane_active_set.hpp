// SPDX-License-Identifier: Apache-2.0
#pragma once

// The primal-dual active set method (semismooth Newton: Hintermüller, Ito & Kunisch 2002) on s = R λ + d for several
// problems with one R, one problem per lane. A step solves R_WW λ_W = −d_W and takes for the next W the rows with
// λ_i >= 0 in W and those with s_i < 0 outside. Where W repeats itself this is the solution; that need not happen.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace optnet::solver {

class lane_active_set {
public:
    struct lane {
        bool wanted = false, solved = false;
        bool exhausted = false; ///< W still moved after the last step
        bool started = false;   ///< `rows` is the first W
        int steps = 0;
        std::vector<int> rows;      ///< W, ascending
        std::vector<double> inside; ///< [m], 1 for the rows of W, else 0
        std::vector<double> lambda; ///< [m], of the last W if solved, and not negative, or exhausted
        std::vector<double> factor; ///< of `lane_active_set::factor`: that of R_WW, lower triangle
        std::int64_t stride = 0;    ///< the distance of its rows
    };
    std::vector<lane> problems; ///< the caller sets their number, and which of them are wanted

    /// At most `limit` steps for every wanted problem; R [m, m], d and floor [problems, m] as in
    /// `dual_active_set::solve`. What comes out for one does not depend on the others.
    void solve(const double* R, std::int64_t m, const double* d, const double* floor, int limit);
    /// Leaves the factors of some of the solved problems.
    void factor(const std::vector<std::size_t>& which);

private:
    void step(std::size_t first, std::size_t count);
    void factor_group(const std::size_t* members, std::size_t count);
    void leave_factors(const std::size_t* members, std::size_t count);
    std::int64_t distance() const { return k + 1; } // odd: powers of two would meet in few places of the cache
    bool advance(lane& x, std::size_t place, const double* d, const double* floor);

    std::int64_t m = 0, k = 0; ///< k: rows in each lane of a group
    int most_steps = 0;
    const double *r = nullptr, *right = nullptr;
    std::vector<std::size_t> todo; ///< problems that go on
    std::vector<int> which, next;  ///< [k, lanes]; rows of the next W
    std::vector<double> counts, x, l,
        inv;                       ///< of one group of lanes: [lanes], [k, lanes], [k, k + 1, lanes], [k, lanes]
    std::vector<double> lambda, s; ///< [todo, m]
    std::vector<double> nowhere;   ///< [k]
};

} // namespace optnet::solver
