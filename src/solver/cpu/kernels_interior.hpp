// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kernels of the interior point for problems that share R, one per lane (`shared_interior`). As kernels.hpp: entry i of
// the problem in lane l lies at [i * lanes + l], and nothing of a lane depends on the others.

#include "solver/cpu/kernels.hpp"

namespace optnet::solver::cpu {

/// The iterate of `lanes<T>` problems and its step, [m, lanes] each. Where a row is absent s is 1 and lambda 0, and
/// they stay.
template <class T> struct interior_lanes {
    std::int64_t m;
    const T* d;
    const T* present; ///< 1, or 0 where a row is absent
    T *s, *lambda;
    T *inverse_s, *inverse_lambda;
    T* v;       ///< R lambda + d
    T* shift;   ///< s / lambda; of an absent row so much that its step is 0
    T* target;  ///< r_c / lambda
    T* ds;      ///< the step of s
    T* dlambda; ///< the right-hand side of the step, then the step of lambda
};

template <class T> struct interior_kernels_of {
    using index = std::int64_t;

    /// L L' = R + diag(shift) in every lane; R [m, m] is shared, its lower triangle is read, m is a multiple of 4.
    /// L and `reciprocal` as in `lanes_cholesky`, to be solved with by `lanes_solve`; but a pivot below `least` times
    /// its diagonal entry becomes that.
    void (*cholesky)(const T* R, index ldr, index m, const T* shift, T least, T* L, index ldl, T* reciprocal);
    /// y = R x + base in every lane; R [m, m] is shared, whole and symmetric, m is a multiple of 4.
    void (*product)(const T* R, index ldr, index m, const T* x, const T* base, T* y);
    /// The affine step from v: shift and the inverses, target = s, right-hand side -v. Writes the sums of s lambda and
    /// of |d lambda|, and the largest |v - s|, [lanes].
    void (*affine)(const interior_lanes<T>& x, T* total, T* cost, T* residual);
    /// From dlambda: ds = -target - shift dlambda, the reciprocal of the longest step that leaves s and lambda at 0 or
    /// above, and the sums of s dlambda + lambda ds and of ds dlambda, [lanes].
    void (*measure)(const interior_lanes<T>& x, T* steepest, T* linear, T* square);
    /// The combined step from the affine one: target = s + (bend ds dlambda - centre) / lambda and its right-hand side
    /// s - v - target; `centre` [lanes] is sigma mu, `bend` [lanes] 1, or 0 for a step that only centres.
    void (*combine)(const interior_lanes<T>& x, const T* bend, const T* centre);
    /// s and lambda go `step` [lanes] of the way; nothing moves where that is 0.
    void (*advance)(const interior_lanes<T>& x, const T* step);
};

/// The kernels of the instruction set that `dense` has, and of one by name, as there.
template <class T> const interior_kernels_of<T>& interior();
template <class T> const interior_kernels_of<T>* interior(const char* name);

} // namespace optnet::solver::cpu
