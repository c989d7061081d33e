// SPDX-License-Identifier: Apache-2.0
#pragma once

// `own_chunk` for problems so small that an active set is best a vector of ones and zeros over all rows: nothing leaves
// the lanes between the user's matrices and the user's solution. What is not plain is refused as there, and goes the
// road alone; so does a problem whose active set still moves after some steps.

#include "optnet/solver/solution.hpp"
#include "solver/algorithm/dense_lanes.hpp"
#include "solver/algorithm/element.hpp"
#include "solver/algorithm/warm_start.hpp"
#include "solver/plan.hpp"

#include <memory>
#include <vector>

namespace optnet::solver {

class small_chunk {
public:
    static constexpr int together = dense_lanes::width;
    /// Depends on the structure alone: those problems of `own_chunk` that have few variables and few inequalities.
    static bool serves(const structure& shape, const plan& chosen);

    /// Works on `count` problems from number `first` of the batch on, and writes what it solves.
    template <class T>
    void run(const problem<T>& batch, std::int64_t first, int count, const settings& how, const tolerances& eps,
             const starting_points<T>& from, const solution<T>& out);

    bool solved(int i) const { return tried[i]; } ///< verified, and not a matter of rounding
    /// To be called before `is_clear`.
    void look_for_doubt(const settings& how);
    /// True if W holds the rows that are active, without doubt.
    bool is_clear(int i) const { return clear[i]; }
    /// The rows of W, ascending.
    std::vector<int> basis(int i) const;
    /// z, ν, λ and Gz of one problem, until the next call.
    evaluated point(int i);
    /// The factors of all problems; who keeps them keeps their memory.
    const std::shared_ptr<dense_lanes>& system() const { return made; }

private:
    using array = lane_array;
    static constexpr std::int64_t width = dense_lanes::width;
    void resize(const structure& shape);
    template <class T>
    void read(const problem<T>& batch, const structure& shape, matrix where, std::int64_t first, int count, double* to);
    template <class T>
    void read(const vector_view<T>& view, std::int64_t first, int count, std::int64_t size, array& to);
    void scale();
    void compare_columns();
    void take_right_sides(const settings& how, double eps_abs);
    void eliminate();
    void form_rows();
    template <class T> void begin(std::int64_t first, int count, const starting_points<T>& from);
    void find_active_sets(int limit);
    void verify(const tolerances& eps);
    template <class T> void write(const solution<T>& out, std::int64_t first, int count);
    template <class T> void put(const double* from, std::int64_t size, T* to, std::int64_t first, int count);

    std::int64_t n = 0, p = 0, m = 0;
    std::shared_ptr<dense_lanes> made;
    warm_start start;
    bool tried[width] = {}, clear[width] = {};
    verdict verdicts[width] = {};
    double q_max[width] = {}, wrong[width] = {}; ///< the second is 0 where everything is finite and usual
    double moving[width] = {}, steps[width] = {}, largest_z[width] = {};
    array user;                           ///< [n + p + m, ld]: Q, A and G in scaled rows, in lanes as the next ones
    array q, b, h, floor, a_unit, g_unit; ///< in scaled rows
    array z, nu, lambda, R, d;            ///< the point; what the active set is of
    array qz, atnu, gtl, az, gz;          ///< the products of the point
    array column, work, scratch;          ///< the last is problem by problem
    std::vector<double> ones;             ///< [n]
    std::vector<double> one[4];           ///< what `point` shows
};

} // namespace optnet::solver
