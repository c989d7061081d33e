// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form P: H = Q + G'WG + γA'A + ρI is factored in every iteration, n x n whatever m is; the Schur complement of the
// equalities is regularized relative to its size, and two refinement steps against the system without ρ, γ and δ take the
// regularization back. The three safeguards are needed together: without γ most equality-constrained linear programs fail.

#include "solver/algorithm/element.hpp"

#include <vector>

namespace optnet::solver {

class primal_form {
public:
    explicit primal_form(const operators& data);

    /// Factors for the weights w > 0, [m]; entries of absent rows are 0. False if H is not positive definite.
    bool factor(const std::vector<double>& w);

    /// (Q + G'WG) dz + A'dν = rz, A dz = rnu: overwrites (z, nu).
    void solve(std::vector<double>& z, std::vector<double>& nu) const;

private:
    void solve_once(std::vector<double>& z, std::vector<double>& nu) const;

    const operators& data;
    std::vector<double> q, gt;   ///< dense Q [n, n]; G' of the general rows [n, general]
    std::vector<int> general;
    double a_trace = 0, gamma = 0;
    std::vector<double> weights, l, scaled, ls;
};

} // namespace optnet::solver
