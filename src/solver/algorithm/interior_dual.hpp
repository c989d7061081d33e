// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form D of the interior point: with z eliminated only λ and s are iterates, and s = Rλ + d is the one linear
// condition.
//
//     r_s = Rλ + d − s        (R + S Λ⁻¹) dλ = −r_s − r_c / λ        ds = R dλ + r_s
//
// Its factor is m x m, whatever n and p are. For Q positive definite on the null space of A: a form with ρ > 0 solves
// another problem, which only the proximal loop brings back.

#include "solver/algorithm/dual_form.hpp"
#include "solver/algorithm/element.hpp"
#include "solver/algorithm/interior_rows.hpp"

#include <vector>

namespace optnet::solver {

class interior_dual {
public:
    /// `form` must have R and ρ = 0.
    explicit interior_dual(const dual_form& source) : form(source) {}

    /// The members are those of primal_form.
    void begin(const element& e);
    bool factor(const std::vector<double>& w);
    void start(std::vector<double>& s);
    void residual(const std::vector<double>& lambda, const std::vector<double>& s, std::vector<double>& rs);
    void solve(interior_rows& rows);
    void advance(double) {}
    void write(point& x) const;

private:
    void recover();

    const dual_form& form;
    const element* problem = nullptr;
    std::vector<int> present;         ///< rows that are not absent, k of them
    std::vector<double> d, l, packed; ///< [m], [k, k], [k]
    std::vector<double> product;      ///< [m] Gz or R dλ
    point x, r;
};

} // namespace optnet::solver
