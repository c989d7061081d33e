// SPDX-License-Identifier: Apache-2.0
#pragma once

// Dense kernels for one problem in double precision, row-major, chosen once at run time for the processor's instruction
// set (AVX-512, AVX2 or any). Sums have a fixed order for a given instruction set, so results are reproducible.

#include <cstdint>

namespace optnet::solver::cpu {

/// Row-major; `ld*` is the distance of two rows. Sizes may be 0; nothing needs alignment.
struct dense_kernels {
    const char* name; ///< "avx512", "avx2" or "portable"

    /// C[i, j] += alpha * sum over k of A[i, k] B[j, k], C rows x columns; with `lower` only j <= i is written.
    void (*multiply_nt)(double* C, std::int64_t ldc, const double* A, std::int64_t lda, const double* B, std::int64_t ldb,
                        std::int64_t rows, std::int64_t columns, std::int64_t depth, double alpha, bool lower);
    /// Factors the leading n x n lower triangle of a panel as L L' and replaces the rows below by X L^-T, so that the
    /// panel [Q; A; G] becomes [L; A L^-T; G L^-T]. False at the first pivot that is not a positive finite number, or
    /// not above `floor`.
    bool (*cholesky)(double* M, std::int64_t rows, std::int64_t n, std::int64_t ld, double floor);
    /// x <- L^-1 x and x <- L^-T x.
    void (*solve_lower)(const double* L, std::int64_t ld, std::int64_t n, double* x);
    void (*solve_lower_transposed)(const double* L, std::int64_t ld, std::int64_t n, double* x);
    /// y += alpha M x and y += alpha M' x for M rows x columns.
    void (*multiply_vector)(const double* M, std::int64_t ld, std::int64_t rows, std::int64_t columns, double alpha,
                            const double* x, double* y);
    void (*multiply_vector_transposed)(const double* M, std::int64_t ld, std::int64_t rows, std::int64_t columns,
                                       double alpha, const double* x, double* y);
    double (*dot)(const double* x, const double* y, std::int64_t n);
    /// y += alpha x.
    void (*axpy)(double alpha, const double* x, double* y, std::int64_t n);
};

/// The kernels of this processor. The environment variable OPTNET_SIMD=portable|avx2|avx512, read once, chooses a smaller
/// instruction set; one that the processor lacks is not taken.
const dense_kernels& dense();

/// The kernels by name, or null where the processor (or the compiler's target) lacks the instruction set.
const dense_kernels* dense(const char* name);

} // namespace optnet::solver::cpu
