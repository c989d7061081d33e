// SPDX-License-Identifier: Apache-2.0
#pragma once

// The interior point for one sparse problem, or one per lane: the steps of `interior_point` without a verdict after
// each, and from a start that knows the sizes of the slacks. What it is for is the rows that it ends near.

#include "solver/algorithm/active_rows.hpp"
#include "solver/algorithm/lane_arrays.hpp"
#include "solver/algorithm/road.hpp"

namespace optnet::solver {

/// A row counts as one of the start's active ones if it is violated by this share of the largest slack of the least
/// squares point; and slacks and multipliers start with that share of it at least. One number for all rows, as in
/// `starting_point`, is far from every solution where they are small.
inline constexpr double first_room = 0.1;

class lane_interior {
public:
    /// Rows with floor +inf are absent.
    void resize(const cpu::lane_system& s, const sparse_pattern& pattern, int lanes, const lane_array& floor);
    /// From a least squares point x with its G z; `right` holds −q, b and h, cost_unit is [lanes].
    void start(const cpu::lane_system& s, lane_points& right, const lane_array& floor, const lane_points& x,
               const lane_array& gz, const double* cost_unit);
    /// Lane l goes to this iterate: λ and s > 0, but λ = 0 and s = 1 where a row is absent.
    void put(const point& from, const std::vector<double>& s, int l);
    void take(central_point& to, int l) const;
    void take(interior_iterate& to, int l) const;
    /// What the verdict on the iterate of each lane is made of; units as in `sparse_kernels::judge`.
    void judge(const cpu::lane_system& s, lane_points& right, const lane_array& floor, const double* a_unit,
               const double* g_unit, const double* z_unit, cpu::lane_verdict* sums);
    /// So many iterations in the lanes where go is not 0.
    void iterate(const cpu::lane_system& s, lane_points& right, const lane_array& floor, const double* go, int count,
                 lane_array& work);
    /// The active rows of the iterate, where go is not 0: those whose slacks the affine step leaves a smaller share of
    /// than of their multipliers (El-Bakry, Tapia & Zhang 1994), in whatever units both are.
    void guess(const cpu::lane_system& s, lane_points& right, const lane_array& floor, const double* go, lane_array& w,
               lane_array& work);

private:
    cpu::lane_slacks rows() { return {slack.data(), x.lambda.data(), slack_inverse.data(), lambda_inverse.data()}; }
    void weigh(const cpu::lane_system& s, const lane_array& floor);
    void step_affinely(const cpu::lane_system& s, lane_points& right, const lane_array& floor, lane_array& work);
    void solve(const cpu::lane_system& s, lane_points& sides);

    const sparse_pattern* shape = nullptr;
    int lanes = 0;
    bool multiplied = false; ///< `of` holds the products of the iterate
    bool stepped = false;    ///< d is its affine step, on `factor`
    double total[lanes_together] = {};
    lane_points x, r, d;
    lane_array slack, slack_inverse, lambda_inverse, gdz, packed, affine, present;
    lane_product_arrays of;
    lane_factor factor;
};

} // namespace optnet::solver
