// SPDX-License-Identifier: Apache-2.0
#pragma once

// The optimality conditions with the active rows as equalities, one symmetric system:
//
//     Q dz + A' dν + G_W' dλ = r        A dz = t        G_W dz − D dλ = u
//
// On form D: (R_WW + D) dλ = G_W dz₀ − u with dz₀ the solution without dλ, between the two halves of the equality
// solve. The finish refines with it and the gradient is one solve of it. Where the form is regularized, refinement
// against this system takes that back, and where Q is too weak for that on what the active rows leave free,
// `exact_kkt` does.

#include "solver/algorithm/accuracy.hpp"
#include "solver/algorithm/dual_form.hpp"
#include "solver/algorithm/element.hpp"
#include "solver/algorithm/working_rows.hpp"

#include <vector>

namespace optnet::solver {

class active_kkt {
public:
    /// Factors R_WW + D for the given rows; rows that depend on those before them are left out. `ratios` (D) may be
    /// empty.
    void set_up(const dual_form& form, const operators& data, const std::vector<int>& rows,
                const std::vector<double>& ratios);
    /// The same from a factor that is there already, of R_WW in the order of `rows`.
    void adopt(const dual_form& form, const operators& data, const std::vector<int>& rows,
               const std::vector<double>& factor, std::int64_t ld);
    /// The same without copying it: `factor` gets the memory of the last one.
    void adopt(const dual_form& form, const operators& data, const std::vector<int>& rows, std::vector<double>&& factor,
               std::int64_t ld);
    /// The same for rows at these places of `given`.
    void adopt(const dual_form& form, const operators& data, const working_rows& given, const std::vector<int>& places,
               const std::vector<double>& factor, std::int64_t ld);

    /// In an exact form a residual of this share of the right-hand side or of the solution, whichever is larger, needs
    /// no refinement: rows have size 1, so the solution is that of a matrix which differs by as much.
    static constexpr double backward_error = 1e-13;

    /// Until the next `set_up` there is no system: its matrices may be gone.
    void forget() { form = nullptr; }
    bool is_set_up() const { return form != nullptr; }

    const std::vector<int>& rows() const { return active; }
    /// The same factors after `dual_form::hand_over`.
    void move_to(const dual_form& other, const operators& measures) {
        form = &other;
        data = &measures;
    }
    /// One solve is exact to rounding: no regularization.
    bool exact() const { return !form->regularized(); }
    double least_pivot() const { return form->least_pivot(); }
    /// Says that a solve with these factors left residuals of rounding alone: `solve` does not look back any more.
    void trust() { trusted = exact() && of_like_size(data->q_max); }
    bool is_trusted() const { return trusted; }

    /// Has the processor load the factor: called while another problem's is at work.
    void prefetch() const;

    /// Overwrites the right-hand side x with the solution; entries of x.lambda outside the active rows become 0.
    void solve(point& x) const;

    /// The multipliers alone, of one solve in an exact form: g [m] holds G dz₀, `lambda` [m] the right-hand side u, and
    /// is overwritten with dλ, g_W with what R_WW dλ is to be.
    void multipliers(double* g, double* lambda, std::vector<double>& work) const;
    /// u − G_W z + D λ for the active rows and 0 for the others, [m]: `gz` holds Gz and is overwritten.
    void row_residual(const double* u, const double* lambda, double* gz, std::vector<double>& work) const;

    /// One solve without looking back where the form is exact: the step of a refinement on the user's data.
    void correct(point& x) const;

    std::size_t bytes() const {
        return (t.size() + l.size() + ratio.size()) * sizeof(double) + active.size() * sizeof(int);
    }

private:
    void copy_rows();
    /// x <- R_WW⁻¹ x, [k].
    void solve_rows(double* x) const;
    void solve_once(point& x) const;
    /// One solve and refinement. False if ρ is still in the solution.
    bool refined(point& x) const;
    void residual(const point& right, const point& x, point& r) const;
    double size_of_residual(const point& right, const point& x, point& r) const;

    const dual_form* form = nullptr;
    const operators* data = nullptr;
    bool trusted = false;
    std::vector<int> active;
    std::vector<double> ratio; ///< D, [k] or empty
    std::vector<double> l;     ///< [k, k], rows `stride` apart
    std::int64_t stride = 0;
    std::vector<double> t; ///< [k, row_width()] the rows [v_i w_i] of form D where it does not keep them
};

} // namespace optnet::solver
