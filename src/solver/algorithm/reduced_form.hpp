// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form D of one problem with its equalities eliminated by pivots of A (the null space method: Gill & Murray 1974).
//
//     A = L [U_B U_N], U_B unit upper triangular in the pivots B; N are the other n − p variables
//     X = U_B⁻¹ U_N,  z_B = c − X z_N,  c = B⁻¹b                       Q_BB = K'K,  Y = K X − K⁻ᵀQ_BN
//     H = Q_NN − Q_NB Q_BB⁻¹ Q_BN + Y'Y = M'M, Q on the null space of A        R = V V',  V = (G_N − G_B X) M⁻¹
//
// H is a sum of two positive matrices, the first of which says whether Q is positive definite; no digits cancel.
// With p = n / 2 a row of G takes a third of the operations that it takes in the range of A.

#include "solver/algorithm/line_memory.hpp"
#include "solver/algorithm/operators.hpp"

#include <vector>

namespace optnet::solver {

class reduced_form {
public:
    /// It takes less time than without pivots (measured).
    static bool pays(std::int64_t n, std::int64_t p, std::int64_t m) {
        return n >= 32 && p < n && 5 * p >= n && p + m >= n;
    }
    /// False if a pivot of Q is not above `floor`, rows of A nearly depend on each other or X is large.
    bool set_up(const operators& data, double floor);
    double least_pivot() const { return pivot; } ///< of Q

    /// z [n] ← [y c], y = M⁻ᵀ(z_N − X'z_B + Y'K c), and nu [p] ← z_B. Between the two halves row i of G z₀ is
    /// [v_i g_iB]·[y c], and multipliers λ change y by −V'λ and nu by −G_B'λ.
    void forward(double* z, double* nu) const;
    /// The second half in two parts: z [n] from [y c], in which y becomes z_N; then nu.
    void point(double* half, double* z) const;
    void multipliers(const double* half, double* nu) const;
    /// [v_i g_iB] of rows of G as columns, as `dual_form::columns`.
    void columns(const operators& data, const int* which, std::int64_t count, double* out, std::int64_t ld) const;

    std::size_t size() const { return l.size() + u.size() + x.size() + top.size() + h.size(); }
    std::size_t capacity() const {
        return l.capacity() + u.capacity() + x.capacity() + top.capacity() + h.capacity() + rows.capacity() +
               schur.capacity() + turned.capacity();
    }

private:
    /// Columns that lie side by side.
    struct run {
        int first, count;
    };
    static void list_runs(const int* columns, std::int64_t count, std::vector<run>& runs);
    static void copy_runs(const std::vector<run>& runs, const double* row, double* to);
    bool find_pivots(const operators& data);
    bool reduce(const operators& data, double floor);

    std::int64_t n = 0, p = 0, rest = 0;
    std::int64_t ldp = 0, ldr = 0, ldt = 0; ///< strides of p and of n − p columns, and of both
    double pivot = 0;
    std::vector<int> order;              ///< [n] B, then N, ascending
    std::vector<int> places;             ///< [n] where a variable has its row in `columns`
    std::vector<int> ranks;              ///< [p] the place in B of the last pivot, the last but one, ...
    aligned_numbers l;                   ///< [p, ldp] L by columns
    aligned_numbers u;                   ///< [p, ldp] U_B by columns, last pivot first: rows of a transposed factor
    aligned_numbers x;                   ///< [p, ldr] X
    aligned_numbers top;                 ///< [p, ldt] K with zeros before its diagonal, then Y
    aligned_numbers h;                   ///< [n - p, ldr] M
    std::vector<int> pivots;             ///< [p] one after the other
    std::vector<run> of_b, of_n;         ///< `order` in pieces
    aligned_numbers rows, schur, turned; ///< work of a set-up
    std::vector<double> dense_q;
};

} // namespace optnet::solver
