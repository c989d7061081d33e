// SPDX-License-Identifier: Apache-2.0
// Compiled with -mavx512f -mavx512dq -mavx512vl -mfma. Thirty-two registers: a tile of 8 x 3 vectors, three for B, one
// for A.
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define OPTNET_BYTES 64
#define OPTNET_ROWS 8
#define OPTNET_NAME "avx512"
#include "solver/cpu/kernels_all.inc"

namespace optnet::solver::cpu {
const kernels<double>* avx512_double() { return &table<double>; }
const kernels<float>* avx512_float() { return &table<float>; }
const sparse_kernels* avx512_sparse(bool in_lanes) {
    return in_lanes ? &sparse_table<pack<double>> : &sparse_table<double>;
}
const bound_kernels* avx512_bounds() { return &bound_table; }
const interior_kernels_of<double>* avx512_interior_double() { return &interior_table<double>; }
const interior_kernels_of<float>* avx512_interior_float() { return &interior_table<float>; }
} // namespace optnet::solver::cpu
#else
#include "solver/cpu/kernels_tables.hpp"

namespace optnet::solver::cpu {
const kernels<double>* avx512_double() { return nullptr; }
const kernels<float>* avx512_float() { return nullptr; }
const sparse_kernels* avx512_sparse(bool) { return nullptr; }
const bound_kernels* avx512_bounds() { return nullptr; }
const interior_kernels_of<double>* avx512_interior_double() { return nullptr; }
const interior_kernels_of<float>* avx512_interior_float() { return nullptr; }
} // namespace optnet::solver::cpu
#endif
