// SPDX-License-Identifier: Apache-2.0
#pragma once

// What cuBLAS and cuSOLVER do for solver/cuda/library_steps.hpp, in plain loops, with their contracts: of a square
// matrix only the triangle that was named is read, and a factorization may spoil the other; so may it all of a matrix
// that is not positive definite; and C is not read where beta is 0.

#include <cmath>
#include <cstdint>
#include <limits>

namespace host {

class library {
public:
    static void point(double** to, double* first, std::int64_t apart, int count) {
        for (int i = 0; i < count; ++i) to[i] = first + i * apart;
    }

    static void potrf(char uplo, int n, double* A, int lda, int* info) {
        const auto lower = [&](int i, int j) -> double& { return uplo == 'L' ? at(A, lda, i, j) : at(A, lda, j, i); };
        *info = 0;
        for (int j = 0; j < n && *info == 0; ++j)
            for (int i = j; i < n; ++i) {
                double sum = lower(i, j);
                for (int e = 0; e < j; ++e) sum -= lower(i, e) * lower(j, e);
                // As in LAPACK, what is not a number passes.
                if (i == j && sum <= 0) *info = j + 1;
                lower(i, j) = i == j ? std::sqrt(sum) : sum / lower(j, j);
            }
        for (int j = 0; j < n; ++j)
            for (int i = 0; i < n; ++i)
                if (*info != 0 || i < j) lower(i, j) = std::numeric_limits<double>::quiet_NaN();
    }
    static void potrf_batched(char uplo, int n, double** A, int lda, int* info, int count) {
        for (int k = 0; k < count; ++k) potrf(uplo, n, A[k], lda, info + k);
    }

    /// op(A) X = alpha B or X op(A) = alpha B; X takes the place of B [m, n].
    static void trsm(char side, char uplo, char trans, char diag, int m, int n, double alpha, const double* A, int lda,
                     double* B, int ldb) {
        const int size = side == 'R' ? n : m, others = side == 'R' ? m : n;
        // Both sides as y T = b with a row y: T = op(A), or its transpose.
        const bool transposed = (trans == 'T') == (side == 'R');
        const auto entry = [&](int i, int j) { return transposed ? at(A, lda, j, i) : at(A, lda, i, j); };
        const auto unknown = [&](int row, int j) -> double& {
            return side == 'R' ? at(B, ldb, row, j) : at(B, ldb, j, row);
        };
        const bool upper = (uplo == 'U') != transposed;
        for (int row = 0; row < others; ++row)
            for (int step = 0; step < size; ++step) {
                const int j = upper ? step : size - 1 - step;
                double sum = alpha * unknown(row, j);
                for (int e = upper ? 0 : j + 1; e < (upper ? j : size); ++e) sum -= unknown(row, e) * entry(e, j);
                unknown(row, j) = diag == 'U' ? sum : sum / entry(j, j);
            }
    }
    static void trsm_batched(char side, char uplo, char trans, char diag, int m, int n, double alpha, double** A,
                             int lda, double** B, int ldb, int count) {
        for (int k = 0; k < count; ++k) trsm(side, uplo, trans, diag, m, n, alpha, A[k], lda, B[k], ldb);
    }

    static void gemm_strided_batched(char transa, char transb, int m, int n, int k, double alpha, const double* A,
                                     int lda, std::int64_t apart_a, const double* B, int ldb, std::int64_t apart_b,
                                     double beta, double* C, int ldc, std::int64_t apart_c, int count) {
        for (int which = 0; which < count; ++which)
            for (int j = 0; j < n; ++j)
                for (int i = 0; i < m; ++i) {
                    const double *const a = A + which * apart_a, *const b = B + which * apart_b;
                    double sum = 0;
                    for (int e = 0; e < k; ++e)
                        sum += (transa == 'T' ? at(a, lda, e, i) : at(a, lda, i, e)) *
                               (transb == 'T' ? at(b, ldb, j, e) : at(b, ldb, e, j));
                    double& c = at(C + which * apart_c, ldc, i, j);
                    c = alpha * sum + (beta == 0 ? 0.0 : beta * c);
                }
    }

private:
    template <class T> static T& at(T* M, int ld, int i, int j) { return M[static_cast<std::ptrdiff_t>(j) * ld + i]; }
};

} // namespace host
