// SPDX-License-Identifier: Apache-2.0
// Vectors of 16 bytes, which every x86-64 and AArch64 processor has.
#define OPTNET_BYTES 16
#define OPTNET_ROWS 4
#define OPTNET_NAME "portable"
#include "solver/cpu/kernels_all.inc"

namespace optnet::solver::cpu {
const kernels<double>* portable_double() { return &table<double>; }
const kernels<float>* portable_float() { return &table<float>; }
const sparse_kernels* portable_sparse(bool in_lanes) {
    return in_lanes ? &sparse_table<pack<double>> : &sparse_table<double>;
}
const bound_kernels* portable_bounds() { return &bound_table; }
const interior_kernels_of<double>* portable_interior_double() { return &interior_table<double>; }
const interior_kernels_of<float>* portable_interior_float() { return &interior_table<float>; }
} // namespace optnet::solver::cpu
