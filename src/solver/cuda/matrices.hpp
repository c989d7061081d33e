// SPDX-License-Identifier: Apache-2.0
#pragma once

// The matrices of one problem, or of a batch that shares them, as they lie in the GPU's memory: the data in units of
// their own, and the factors of form D (docs/algorithm/dual-active-set.md). All are column-major: entry (i, j) of M is
// M[j * ld + i].
//
//     data   [Q; A; G]            rows of A and G, and the variables, measured in powers of two
//     panel  [L; V_A; V_G; V_I]   Q + ρI + γA'A = L L', V_A = A L⁻ᵀ, V_G = G L⁻ᵀ, V_I = L⁻ᵀ
//     schur  [L_S; W; S_I]        V_A V_A' + δI = L_S L_S', W = V_G V_A' L_S⁻ᵀ, S_I = L_S⁻ᵀ
//     r      R = V_G V_G' − W W'
//
// Entries are counted in int: `refusal` (launch.hpp) keeps out what has more of them.
// V_I and S_I are there so that every solve is products of a matrix with a vector: a triangular solve would be n
// barriers. Refinement on the user's data takes back what an explicit inverse loses.

#include "solver/cuda/team.hpp"

namespace optnet::solver::cuda {

/// What became of the set-up.
enum class usable : int {
    yes,
    regularized, ///< with ρ or δ: a solve is refined until they are taken back
    not_finite,
    nonconvex, ///< Q has a negative eigenvalue beyond rounding
    overflow,  ///< the same, with entries so large that it may be rounding
    dependent, ///< the rows of A are, beyond what δ helps
    unknown,   ///< slices.hpp could not tell
};

/// There are factors.
OPTNET_DEVICE inline bool factored(usable state) { return state == usable::yes || state == usable::regularized; }

/// Columns of a factorization that are eliminated together.
inline constexpr int panel_width = 8;
/// What they need: the square on their diagonal, and a verdict.
inline constexpr int pivots_words = panel_width * panel_width + 1;

struct matrices {
    int n, p, m;
    double *data, *panel, *schur, *r;
    double *a_scale, *g_scale, *z_scale; ///< as those of `operators`
    double* inverse;                     ///< [m] 1 / R_ii
    double* mark;                        ///< [m] scratch
    double* shifts;                      ///< [5] γ, ρ, δ, the largest entry of Q, and the least pivot of L
    double* pivots;                      ///< [pivots_words] scratch of a factorization
    int* state;                          ///< [1] a value of `usable`
    double* parts;                       ///< [panel_width n + 2(p + m)] scratch of `load`

    OPTNET_DEVICE matrices(arena& from, int variables, int equalities, int inequalities)
        : n(variables), p(equalities), m(inequalities) {
        data = from.take<double>(std::int64_t{data_rows()} * n);
        panel = from.take<double>(std::int64_t{panel_rows()} * n);
        schur = from.take<double>(std::int64_t{schur_rows()} * p);
        r = from.take<double>(std::int64_t{m} * m);
        a_scale = from.take<double>(p);
        g_scale = from.take<double>(m);
        z_scale = from.take<double>(n);
        inverse = from.take<double>(m);
        mark = from.take<double>(m);
        shifts = from.take<double>(5);
        pivots = from.take<double>(pivots_words);
        state = from.take<int>(1);
        parts = from.take<double>(std::int64_t{panel_width} * n + 2 * (std::int64_t{p} + m));
    }

    OPTNET_DEVICE int data_rows() const { return n + p + m; }
    OPTNET_DEVICE int panel_rows() const { return 2 * n + p + m; }
    OPTNET_DEVICE int schur_rows() const { return 2 * p + m; }
    OPTNET_DEVICE usable verdict() const { return static_cast<usable>(*state); }
    OPTNET_DEVICE bool exact() const { return *state == static_cast<int>(usable::yes); }
    OPTNET_DEVICE double gamma() const { return shifts[0]; }
    OPTNET_DEVICE double rho() const { return shifts[1]; }
    OPTNET_DEVICE double q_size() const { return shifts[3]; }
    OPTNET_DEVICE double least_pivot() const { return shifts[4]; }

    // Entry (0, 0) of each part; the leading dimension is that of the whole.
    OPTNET_DEVICE double* a() const { return data + n; }
    OPTNET_DEVICE double* g() const { return data + n + p; }
    OPTNET_DEVICE double* v_a() const { return panel + n; }
    OPTNET_DEVICE double* v_g() const { return panel + n + p; }
    OPTNET_DEVICE double* v_i() const { return panel + n + p + m; }
    OPTNET_DEVICE double* w() const { return schur + p; }
    OPTNET_DEVICE double* s_i() const { return schur + p + m; }
};

/// Bytes of one set.
OPTNET_DEVICE inline std::size_t matrices_bytes(int n, int p, int m) {
    arena count;
    const matrices of(count, n, p, m);
    return of.data == nullptr ? count.bytes() : 0;
}

} // namespace optnet::solver::cuda
