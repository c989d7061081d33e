// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "solver/cpu/kernels_bounds.hpp"
#include "solver/cpu/kernels_interior.hpp"
#include "solver/cpu/kernels_sparse.hpp"

namespace optnet::solver::cpu {

// One table per file and element type; null where the file was not compiled for its instruction set.
const kernels<double>* portable_double();
const kernels<float>* portable_float();
const kernels<double>* avx2_double();
const kernels<float>* avx2_float();
const kernels<double>* avx512_double();
const kernels<float>* avx512_float();
const sparse_kernels* portable_sparse(bool in_lanes);
const sparse_kernels* avx2_sparse(bool in_lanes);
const sparse_kernels* avx512_sparse(bool in_lanes);
const bound_kernels* portable_bounds();
const bound_kernels* avx2_bounds();
const bound_kernels* avx512_bounds();
const interior_kernels_of<double>* portable_interior_double();
const interior_kernels_of<float>* portable_interior_float();
const interior_kernels_of<double>* avx2_interior_double();
const interior_kernels_of<float>* avx2_interior_float();
const interior_kernels_of<double>* avx512_interior_double();
const interior_kernels_of<float>* avx512_interior_float();

} // namespace optnet::solver::cpu
