// SPDX-License-Identifier: Apache-2.0
#pragma once

// A first active set for problems that share R, of s = R λ + d ≥ 0, λ ≥ 0, sᵀλ = 0: some iterations of ADMM
// (Douglas & Rachford 1956; Boyd et al. 2011, 5.2) with the penalty ρD, D the diagonal of R,
//
//     x = (R + ρD)⁻¹ (ρD (z − u) − d),   x̂ = α x + (1 − α) z,   z⁺ = max(0, x̂ + u),   u⁺ = u + x̂ − z⁺.
//
// With z = max(t, 0) and u = min(t, 0) the state is t alone, z − u = |t|, and an iteration one product and a sum:
//
//     t⁺ = E |t| + (1 − α/2) t + c,   E = α ((R + ρD)⁻¹ ρD − I/2),   c = −α (R + ρD)⁻¹ d
//
// (the modulus iteration of van Bokhoven 1981, relaxed). In single precision: what comes out is a guess, {i: tᵢ > 0}.
// ρ is the geometric mean of the eigenvalues of R in rows of unit length, det(R)^(1/m).

#include <cstdint>
#include <vector>

namespace optnet::solver {

/// What the problems share.
class guess_matrix {
public:
    /// False where R [m, m] does not allow it: no guess is made.
    bool set_up(const double* R, std::int64_t m);
    void clear() { e.clear(); }
    bool usable() const { return !e.empty(); }
    const float* data() const { return e.data(); } ///< E of R in rows of unit length, symmetric, [m, m]
    const double* units() const { return unit.data(); } ///< 1 / √R_ii, [m]
    double penalty() const { return rho; }
    std::size_t held() const { return (unit.capacity() + work.capacity()) * sizeof(double) + e.capacity() * sizeof(float); }

private:
    std::vector<float> e;
    std::vector<double> unit, work;
    double rho = 0;
};

class first_guess {
public:
    /// d and floor [count, m] as in `dual_active_set::solve`, count a multiple of `dual_form::row_block`. No bit of a
    /// problem depends on the others.
    void run(const guess_matrix& shared, std::int64_t m, std::int64_t count, const double* d, const double* floor);
    /// The rows of the first W of problem i, ascending.
    void rows(std::int64_t i, std::vector<int>& out) const;

private:
    std::int64_t m = 0;
    std::vector<float> t, c, w, side; ///< [count, m]
};

} // namespace optnet::solver
