// SPDX-License-Identifier: Apache-2.0
#pragma once

// The steps of large.hpp as calls of a library for many matrices at a time: which argument goes where, once for cuBLAS
// and cuSOLVER and for the loops that stand for them in the tests. `Calls` has, column-major and with the letters of
// the reference BLAS,
//
//     point(to, first, apart, count)                                       to[i] = first + i apart
//     potrf(uplo, n, A, lda, info)                                         one matrix
//     potrf_batched(uplo, n, A, lda, info, count)                          A[i]
//     trsm(side, uplo, trans, diag, m, n, alpha, A, lda, B, ldb)
//     trsm_batched(side, uplo, trans, diag, m, n, alpha, A, lda, B, ldb, count)
//     gemm_strided_batched(transa, transb, m, n, k, alpha, A, lda, apart, B, ldb, apart, beta, C, ldc, apart, count)
//
// where arrays of pointers and the words of `info` lie in the library's own memory.

#include "solver/cuda/large.hpp"

namespace optnet::solver::cuda {

/// The sets of a batch, and room for what the calls need of each.
struct library_sets {
    int count;
    std::int64_t apart;     ///< doubles from one set to the next
    double **left, **right; ///< [count] scratch
    int* words;             ///< [2, count] what the two factorizations say
};

template <class Calls> class library_steps {
public:
    library_steps(Calls& calls, const library_sets& of) : by(calls), sets(of) {}

    void cholesky(int n, each_matrix M) {
        int* const words = sets.words + factored++ * sets.count;
        if (sets.count == 1) return by.potrf('L', n, M.first, M.ld, words);
        by.point(sets.left, M.first, sets.apart, sets.count);
        by.potrf_batched('L', n, sets.left, M.ld, words, sets.count);
    }

    /// B L⁻ᵀ is the X of X L' = B.
    void solve_right(int rows, int n, each_matrix L, each_matrix B) {
        if (sets.count == 1) return by.trsm('R', 'L', 'T', 'N', rows, n, 1.0, L.first, L.ld, B.first, B.ld);
        by.point(sets.left, L.first, sets.apart, sets.count);
        by.point(sets.right, B.first, sets.apart, sets.count);
        by.trsm_batched('R', 'L', 'T', 'N', rows, n, 1.0, sets.left, L.ld, sets.right, B.ld, sets.count);
    }

    void multiply(int rows, int cols, int inner, double alpha, each_matrix A, each_matrix B, double beta,
                  each_matrix C) {
        by.gemm_strided_batched('N', 'T', rows, cols, inner, alpha, A.first, A.ld, sets.apart, B.first, B.ld,
                                sets.apart, beta, C.first, C.ld, sets.apart, sets.count);
    }

private:
    Calls& by;
    library_sets sets;
    int factored = 0;
};

} // namespace optnet::solver::cuda
