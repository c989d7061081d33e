// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one core can do at all, measured in the same run as what is compared with it.

#include "solver/cpu/kernels.hpp"

namespace peak {

/// The rates of one instruction set, in GFLOP/s: of multiplications and additions that stay in registers, and of a
/// large product of matrices (512 x 512) with the solver's own kernel.
struct rates {
    double registers = 0, product = 0;
};

/// The best of several short runs; measured once for each set and type. T = double or float.
template <class T> const rates& of(const optnet::solver::cpu::kernels<T>& kernels);

} // namespace peak
