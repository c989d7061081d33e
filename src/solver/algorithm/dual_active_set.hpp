// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dual active set method on s = R λ + d: finite and exact, one row in or out per step.
// Goldfarb & Idnani 1983; Arnström, Bemporad & Axehill 2022 (DAQP) for the singular step.

#include "solver/algorithm/dual_form.hpp"

#include <vector>

namespace optnet::solver {

enum class dual_outcome {
    optimal,    ///< λ >= 0 and s >= 0 to rounding
    infeasible, ///< `lambda` is a direction with R λ = 0, d'λ < 0, λ >= 0
    limit,      ///< too many steps
    breakdown,  ///< not finite
};

/// Where the dual active set begins.
enum class first_basis {
    none,    ///< λ = 0
    given,   ///< `basis` and `lambda` as they stand
    same,    ///< that of the last solve with its factor: the rows are the same, and others came behind them
    guessed, ///< what a few steps of the primal-dual active set method come to
    nearby,  ///< what such steps come to from `basis`
};

class dual_active_set {
public:
    std::vector<double> lambda; ///< [m]
    std::vector<int> basis;     ///< rows whose λ is not fixed at 0, in the order of the factor
    int steps = 0;

    /// Minimizes ½λ'Rλ + d'λ over λ >= 0, where a slack above -floor[i] counts as 0 (+inf for an absent row: its λ is
    /// 0). R is symmetric, [m, m] with rows `stride` apart.
    dual_outcome solve(const double* r, std::int64_t stride, const std::vector<double>& d,
                       const std::vector<double>& floor, int limit, first_basis from);
    /// The same with the R of a form. With `warm`, starts from `basis` and `lambda` as they stand.
    dual_outcome solve(const dual_form& form, const std::vector<double>& right, const std::vector<double>& floor,
                       int limit, bool warm) {
        const first_basis from = warm ? first_basis::given : first_basis::none;
        return solve(form.r_row(0), form.inequalities(), right, floor, limit, from);
    }

    /// Cholesky factor of R_WW in the order of `basis`: row i starts at i * stride().
    const std::vector<double>& factor() const { return l; }
    std::int64_t stride() const { return ld; }

private:
    void begin(const std::vector<double>& right, const std::vector<double>& floor, first_basis from);
    void append_given();
    void take_violated();
    void guess(int limit);
    bool factor_basis();
    bool turn_basis(std::size_t& changes);
    void leave_guess(bool usable);
    bool append(int row);
    void remove(std::size_t place);
    void grow(std::int64_t least);
    bool singular_step(bool& singular);
    bool towards(std::size_t& blocking);
    int most_violated();

    const double* r_row(int i) const { return r + i * r_stride; }

    const double *r = nullptr, *d = nullptr, *floors = nullptr;
    std::int64_t m = 0, r_stride = 0, ld = 0;
    double longest = 0;          ///< the largest R_ii
    std::vector<double> l;       ///< L [ld, ld], one row more than the basis has
    std::vector<double> y;       ///< L⁻¹(−d_W), kept up to date with L
    std::vector<double> x;       ///< the multipliers that solve R_WW x = −d_W
    std::vector<double> s;       ///< [m]
    std::vector<double> bar;     ///< [m] −floor; −inf where a row may not enter: absent, in the basis, or refused
    std::vector<double> inverse; ///< [m] 1 / R_ii
    std::vector<int> refused, turned;
    std::vector<double> work;
};

} // namespace optnet::solver
