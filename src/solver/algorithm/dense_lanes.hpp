// SPDX-License-Identifier: Apache-2.0
#pragma once

// Form D (dual_form.hpp) of a few problems with matrices of their own, one per SIMD lane, and the systems of their
// active rows (active_kkt.hpp). Entry e of the problem in lane l is [e * width + l]; nothing of a lane depends on the
// others.

#include "solver/algorithm/line_memory.hpp"
#include "solver/algorithm/operators.hpp"
#include "solver/cpu/kernels.hpp"

#include <vector>

namespace optnet::solver {

class dense_lanes {
public:
    using array = lane_array;
    static constexpr int width = cpu::lanes<double>;

    std::int64_t n = 0, p = 0, m = 0;
    std::int64_t ld = 0; ///< distance of the rows of `panel`: n, or more where powers of two would meet in few places
                         ///< of the cache
    array panel; ///< [n + p + m + 1, ld]: L, V_A, V_G, and what the first half of an equality solve leaves of −q
    array schur; ///< [p + m + 1, p]: L_S, W, and what it leaves of b
    std::int64_t k = 0;     ///< rows of the largest active set, and up to three more
    array factor;           ///< [k, distance()]: the factors of R_WW; beyond the rows of a lane that of the identity
    array counts;           ///< how many rows each lane has
    std::vector<int> which; ///< [k] which they are; 0 beyond them
    array inside; ///< [m] 1 for active rows and 0, where `factor` [m + 1, distance()] has the others as the identity
    array panel_inverse, schur_inverse, factor_inverse; ///< one over the diagonals
    array scales; ///< [p + m]: the powers of two of the rows of A and G; those of the variables are 1
    array a_scale, g_scale, z_scale, a_unit, g_unit, z_unit; ///< problem by problem

    void resize(const structure& shape);
    /// Room for the factors of up to `rows` active rows, and `which` all 0.
    void resize_sets(std::int64_t rows);
    /// The same for sets that are `inside`, whose factors have all rows.
    void resize_whole_sets();
    /// The active rows of lane l with the factor of their R_WW, whose rows are `apart`.
    void put(int l, const std::vector<int>& rows, const double* L, std::int64_t apart);
    /// Of two rows of `factor`: odd, since powers of two would meet in few places of the cache.
    std::int64_t distance() const { return k + 1; }
    units measures(int l) const;
    std::size_t bytes() const; ///< at most, for problems of these sizes
    std::size_t held() const;  ///< with what is not used now

    /// Overwrites z [n], nu [p], lambda [m], in lanes, with the solutions for these right-hand sides.
    void solve(double* z, double* nu, double* lambda) const;
    /// The second half of that: z and nu hold what the first half left, lambda the multipliers.
    void finish(double* z, double* nu, const double* lambda) const;
    /// The same from the sums Gᵀλ [n] of scaled rows, which it overwrites.
    void finish_rows(double* z, double* nu, double* sums) const;

    double* va() { return panel.data() + n * ld * width; }
    double* vg() { return va() + p * ld * width; }
    double* w() { return schur.data() + p * p * width; }
    const double* va() const { return const_cast<dense_lanes*>(this)->va(); }
    const double* vg() const { return const_cast<dense_lanes*>(this)->vg(); }
    const double* w() const { return const_cast<dense_lanes*>(this)->w(); }

private:
    void grow(std::int64_t rows);
    void finish_reduced(double* z, double* nu) const;
    void solve_inside(double* lambda) const;
    void solve_listed(double* lambda) const;
};

} // namespace optnet::solver
