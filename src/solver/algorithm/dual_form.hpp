// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form D: z and the equality multipliers are eliminated once, and only m-vectors move.
//
//     H = Q + ρI + γA'A = L L',   V_A = A L⁻ᵀ,   V_G = G L⁻ᵀ,   S = V_A V_A' + δI = L_S L_S',   W = V_G V_A' L_S⁻ᵀ
//     R = G P G' = V_G V_G' − W W',   P the (1,1) block of [H A'; A −δI]⁻¹
//     s = R λ + d,   d = h − G z₀,   z₀ the minimizer without inequalities
//
// ρ = 0 where Q is positive definite, γ > 0 where it is so only on the null space of A (γA'A changes no solution),
// ρ > 0 for other singular Q (the proximal loop takes it back), δ > 0 where the rows of A depend on each other
// (refinement takes it back). One factorization serves the active set, the finish and the gradient.

#include "solver/algorithm/first_guess.hpp"
#include "solver/algorithm/line_memory.hpp"
#include "solver/algorithm/operators.hpp"
#include "solver/algorithm/reduced_form.hpp"

#include <vector>

namespace optnet::solver {

/// Which rows of G a form keeps as V_G, W and R.
enum class kept_rows {
    none,      ///< for problems with many more rows than variables
    all,       ///< for problems that share their matrices
    on_demand, ///< none, since one problem needs few of them; but all where the form is not exact
    at_once    ///< the same, and all of them are needed first
};

class dual_form {
public:
    /// Factors. False: Q + ρI + γA'A is not positive definite within `convexity_tolerance`, that is, Q is not convex
    /// (or overflowed). Memory of an earlier set-up is used again; `data` must outlive this. On up to `threads`
    /// threads.
    bool set_up(const operators& data, double convexity_tolerance, kept_rows which, int threads = 1);

    /// Leaves L, V_A, V_G, L_S and W to `to`, all that solves with given active rows need if no γA'A is to be undone;
    /// `measures` has the sizes of the data. What `to` held is the memory of the next set-up.
    void hand_over(dual_form& to, const operators& measures);
    bool can_hand_over() const { return gamma == 0; }

    bool h_is_diagonal() const { return diagonal; }
    double least_pivot() const { return pivot; } ///< of H
    double proximal() const { return rho; }      ///< ρ
    bool regularized() const { return rho > 0 || delta > 0; }
    bool has_r() const { return kept_r; }
    std::int64_t inequalities() const { return data->m; } ///< m
    /// Row i of R, [m].
    const double* r_row(int i) const { return r.data() + static_cast<std::int64_t>(i) * data->m; }
    const double* lengths() const { return r_diagonal.data(); } ///< R_ii, [m], where R is kept

    /// H' dz + A' dν = rz and A dz − δ dν = rnu with H' = Q + ρI: overwrites (z, nu), which hold the right-hand side.
    void equality_solve(double* z, double* nu) const {
        forward(z, nu);
        backward(z, nu);
    }
    /// The two halves of that: z ← y = L⁻¹(z + γA'nu), nu ← u = L_S⁻¹(V_A y − nu), and back. Between them inequality
    /// rows enter: row i of G z₀ is v_i·y − w_i·u, and multipliers λ change y by −V_G'λ and u by −W'λ.
    void forward(double* z, double* nu) const;
    void backward(double* y, double* u) const;
    /// The equalities of one problem were eliminated by pivots: y and u are those of `reduced_form`, rows are
    /// [v_i g_iB] in place of [v_i w_i].
    bool is_reduced() const { return reduced; }
    const reduced_form& by_pivots() const { return pivoted; }
    std::int64_t row_width() const { return reduced ? data->n : std::int64_t{data->n} + data->p; }
    /// v_i, which a row begins with.
    std::int64_t long_part() const { return reduced ? std::int64_t{data->n} - data->p : data->n; }
    /// [v_i w_i] of `count` rows of G, row-major [count, row_width()].
    void rows(const int* which, std::int64_t count, double* out) const;
    /// The same as columns, [row_width(), count] with rows `ld` apart, which have room for the next multiple of eight
    /// of them; what is there is overwritten.
    void columns(const int* which, std::int64_t count, double* out, std::int64_t ld) const;
    /// Without copying them, where R is kept: out_i += v_i·y − w_i·u, and y −= V'f, u −= W'f over these rows.
    void row_products(const std::vector<int>& which, const double* y, const double* u, double* out) const;
    void subtract_rows(const std::vector<int>& which, const double* f, double* y, double* u) const;
    /// R_WW of some rows, lower triangle, row-major with leading dimension `ld`.
    void gather(const std::vector<int>& which, double* out, std::int64_t ld) const;

