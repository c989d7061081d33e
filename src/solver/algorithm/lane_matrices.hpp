// SPDX-License-Identifier: Apache-2.0
#pragma once

// The matrices of as many problems as there are lanes, with numbers of their own on one pattern: `sparse_matrices` with
// one problem per lane.

#include "solver/algorithm/lane_arrays.hpp"

#include <memory>

namespace optnet::solver {

class lane_matrices {
public:
    static constexpr int lanes = lanes_together;

    /// Every lane is a problem without matrices until `put`. Memory of an earlier pattern is used again.
    void resize(std::shared_ptr<const sparse_pattern> pattern);
    /// Lane l becomes the problem of finite `data`.
    void put(const operators& data, int l);
    /// To be called when all lanes are filled: K without weights, and convex [lanes]: false where Q has a negative
    /// eigenvalue as `sparse_matrices::set_up` sees it. `work` [size, lanes] is 0 before and after.
    void set_up(double convexity_tolerance, bool* convex, lane_factor& scratch, lane_array& work);

    const sparse_pattern& pattern() const { return *shape; }
    cpu::lane_system system() const; ///< valid until the next `resize`
    units measures(int l) const;
    /// One over the scales, [p], [m] and [n] by lanes.
    const lane_array& a_unit() const { return unit[1]; }
    const lane_array& g_unit() const { return unit[2]; }
    const lane_array& z_unit() const { return unit[0]; }
    /// What `sparse_kernels::doubt` takes, [m, lanes].
    void compliance(lane_array& to) const;
    std::size_t bytes() const;

private:
    void multiply_pairs();
    void look_for_curvature(double convexity_tolerance, bool* convex, lane_factor& scratch, lane_array& work) const;

    std::shared_ptr<const sparse_pattern> shape;
    lane_array base, q, a;
    lane_array pairs_and_g; ///< the numbers of `pattern().product`, then those of `pattern().g`
    lane_array diagonal;    ///< of Q, [n, lanes]
    lane_array unit[3];     ///< of z, ν and λ
    std::vector<double> scales;
    std::vector<int> in_order;
    lane_shifts shifts{};
    double q_max[lanes] = {}, q_unit[lanes] = {};
    bool diagonal_q = true;
};

/// What the matrices of a problem take in numbers, with those of their factor.
double own_lane_numbers(const sparse_pattern& pattern);

} // namespace optnet::solver
