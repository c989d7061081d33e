// SPDX-License-Identifier: Apache-2.0
#pragma once

// The system of `active_kkt` on the sparse pattern: K with the weight 1 / (D_i + δ) for an active row and 0 for
// another. ρ and δ make it quasi-definite, whatever rows depend on each other; refinement against the system without
// them takes them back.

#include "solver/algorithm/element.hpp"
#include "solver/algorithm/sparse_system.hpp"

namespace optnet::solver {

class sparse_kkt {
public:
    /// `ratios` (D) may be empty. False if the factorization is not finite.
    bool set_up(const sparse_matrices& matrices, const std::vector<int>& rows, const std::vector<double>& ratios);

    /// Until the next `set_up` there is no system: its matrices may be gone.
    void forget() { source = nullptr; }
    bool is_set_up() const { return source != nullptr; }
    /// Leaves the factors to `to`, but not the memory of their making.
    void leave_to(sparse_kkt& to);

    const std::vector<int>& rows() const { return active; }
    /// Overwrites the right-hand side x with the solution; entries of x.lambda outside the active rows become 0. Where
    /// the rows contradict each other, or Q is singular on what they leave free, the part of the right-hand side that
    /// no solution meets is left out. Small systems to which the shifts mean too much are solved without them first.
    void solve(point& x) const;
    /// The step of a refinement on the user's data.
    void correct(point& x) const { refine(x, 4); }
    /// The same but for small systems, or one solve with the shifts in it; `gz` becomes G dz, all rows of it.
    void solve(point& x, std::vector<double>& gz) const;
    void estimate(point& x, std::vector<double>& gz) const { solve_once(x, gz); }
    void multiply(const point& x, products& of) const { source->multiply(x, of); }
    std::size_t bytes() const { return system.bytes() + active.size() * (sizeof(int) + sizeof(double)); }

private:
    double refine(point& x, int steps) const; ///< returns the share of the right-hand side that is left
    bool solve_exactly(const point& right, point& x) const;
    void leave_out(point right, point& x) const;
    void keep_active(std::vector<double>& lambda) const;
    void solve_once(point& x, std::vector<double>& gz) const;
    void residual(const point& right, const point& x, point& r) const;

    const sparse_matrices* source = nullptr;
    sparse_ldl system;
    std::vector<int> active;
    std::vector<double> ratio;  ///< D, [k] or empty
    std::vector<double> weight; ///< [m] 1 / (D + δ), 0 for rows that are not active
};

} // namespace optnet::solver
