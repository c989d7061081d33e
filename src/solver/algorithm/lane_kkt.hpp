// SPDX-License-Identifier: Apache-2.0
#pragma once

// `sparse_kkt` for one problem, or for as many as there are lanes.

#include "solver/algorithm/lane_arrays.hpp"

namespace optnet::solver {

class lane_kkt {
public:
    /// Overwrites the right-hand sides x with the solutions, refined as in `sparse_kkt::solve`; λ of rows that are not
    /// active become 0. What no solution meets is not taken out: solved(l) says if lane l needed none of that.
    void solve(const cpu::lane_system& s, int lanes, const lane_factor& factor, lane_points& x);
    bool solved(int l) const { return left[l] <= contradiction; }

private:
    /// As in `sparse_kkt`.
    static constexpr double enough = 1e-14, contradiction = 1e-6;
    static constexpr int most_steps = 40;

    lane_points right, r;
    lane_product_arrays of;
    lane_array gz, work;
    double left[lanes_together] = {}; ///< shares of the right-hand sides
};

} // namespace optnet::solver