    /// G z₀ = V_G y − W u between the two halves, [m].
    void inequality_products(const double* y, const double* u, double* out) const;
    // The same for `count` vectors at once, the rows of Z [count, n], U [count, p] and M [count, m], where R is kept.
    // `count` is a multiple of `row_block`: then no bit of a row depends on the others or on its place.
    static constexpr std::int64_t row_block = 8;
    void forward_rows(double* Z, double* U, std::int64_t count) const;
    /// What all rows have in common where they share the first part of their right-hand side.
    struct common_start {
        std::vector<double> y, a, g; ///< y = L⁻¹z [n], V_A y [p] and V_G y [m]
        bool usable = false;
        void set_up(const dual_form& form, const double* z);
    };
    /// `forward_rows` from there: Z is overwritten, U holds the second part.
    void forward_rows(const common_start& from, double* Z, double* U, std::int64_t count) const;
    /// M <- M − G z₀ between the two halves, with what they have in common if that is not null.
    void subtract_products(const common_start* from, const double* Y, const double* U, double* M,
                           std::int64_t count) const;
    void backward_rows(double* Y, double* U, std::int64_t count) const;
    /// M <- Y V_G' − U W': G z₀ of every row.
    void inequality_products(const double* Y, const double* U, double* M, std::int64_t count) const;
    /// Y −= M V_G, U −= M W: what multipliers change.
    void subtract_multipliers(const double* M, double* Y, double* U, std::int64_t count) const;

    /// What the first guess of active sets takes, for batches.
    void prepare_guess() { guess.set_up(r.data(), data->m, data->m > data->n - data->p, crew); }
    const guess_matrix& guesses() const { return guess; }

    std::size_t bytes() const {
        return (panel.size() + schur.size() + r.size() + (reduced ? pivoted.size() : 0)) * sizeof(double);
    }
    std::size_t held() const {
        return (panel.capacity() + schur.capacity() + r.capacity() + pivoted.capacity()) * sizeof(double) +
               guess.held();
    }

private:
    bool factor(double convexity_tolerance);
    bool factor_diagonal(double convexity_tolerance);
    bool set_up_once(double convexity_tolerance);
    bool set_up_turned();
    bool attempt(double shift, double weight, double least);
    bool factor_panel(double* M, std::int64_t rows, std::int64_t n, double floor) const;
    void add_products(const double* V, std::int64_t width, double sign);
    void clear_dependent_rows(double* R, std::int64_t ld, std::int64_t count, const double* lengths) const;
    void eliminate_equalities();
    void form_r();
    double* va() {
        const std::int64_t n = data->n;
        return panel.data() + (diagonal || turned ? n : n * n);
    }
    double* vg() { return va() + std::int64_t{data->p} * data->n; }
    const double* va() const { return const_cast<dual_form*>(this)->va(); }
    const double* vg() const { return const_cast<dual_form*>(this)->vg(); }

    const operators* data = nullptr;
    int crew = 1; ///< threads of the set-up
    double rho = 0, gamma = 0, delta = 0, pivot = 0;
    bool diagonal = false; ///< H is diagonal
    bool kept_r = false;   ///< V_G, W and R are there
    /// For one problem, without V_G: the rows of [L' V_A'] in the panel, those of L_S' in `schur`, whole lines each.
    bool turned = false;
    bool reduced = false; ///< or in `pivoted`, and neither is there
    reduced_form pivoted;
    std::int64_t stride = 0, schur_stride = 0; ///< the distances of those rows
    aligned_numbers panel;          ///< L [n, n], or the square roots of a diagonal H [n]; then V_A [p, n], V_G [m, n]
    aligned_numbers schur;          ///< L_S [p, p], W [m, p]
    std::vector<double> inverse;    ///< one over the square roots of a diagonal H, [n]
    std::vector<double> r;          ///< [m, m]
    std::vector<double> r_diagonal; ///< [m]
    guess_matrix guess;
};

} // namespace optnet::solver
