// SPDX-License-Identifier: Apache-2.0
#pragma once

// The set-up of matrices that are too large for one block of threads to factor: blocks load and judge them, and between
// the two a library factors and multiplies whole batches (cuBLAS and cuSOLVER on a GPU, plain loops in the tests). Same
// matrices in the same places as by `set_up`, equal to rounding.

#include "solver/cuda/factor.hpp"

namespace optnet::solver::cuda {

/// A matrix of every set, column-major: that of the first set. The others lie as far from it as the sets do.
struct each_matrix {
    double* first;
    int ld;
};

/// The first part: [Q; A; G] of problem k, and what the library starts from. `of.state` says if it is finite.
template <class Team>
OPTNET_DEVICE void load_large(Team& team, const device_batch& batch, std::int64_t k, const matrices& of) {
    const bool finite = load(team, batch, k, of);
    const int n = of.n, from = of.data_rows(), to = of.panel_rows();
    const int below = of.p + of.m; // identities stand below [Q; A; G], and below [S; V_G V_A']
    each(team, 1, [&](int) { *of.state = static_cast<int>(finite ? usable::yes : usable::not_finite); });
    transfer(
        team, n, to, [&](int j, int i) { return i < from        ? of.data[j * from + i]
                                                : i - from == j ? 1.0
                                                                : 0.0; },
        [&](int j, int i, double v) { of.panel[j * to + i] = v; });
    transfer(
        team, of.p, of.p, [&](int j, int i) { return i == j ? 1.0 : 0.0; },
        [&](int j, int i, double v) { of.schur[j * of.schur_rows() + below + i] = v; });
}

/// The part between, for all sets at once. A library has
///
///     cholesky(n, M)                      M = L L' in the lower triangle, the upper one may be spoilt. LAPACK's info,
///                                         one word per set: 0 for a factor, else the order of the minor that is not
///                                         positive definite
///     solve_right(rows, n, L, B)          B [rows, n] becomes B L⁻ᵀ
///     multiply(rows, cols, inner, alpha, A, B, beta, C)      C [rows, cols] = alpha A B' + beta C
template <class Library> void factor_large(Library& by, const matrices& first) {
    const int n = first.n, p = first.p, m = first.m, ld = first.panel_rows(), lds = first.schur_rows();
    const each_matrix panel{first.panel, ld}, v_a{first.v_a(), ld}, v_g{first.v_g(), ld};
    const each_matrix schur{first.schur, lds}, w{first.w(), lds}, r{first.r, m};
    by.cholesky(n, panel);
    by.solve_right(p + m + n, n, panel, v_a); // and V_G and V_I below it
    if (p > n) return;                        // dependent: each block has to see what can be done
    if (p > 0) {
        by.multiply(p + m, p, n, 1.0, v_a, v_a, 0.0, schur); // [S; V_G V_A']
        by.cholesky(p, schur);
        by.solve_right(m + p, p, schur, w); // and S_I below it
    }
    if (m == 0) return;
    by.multiply(m, m, n, 1.0, v_g, v_g, 0.0, r);
    if (p > 0) by.multiply(m, m, p, -1.0, w, w, 1.0, r);
}

/// True if the diagonal of a Cholesky factor is that of a matrix with all pivots above `floor`.
template <class Team> OPTNET_DEVICE bool pivots_above(Team& team, const double* L, int ld, int n, double floor) {
    const two least = most(team, n, [&](int j) {
        const double root = L[j * ld + j];
        // What is not a number must not pass.
        return two{root > 0 && root * root > floor && root < HUGE_VAL ? -1.0 : 1.0, 0.0};
    });
    return least.a < 0;
}

/// The last part: judges what the library has made of problem k; `definite` are its words for Q and S, 0 for yes. Where
/// it is of no use the block does the whole set-up itself, which knows what else to try and how to name it.
template <class Team>
OPTNET_DEVICE void conclude_large(Team& team, const device_batch& batch, std::int64_t k, const matrices& of,
                                  const int* of_q, const int* of_s) {
    const int n = of.n, p = of.p, m = of.m, ld = of.panel_rows(), lds = of.schur_rows();
    if (of.verdict() == usable::not_finite) return;
    const double size = of.q_size();
    bool good = p <= n && *of_q == 0 && pivots_above(team, of.panel, ld, n, least_pivot * (size > 0 ? size : 1.0));
    if (good && p > 0 && *of_s != 0) good = false;
    if (good && p > 0) {
        // The diagonal of S is that of L_S L_S'.
        const two largest = most(team, p, [&](int i) {
            double sum = 0;
            for (int j = 0; j <= i; ++j) sum += of.schur[j * lds + i] * of.schur[j * lds + i];
            return two{sum, 0.0};
        });
        good = pivots_above(team, of.schur, lds, p, least_schur_pivot * largest.a);
    }
    if (!good) return set_up(team, batch, k, of);
    if (p > 0)
        each(team, m, [&](int i) {
            double sum = 0;
            for (int j = 0; j < n; ++j) sum += of.v_g()[j * ld + i] * of.v_g()[j * ld + i];
            of.mark[i] = sum;
        });
    // Nobody promises that a product with itself comes out symmetric to the bit.
    transfer_tiles(
        team, m, m, [&](int i, int j) { return i < j ? of.r[i * m + j] : 0.0; },
        [&](int i, int j, double v) {
            if (i < j) of.r[j * m + i] = v;
        });
    judge_factors(team, of);
}

} // namespace optnet::solver::cuda
