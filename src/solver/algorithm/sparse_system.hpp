// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers on a sparse pattern: those of Q, A and G, and K with its factor for one set of weights.

#include "solver/algorithm/element.hpp"
#include "solver/algorithm/sparse_pattern.hpp"
#include "solver/algorithm/sparse_shifts.hpp"
#include "solver/cpu/kernels_sparse.hpp"

namespace optnet::solver {

/// The least entry above 0 of Q's diagonal, as a share of the largest of Q.
double least_of_q(const operators& data);

/// What the kernels read of a pattern; the numbers are missing.
cpu::lane_system without_numbers(const sparse_pattern& pattern);

/// ρ, δ and the weights of an active row in R and in E, for every lane.
struct lane_shifts {
    double rho[cpu::lanes<double>], delta[cpu::lanes<double>], full[cpu::lanes<double>], full_root[cpu::lanes<double>];

    void set(int l, double q_unit, double least, int n); ///< for lane l, of Q's unit and `least_of_q`
    void enter(cpu::lane_system& s) const;
};

/// The matrices of one problem, or of all that share them, on their pattern.
class sparse_matrices {
public:
    /// False: Q has a negative eigenvalue beyond `convexity_tolerance` times its largest entry, or overflowed.
    bool set_up(const operators& data, std::shared_ptr<const sparse_pattern> pattern, double convexity_tolerance);

    const sparse_pattern& pattern() const { return *shape; }
    const operators& data() const { return *source; }
    double unit() const { return q_unit; } ///< what Q is measured in: its largest entry, 1 for Q = 0
    double rho() const { return shifts.rho[0]; }
    double delta() const { return shifts.delta[0]; }
    /// K without regularization for w = Λ S⁻¹, [m], into `k`.
    void assemble(const double* w, std::vector<double>& k) const;
    /// y += Q x, y += A x, y += A'x; the last two for G, too.
    void multiply_q(const double* x, double* y) const { multiply(shape->q, q, x, y); }
    void multiply_a(const double* x, double* y) const { multiply(shape->a, a, x, y); }
    void multiply_at(const double* x, double* y) const { multiply_transposed(shape->a, a, x, y); }
    void multiply_g(const double* x, double* y) const { multiply(shape->g, g, x, y); }
    void multiply_gt(const double* x, double* y) const { multiply_transposed(shape->g, g, x, y); }
    void multiply(const point& x, products& of) const;
    /// What R_ii is about: the sum of G_ij² / Q_jj; `otherwise` at least where Q does not touch a variable.
    double compliance(int row, double otherwise) const;
    /// All of this as the kernels read it; valid until the next `set_up`.
    cpu::lane_system system() const;
    std::size_t bytes() const {
        return (base.size() + q.size() + 2 * (a.size() + g.size() + pairs.size())) * sizeof(double);
    }

private:
    static void multiply(const sparse_rows& rows, const std::vector<double>& value, const double* x, double* y);
    static void multiply_transposed(const sparse_rows& rows, const std::vector<double>& value, const double* x,
                                    double* y);

    const operators* source = nullptr;
    std::shared_ptr<const sparse_pattern> shape;
    std::vector<double> base;                                  ///< K for w = 0, pivots of ν left 0
    std::vector<double> q, a, g;                               ///< the numbers of `pattern().q`, `.a` and `.g`
    std::vector<double> pairs;                                 ///< those of `pattern().product`
    std::vector<double> a_columns, g_columns, r_columns, sums; ///< those of the pattern's lists
    double q_unit = 1;
    lane_shifts shifts{};
};

/// K = L D L' by columns, without pivoting: K is quasi-definite, its order fixed. What a pivot lacks of its least size
/// is added, and refinement takes it back.
class sparse_ldl {
public:
    /// Takes the shifts ρ of z and δ of ν. False if anything is not finite.
    bool factor(const sparse_matrices& matrices, const double* w, double rho, double delta);
    /// Overwrites b, [size] in the order of elimination, with the solution of K x = b to `accuracy` of |b|, refined
    /// against K without shifts in at most `steps` steps.
    void solve(std::vector<double>& b, double accuracy, int steps);
    void solve_once(double* x) const; ///< with the shifts
    std::size_t bytes() const { return (k.size() + l.size() + inverse.size()) * sizeof(double); }
    void swap_work(sparse_ldl& other) { work.swap(other.work); } ///< what a factorization works with
    bool definite() const { return added == 0; }                 ///< no pivot had the wrong sign

private:
    void residual(const double* b, const double* x, double* r) const;

    const sparse_pattern* shape = nullptr;
    cpu::lane_system system{}; ///< the pattern as the kernels read it
    std::vector<double> k, l, inverse, work, right, left;
    double added = 0;
};

} // namespace optnet::solver
