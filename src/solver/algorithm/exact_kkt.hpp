// SPDX-License-Identifier: Apache-2.0
#pragma once

// The system of `active_kkt` factored for itself, where the form is regularized by ρ and refinement does not take that
// back: Q is singular on the null space of A, and weak on that of A and the active rows together.
//
//     K = [ Q  C' ; C  −D ],  C = [A; G_W],  D = 0 for the rows of A
//     H = Q + Σ G_i'G_i / D_i (rows with D_i > 0) + γ C₀'C₀ = L L',  V = C₀ L⁻ᵀ,  S = V V' = L_S L_S'     C₀: rows with
//     D = 0
//
// γ C₀'C₀ changes no solution, and H is positive definite wherever K is regular.

#include "solver/algorithm/element.hpp"

#include <vector>

namespace optnet::solver {

class exact_kkt {
public:
    /// Factors for the active rows and their D (empty: 0). False: K is singular to working precision.
    bool set_up(const operators& data, const std::vector<int>& rows, const std::vector<double>& ratios);

    const std::vector<int>& rows() const { return active; }
    /// Overwrites the right-hand side x with the solution; entries of x.lambda outside the active rows become 0.
    void correct(point& x) const;

private:
    const operators* data = nullptr;
    double gamma = 0;
    std::vector<int> active;
    std::vector<double> ratio;
    std::vector<std::size_t> hard, soft; ///< places in `active` of the rows with D = 0 and with D > 0
    std::vector<double> panel;           ///< L [n, n], V [p + hard, n]
    std::vector<double> c;               ///< C₀ [p + hard, n]
    std::vector<double> schur;           ///< L_S [p + hard, p + hard]
};

} // namespace optnet::solver
