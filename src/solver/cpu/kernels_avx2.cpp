// SPDX-License-Identifier: Apache-2.0
// Compiled with -mavx2 -mfma. Sixteen registers: a tile of 4 x 3 vectors, three for B and one for A.
#if defined(__AVX2__) && defined(__FMA__)
#define OPTNET_BYTES 32
#define OPTNET_ROWS 4
#define OPTNET_NAME "avx2"
#include "solver/cpu/kernels_all.inc"

namespace optnet::solver::cpu {
const kernels<double>* avx2_double() { return &table<double>; }
const kernels<float>* avx2_float() { return &table<float>; }
const sparse_kernels* avx2_sparse(bool in_lanes) {
    return in_lanes ? &sparse_table<pack<double>> : &sparse_table<double>;
}
const bound_kernels* avx2_bounds() { return &bound_table; }
const interior_kernels_of<double>* avx2_interior_double() { return &interior_table<double>; }
const interior_kernels_of<float>* avx2_interior_float() { return &interior_table<float>; }
} // namespace optnet::solver::cpu
#else
#include "solver/cpu/kernels_tables.hpp"

namespace optnet::solver::cpu {
const kernels<double>* avx2_double() { return nullptr; }
const kernels<float>* avx2_float() { return nullptr; }
const sparse_kernels* avx2_sparse(bool) { return nullptr; }
const bound_kernels* avx2_bounds() { return nullptr; }
const interior_kernels_of<double>* avx2_interior_double() { return nullptr; }
const interior_kernels_of<float>* avx2_interior_float() { return nullptr; }
} // namespace optnet::solver::cpu
#endif
