// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace optnet::solver {

/// Where a solve writes; contiguous arrays of the caller. Null: not wanted (`z` and `status` must be given).
///
/// Lagrangian 1/2 z'Qz + q'z + nu'(Az - b) + lambda'(Gz - h), lambda >= 0 exactly, s = h - Gz as it is.
/// primal_infeasible: nu, lambda hold a Farkas certificate scaled so that -(b'nu + h'lambda) = 1, and z, s are NaN.
/// dual_infeasible: z holds a ray scaled so that q'z = -1, the rest is NaN. nonconvex, invalid_input, numerical_error:
/// NaN.
template <class T> struct solution {
    T* z = nullptr;                     ///< [batch, n]
    T* nu = nullptr;                    ///< [batch, p]
    T* lambda = nullptr;                ///< [batch, m]
    T* s = nullptr;                     ///< [batch, m]
    std::int64_t* status = nullptr;     ///< [batch], values of optnet::status
    std::int64_t* iterations = nullptr; ///< [batch]
    double* residuals = nullptr;        ///< [batch, 3]: primal, dual (maximum norms), gap, of the data as given
};

/// A right-hand side or a solution of the KKT system of a batch: contiguous [batch, n], [batch, p], [batch, m]. Null:
/// zeros in a right-hand side, not wanted in a solution.
template <class T> struct kkt_vectors {
    T* z = nullptr;
    T* nu = nullptr;
    T* lambda = nullptr;
};

} // namespace optnet::solver
