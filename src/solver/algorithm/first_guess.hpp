// SPDX-License-Identifier: Apache-2.0
#pragma once

// A first active set for problems that share R: s = R λ + d ≥ 0, λ ≥ 0, sᵀλ = 0 holds for λ = |t| + t and s = ρ(|t| −
// t) if and only if
//
//     t = E |t| + c,   E = (R + ρI)⁻¹ (ρI − R),   c = −(R + ρI)⁻¹ d = −(E d + d) / 2ρ.
//
// That fixed point is iterated (the modulus iteration of van Bokhoven 1981, which is the splitting of Peaceman &
// Rachford 1955; it converges for R ≻ 0), in single precision, with rows of R in units in which R_ii = 1 and ρ the
// geometric mean of its eigenvalues. An iteration is one product of matrices for all problems. {i: tᵢ > 0} is a guess:
// nothing is claimed of it. With more rows than n − p, R is singular and the iteration takes longer.

#include <cstdint>
#include <vector>

namespace optnet::solver {

/// What the problems share.
class guess_matrix {
public:
    /// From R [m, m]; not usable afterwards if R is too near to singular, or its numbers are of no use where it is so
    /// by its rank.
    void set_up(const double* R, std::int64_t m, bool singular = false, int threads = 1);
    void clear() { e.clear(); }
    bool usable() const { return !e.empty(); }

    const float* reflection() const { return e.data() + offset; } ///< E, symmetric, [m, m]
    std::int64_t distance() const { return ld; }                  ///< of its rows; behind m are zeros
    const double* units() const { return unit.data(); }           ///< of d, [m]
    double penalty() const { return rho; }
    /// So many iterations leave one to three steps of the primal-dual active set.
    int iterations() const;

    std::size_t held() const {
        return (unit.capacity() + pivots.capacity() + work.capacity()) * sizeof(double) +
               (e.capacity() + panel.capacity()) * sizeof(float);
    }

private:
    double rho = 0;
    bool is_singular = false;
    std::int64_t ld = 0, offset = 0; ///< offset: to where a vector of the kernels begins a line of the cache
    std::vector<double> unit;
    std::vector<float> e;
    std::vector<double> work, pivots;
    std::vector<float> panel;
};

class first_guess {
public:
    /// For d and floor [count, m] as in `dual_active_set::solve`, count a multiple of `dual_form::row_block`. No bit of
    /// a problem depends on the others.
    void run(const guess_matrix& shared, std::int64_t m, std::int64_t count, const double* d, const double* floor);
    /// The first W of problem i, ascending.
    void rows(std::int64_t i, std::vector<int>& out) const;
    /// The multipliers of problem i, [m]: 0 for the other rows.
    void multipliers(const guess_matrix& shared, std::int64_t i, std::vector<double>& out) const;

private:
    std::int64_t m = 0, ld = 0;
    std::vector<double> sizes;  ///< [count] what d was divided by
    std::vector<float> t, side; ///< [count, ld]; side: 1, or -1 for absent rows
    std::vector<float> work;
};

} // namespace optnet::solver
