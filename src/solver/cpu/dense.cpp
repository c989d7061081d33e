// SPDX-License-Identifier: Apache-2.0
#include "solver/cpu/dense.hpp"

#include <cstdlib>
#include <cstring>

// Every body is written once on vectors of W doubles and inlined into one entry per instruction set, with the entry's target
// attribute. Nothing of std is used in the bodies: an inline function of the standard
// library, compiled for AVX-512, could be the copy that the linker keeps for everybody.

#if defined(__x86_64__)
#define OPTNET_X86 1
#define OPTNET_AVX2 __attribute__((target("avx2,fma")))
#define OPTNET_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma")))
#endif
#define OPTNET_INLINE static inline __attribute__((always_inline))

namespace optnet::solver::cpu {
namespace {

using index = std::int64_t;

/// W doubles as one register.
template <int W> struct vector {
    typedef double pack __attribute__((vector_size(8 * W)));
    typedef double loose_pack __attribute__((vector_size(8 * W), aligned(8), may_alias));
};
template <int W> using pack_of = typename vector<W>::pack;

template <int W> OPTNET_INLINE void load(pack_of<W>& to, const double* from) {
    to = *reinterpret_cast<const typename vector<W>::loose_pack*>(from);
}
template <int W> OPTNET_INLINE void store(double* to, const pack_of<W>& from) {
    *reinterpret_cast<typename vector<W>::loose_pack*>(to) = from;
}
template <int W> OPTNET_INLINE double total(const pack_of<W>& v) {
    double sum[W];
    for (int i = 0; i < W; ++i) sum[i] = v[i];
    for (int half = W / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) sum[i] += sum[i + half];
    return sum[0];
}

/// sums[i][j] = sum over k of A[i, k] B[j, k].
template <int W, int I, int J>
OPTNET_INLINE void tile(const double* A, index lda, const double* B, index ldb, index depth, double sums[I][J]) {
    pack_of<W> acc[I][J] = {};
    index k = 0;
    for (; k + W <= depth; k += W) {
        pack_of<W> a[I], b[J];
        for (int i = 0; i < I; ++i) load<W>(a[i], A + i * lda + k);
        for (int j = 0; j < J; ++j) load<W>(b[j], B + j * ldb + k);
        for (int i = 0; i < I; ++i)
            for (int j = 0; j < J; ++j) acc[i][j] += a[i] * b[j];
    }
    for (int i = 0; i < I; ++i)
        for (int j = 0; j < J; ++j) sums[i][j] = total<W>(acc[i][j]);
    for (; k < depth; ++k)
        for (int i = 0; i < I; ++i)
            for (int j = 0; j < J; ++j) sums[i][j] += A[i * lda + k] * B[j * ldb + k];
}

template <int W, int I, int J>
OPTNET_INLINE void tile_update(double* C, index ldc, const double* A, index lda, const double* B, index ldb, index depth,
                               double alpha) {
    double sums[I][J];
    tile<W, I, J>(A, lda, B, ldb, depth, sums);
    for (int i = 0; i < I; ++i)
        for (int j = 0; j < J; ++j) C[i * ldc + j] += alpha * sums[i][j];
}

template <int W, int I, int J>
OPTNET_INLINE void multiply_nt_body(double* C, index ldc, const double* A, index lda, const double* B, index ldb, index rows,
                                    index columns, index depth, double alpha, bool lower) {
    if (depth == 0) return;
    for (index i = 0; i < rows; i += I) {
        const bool full = i + I <= rows;
        // With `lower`, a tile is taken whole while its last column is at or left of the first row; the rest is done singly.
        const index end = lower ? (i + 1 < columns ? i + 1 : columns) : columns;
        index j = 0;
        if (full)
            for (; j + J <= end; j += J) tile_update<W, I, J>(C + i * ldc + j, ldc, A + i * lda, lda, B + j * ldb, ldb, depth, alpha);
        const index last = full ? i + I : rows;
        for (index r = i; r < last; ++r) {
            const index stop = lower ? (r + 1 < columns ? r + 1 : columns) : columns;
            for (index c = j; c < stop; ++c) tile_update<W, 1, 1>(C + r * ldc + c, ldc, A + r * lda, lda, B + c * ldb, ldb, depth, alpha);
        }
    }
}

template <int W> OPTNET_INLINE double dot_body(const double* x, const double* y, index n) {
    double sum[1][1];
    tile<W, 1, 1>(x, 0, y, 0, n, sum);
    return sum[0][0];
}

template <int W> OPTNET_INLINE void axpy_body(double alpha, const double* x, double* y, index n) {
    index k = 0;
    for (; k + W <= n; k += W) {
        pack_of<W> a, b;
        load<W>(a, x + k);
        load<W>(b, y + k);
        b += alpha * a;
        store<W>(y + k, b);
    }
    for (; k < n; ++k) y[k] += alpha * x[k];
}

OPTNET_INLINE double square_root(double x) { return __builtin_sqrt(x); }

constexpr index block = 32;

template <int W, int I, int J> OPTNET_INLINE bool cholesky_body(double* M, index rows, index n, index ld, double floor) {
    for (index k0 = 0; k0 < n; k0 += block) {
        const index nb = n - k0 < block ? n - k0 : block;
        double* diagonal = M + k0 * ld + k0;
        // Left-looking: what the columns before k0 take away from this block of columns.
        multiply_nt_body<W, I, J>(diagonal, ld, M + k0 * ld, ld, M + k0 * ld, ld, nb, nb, k0, -1.0, true);
        const index below = rows - k0 - nb;
        multiply_nt_body<W, I, J>(diagonal + nb * ld, ld, M + (k0 + nb) * ld, ld, M + k0 * ld, ld, below, nb, k0, -1.0, false);
        double inverse[block];
        for (index j = 0; j < nb; ++j) {
            double* row = diagonal + j * ld;
            for (index i = 0; i < j; ++i) row[i] = (row[i] - dot_body<W>(row, diagonal + i * ld, i)) * inverse[i];
            const double pivot = row[j] - dot_body<W>(row, row, j);
            if (!(pivot > floor) || !(pivot < 1e300)) return false;
            row[j] = square_root(pivot);
            inverse[j] = 1.0 / row[j];
        }
        // Rows below, four at a time so that four chains of the substitution run beside each other.
        index r = 0;
        for (; r + 4 <= below; r += 4) {
            double* x = diagonal + (nb + r) * ld;
            for (index j = 0; j < nb; ++j) {
                double sums[4][1];
                tile<W, 4, 1>(x, ld, diagonal + j * ld, ld, j, sums);
                for (int q = 0; q < 4; ++q) x[q * ld + j] = (x[q * ld + j] - sums[q][0]) * inverse[j];
            }
        }
        for (; r < below; ++r) {
            double* x = diagonal + (nb + r) * ld;
            for (index j = 0; j < nb; ++j) x[j] = (x[j] - dot_body<W>(x, diagonal + j * ld, j)) * inverse[j];
        }
    }
    return true;
}

template <int W> OPTNET_INLINE void solve_lower_body(const double* L, index ld, index n, double* x) {
    for (index i = 0; i < n; ++i) x[i] = (x[i] - dot_body<W>(L + i * ld, x, i)) / L[i * ld + i];
}

template <int W> OPTNET_INLINE void solve_lower_transposed_body(const double* L, index ld, index n, double* x) {
    for (index i = n; i-- > 0;) {
        x[i] /= L[i * ld + i];
        axpy_body<W>(-x[i], L + i * ld, x, i);
    }
}

template <int W> OPTNET_INLINE void multiply_vector_body(const double* M, index ld, index rows, index columns, double alpha, const double* x, double* y) {
    index i = 0;
    for (; i + 4 <= rows; i += 4) {
        double sums[4][1];
        tile<W, 4, 1>(M + i * ld, ld, x, 0, columns, sums);
        for (int q = 0; q < 4; ++q) y[i + q] += alpha * sums[q][0];
    }
    for (; i < rows; ++i) y[i] += alpha * dot_body<W>(M + i * ld, x, columns);
}

template <int W> OPTNET_INLINE void multiply_vector_transposed_body(const double* M, index ld, index rows, index columns, double alpha,
                                                   const double* x, double* y) {
    index i = 0;
    for (; i + 4 <= rows; i += 4) {
        const double* row = M + i * ld;
        const double f0 = alpha * x[i], f1 = alpha * x[i + 1], f2 = alpha * x[i + 2], f3 = alpha * x[i + 3];
        index k = 0;
        for (; k + W <= columns; k += W) {
            pack_of<W> a, b, c, d, s;
            load<W>(a, row + k);
            load<W>(b, row + ld + k);
            load<W>(c, row + 2 * ld + k);
            load<W>(d, row + 3 * ld + k);
            load<W>(s, y + k);
            s += f0 * a + f1 * b + (f2 * c + f3 * d);
            store<W>(y + k, s);
        }
        for (; k < columns; ++k) y[k] += f0 * row[k] + f1 * row[ld + k] + (f2 * row[2 * ld + k] + f3 * row[3 * ld + k]);
    }
    for (; i < rows; ++i) axpy_body<W>(alpha * x[i], M + i * ld, y, columns);
}

#define OPTNET_ENTRIES(SET, TARGET, W, I, J)                                                                                 \
    namespace SET {                                                                                                       \
    TARGET void multiply_nt(double* C, index ldc, const double* A, index lda, const double* B, index ldb, index rows,     \
                            index columns, index depth, double alpha, bool lower) {                                       \
        multiply_nt_body<W, I, J>(C, ldc, A, lda, B, ldb, rows, columns, depth, alpha, lower);                               \
    }                                                                                                                     \
    TARGET bool cholesky(double* M, index rows, index n, index ld, double floor) {                                        \
        return cholesky_body<W, I, J>(M, rows, n, ld, floor);                                                                \
    }                                                                                                                     \
    TARGET void solve_lower(const double* L, index ld, index n, double* x) { solve_lower_body<W>(L, ld, n, x); }             \
    TARGET void solve_lower_transposed(const double* L, index ld, index n, double* x) {                                   \
        solve_lower_transposed_body<W>(L, ld, n, x);                                                                         \
    }                                                                                                                     \
    TARGET void multiply_vector(const double* M, index ld, index rows, index columns, double alpha, const double* x,      \
                                double* y) {                                                                              \
        multiply_vector_body<W>(M, ld, rows, columns, alpha, x, y);                                                          \
    }                                                                                                                     \
    TARGET void multiply_vector_transposed(const double* M, index ld, index rows, index columns, double alpha,            \
                                           const double* x, double* y) {                                                  \
        multiply_vector_transposed_body<W>(M, ld, rows, columns, alpha, x, y);                                               \
    }                                                                                                                     \
    TARGET double dot(const double* x, const double* y, index n) { return dot_body<W>(x, y, n); }                            \
    TARGET void axpy(double alpha, const double* x, double* y, index n) { axpy_body<W>(alpha, x, y, n); }                    \
    constexpr dense_kernels table{#SET,           multiply_nt,     cholesky,                   solve_lower,               \
                                  solve_lower_transposed, multiply_vector, multiply_vector_transposed, dot, axpy};        \
    }

OPTNET_ENTRIES(portable, , 2, 3, 3)
#if defined(OPTNET_X86)
OPTNET_ENTRIES(avx2, OPTNET_AVX2, 4, 3, 3)
OPTNET_ENTRIES(avx512, OPTNET_AVX512, 8, 4, 4)
#endif

const dense_kernels& choose() {
    const char* wanted = std::getenv("OPTNET_SIMD");
    if (wanted != nullptr)
        if (const dense_kernels* found = dense(wanted)) return *found;
    if (const dense_kernels* found = dense("avx512")) return *found;
    if (const dense_kernels* found = dense("avx2")) return *found;
    return portable::table;
}

} // namespace

const dense_kernels* dense(const char* name) {
#if defined(OPTNET_X86)
    if (std::strcmp(name, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("fma")
                   ? &avx512::table
                   : nullptr;
    if (std::strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2::table : nullptr;
#endif
    return std::strcmp(name, "portable") == 0 ? &portable::table : nullptr;
}

const dense_kernels& dense() {
    static const dense_kernels& chosen = choose();
    return chosen;
}

} // namespace optnet::solver::cpu
