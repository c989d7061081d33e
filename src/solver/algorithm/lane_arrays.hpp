// SPDX-License-Identifier: Apache-2.0
#pragma once

// Memory of the kernels for sparse problems in lanes (cpu/kernels_sparse.hpp).

#include "solver/algorithm/line_memory.hpp"
#include "solver/algorithm/sparse_system.hpp"

namespace optnet::solver {

/// So many problems go together, if what each of them works with is not more numbers than this: 16 MB in all.
constexpr int lanes_together = cpu::lanes<double>;
constexpr double most_in_lanes = 2.5e5;
double lanes_numbers(const sparse_pattern& pattern);

/// The factor of K for one set of active rows in every lane, which the gradient goes on using.
struct lane_factor {
    lane_array w, l, inverse;
    lane_array ratio; ///< D of weakly active rows, where there are any: w is 1 / (D + δ)

    /// Factors for the weights w; `work` [size, lanes] is 0 before and after, `replaced` [lanes] may be null
    /// (`sparse_kernels::factor`).
    void factor(const cpu::lane_system& s, int lanes, lane_array& work, double* replaced = nullptr);
};

/// Points or right-hand sides of as many problems as there are lanes.
struct lane_points {
    lane_array z, nu, lambda;

    void resize(const cpu::lane_system& s, int lanes);
    void put(const point& from, int l, int lanes); ///< into lane l
    void take(point& to, int l, int lanes) const;
    cpu::lane_point view() { return {z.data(), nu.data(), lambda.data()}; }
};

/// Their products with the matrices.
struct lane_product_arrays {
    lane_array qz, atnu, gtl, az, gz;

    void resize(const cpu::lane_system& s, int lanes);
    cpu::lane_products view() { return {qz.data(), atnu.data(), gtl.data(), az.data(), gz.data()}; }
};

/// Every lanes-th number from lane l on, and the way back.
void put_lane(const std::vector<double>& from, double factor, lane_array& to, int l, int lanes);
void take_lane(const lane_array& from, std::vector<double>& to, int l, int lanes);

} // namespace optnet::solver
