// SPDX-License-Identifier: Apache-2.0
#pragma once

// One problem on form B: z_j(ν) = −(q_j + a_j ν) / d_j between its bounds, and ν from a'z(ν) = b, which falls piecewise
// linearly: the continuous quadratic knapsack. Exact and finite; what it does not settle is left to the other forms.

#include "optnet/solver/solution.hpp"
#include "optnet/solver/status.hpp"
#include "solver/algorithm/bound_matrices.hpp"
#include "solver/algorithm/element.hpp"
#include "solver/cpu/kernels_bounds.hpp"

#include <vector>

namespace optnet::solver {

/// ν as the sum of two numbers, and a'z(ν) − b with what else is known there.
struct price {
    double nu = 0, low = 0, over = 0;
    cpu::bound_sums at{};
};

class bound_form {
public:
    /// Solves element k of the batch, whose matrices are `matrices`. False if that is for other forms; nothing is
    /// claimed then.
    template <class T>
    bool run(const problem<T>& batch, std::int64_t k, const bound_matrices& matrices, const settings& how,
             const tolerances& eps, const starting_points<T>& from);
    template <class T> void write(const solution<T>& out, std::int64_t k) const;

    bool solved() const { return claim == status::solved; }
    /// True if a slack and its multiplier are both near 0, or the rows that hold depend on each other: then other forms
    /// decide which rows are active in the gradient.
    bool doubtful() const { return doubt; }
    /// The rows with a multiplier.
    void active_rows(std::vector<int>& rows) const;
    /// Without an equality the variables have nothing to do with each other, and the point of maximal support is known:
    /// the rows that hold there, and s / λ of those that are weakly active, else 0. False if that is for other forms.
    bool weakly_active_rows(std::vector<int>& rows, std::vector<double>& ratios) const;

private:
    enum class search { found, too_much, too_little, failed };
    /// The rows of one side that bound each variable most, and their right-hand sides.
    struct tightest {
        const bounding_rows* rows = nullptr;
        bounding_rows own; ///< where that is not the first row of each
        std::vector<double> own_h;
        std::vector<double> multiplier, slack; ///< [n]
        cpu::bound_side view{};
    };
    template <class T> void load(const problem<T>& batch, std::int64_t k);
    template <class T> void load_side(const problem<T>& batch, std::int64_t k, tightest& side);
    void compete();
    void evaluate(price& x);
    search find_price(double start, int limit);
    search select_price(price x, double low, double high, int limit);
    bool close(const price& x, double part) const;
    void add_others(cpu::lane_verdict& terms) const;
    bool rounding_decides(double az, const tolerances& eps) const;
    bool fits_float() const;
    bool certify(search found, const tolerances& eps);
    bool certify_pair(const tolerances& eps);

    const bound_matrices* data = nullptr;
    cpu::bound_system system{};
    double b = 0, absent = 0;
    std::vector<double> own_q, h, z; ///< h [m] only where there are rows beyond the first of a side
    tightest lower, upper;
    std::vector<double> points; ///< breakpoints of a'z(ν)
    price best_price;
    status claim = status::numerical_error;
    verdict best;
    int steps = 0;
    bool doubt = false;
    double share = 0, z_size = 0;    ///< a distance of share (|bound| + |z|) is none
    std::vector<double> certificate; ///< [m]
};

/// What `solve_bound_kkt` works with, kept from one problem to the next.
struct bound_kkt_work {
    std::vector<int> held; ///< [n] the place of the variable's row among the active ones, or -1
    std::vector<double> z, lambda;
};

/// Solves the system of the optimality conditions at a point with these active rows, one per variable at most, for the
/// right-hand side r of one problem: null is zeros in r, and not wanted in d. A row whose ratio is not 0 (none of an
/// empty list) is weakly active; there are such only where there is no equality. d may be r; `minus_z`, if not null,
/// receives −d.z.
template <class T>
void solve_bound_kkt(const bound_matrices& matrices, const std::vector<int>& rows, const std::vector<double>& ratios,
                     const kkt_vectors<const T>& r, const kkt_vectors<T>& d, T* minus_z, bound_kkt_work& work);

} // namespace optnet::solver
