// SPDX-License-Identifier: Apache-2.0
// The set-up of large matrices by cuBLAS and cuSOLVER: their handles, the two kernels around their calls, and the
// calls.

#include "solver/cuda/block_team.hpp"
#include "solver/cuda/library_steps.hpp"
#include "solver/cuda/places.hpp"

#include <cublas_v2.h>
#include <cusolverDn.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace optnet::solver::cuda {
namespace {

/// What cuBLAS may want beside its arguments: the size that its manual names for the newest GPUs.
constexpr std::size_t blas_bytes = std::size_t{32} << 20;

error message(cublasStatus_t code) { return code == CUBLAS_STATUS_SUCCESS ? nullptr : cublasGetStatusString(code); }

error message(cusolverStatus_t code) {
    switch (code) {
    case CUSOLVER_STATUS_SUCCESS: return nullptr;
    case CUSOLVER_STATUS_ALLOC_FAILED: return "cuSOLVER gets no memory";
    case CUSOLVER_STATUS_NOT_INITIALIZED: return "cuSOLVER cannot be started";
    case CUSOLVER_STATUS_ARCH_MISMATCH: return "cuSOLVER does not know this GPU";
    default: return "cuSOLVER reports an internal error";
    }
}

/// The handles of one stream. What they keep on the GPU is used in the order of the stream; only one thread of the host
/// may use them at a time.
struct handles {
    std::mutex used;
    cublasHandle_t blas = nullptr;
    cusolverDnHandle_t solver = nullptr;

    error make() {
        if (blas == nullptr)
            if (const error failed = message(cublasCreate(&blas))) return failed;
        return solver == nullptr ? message(cusolverDnCreate(&solver)) : nullptr;
    }
};

/// Those of a stream of the current device. They live as long as the process: at its end the driver may be gone first.
handles& handles_of(cudaStream_t stream) {
    static std::mutex guard;
    static auto& all = *new std::map<std::pair<int, cudaStream_t>, std::unique_ptr<handles>>;
    int device = 0;
    cudaGetDevice(&device);
    const std::lock_guard lock(guard);
    std::unique_ptr<handles>& found = all[{device, stream}];
    if (found == nullptr) found = std::make_unique<handles>();
    return *found;
}

std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

/// What lies behind the sets of a workspace for the libraries.
struct library_memory {
    unsigned char* blas; ///< [blas_bytes]
    library_sets sets;
    double* buffer; ///< [size] of a factorization by itself
    int size;
    std::size_t bytes = 0;

    library_memory(unsigned char* base, std::int64_t count, std::int64_t apart, int room)
        : blas(base), sets{static_cast<int>(count), apart, nullptr, nullptr, nullptr}, size(room) {
        const auto take = [&](std::size_t wanted) {
            unsigned char* const piece = base + bytes;
            bytes += aligned(wanted);
            return piece;
        };
        const auto each = static_cast<std::size_t>(count);
        take(blas_bytes);
        sets.left = reinterpret_cast<double**>(take(each * sizeof(double*)));
        sets.right = reinterpret_cast<double**>(take(each * sizeof(double*)));
        sets.words = reinterpret_cast<int*>(take(2 * each * sizeof(int)));
        buffer = reinterpret_cast<double*>(take(static_cast<std::size_t>(room) * sizeof(double)));
    }
};

/// Doubles of scratch for the factorization of one matrix of n or p rows.
error factor_buffer(cusolverDnHandle_t solver, int n, int p, int& size) {
    size = 0;
    for (const int rows : {n, p}) {
        int wanted = 0;
        if (rows == 0) continue;
        const error failed =
            message(cusolverDnDpotrf_bufferSize(solver, CUBLAS_FILL_MODE_LOWER, rows, nullptr, rows, &wanted));
        if (failed != nullptr) return failed;
        size = std::max(size, wanted);
    }
    return nullptr;
}

__global__ void __launch_bounds__(load_team::size)
    load_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at) {
    __shared__ load_team::board board;
    load_team team(static_cast<int>(threadIdx.x), board);
    load_large(team, batch, at.first + blockIdx.x, at.set(blockIdx.x));
}

__global__ void __launch_bounds__(set_up_team::size)
    conclude_kernel(const __grid_constant__ device_batch batch, const __grid_constant__ places at, const int* words) {
    __shared__ set_up_team::board board;
    set_up_team team(static_cast<int>(threadIdx.x), board);
    const int* const mine = words + blockIdx.x;
    conclude_large(team, batch, at.first + blockIdx.x, at.set(blockIdx.x), mine, mine + gridDim.x);
}

__global__ void point_kernel(double** to, double* first, std::int64_t apart, int count) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count) to[i] = first + i * apart;
}

cublasFillMode_t fill(char uplo) { return uplo == 'L' ? CUBLAS_FILL_MODE_LOWER : CUBLAS_FILL_MODE_UPPER; }
cublasOperation_t operation(char trans) { return trans == 'T' ? CUBLAS_OP_T : CUBLAS_OP_N; }
cublasSideMode_t side_of(char side) { return side == 'R' ? CUBLAS_SIDE_RIGHT : CUBLAS_SIDE_LEFT; }
cublasDiagType_t diagonal(char diag) { return diag == 'U' ? CUBLAS_DIAG_UNIT : CUBLAS_DIAG_NON_UNIT; }

/// The `Calls` of library_steps.hpp, queued on a stream; remembers the first failure.
class calls {
public:
    calls(handles& of, const library_memory& given, cudaStream_t on) : by(of), memory(given), stream(on) {
        note(message(cublasSetStream(by.blas, stream))); // forgets the memory that a call before this gave
        note(message(cublasSetWorkspace(by.blas, memory.blas, blas_bytes)));
        note(message(cusolverDnSetStream(by.solver, stream)));
    }

    void point(double** to, double* first, std::int64_t apart, int count) {
        constexpr int threads = 128;
        point_kernel<<<static_cast<unsigned>((count + threads - 1) / threads), threads, 0, stream>>>(to, first, apart,
                                                                                                     count);
    }
    void potrf(char uplo, int n, double* A, int lda, int* info) {
        note(message(cusolverDnDpotrf(by.solver, fill(uplo), n, A, lda, memory.buffer, memory.size, info)));
    }
    void potrf_batched(char uplo, int n, double** A, int lda, int* info, int count) {
        note(message(cusolverDnDpotrfBatched(by.solver, fill(uplo), n, A, lda, info, count)));
    }
    void trsm(char side, char uplo, char trans, char diag, int m, int n, double alpha, const double* A, int lda,
              double* B, int ldb) {
        note(message(cublasDtrsm(by.blas, side_of(side), fill(uplo), operation(trans), diagonal(diag), m, n, &alpha, A,
                                 lda, B, ldb)));
    }
    void trsm_batched(char side, char uplo, char trans, char diag, int m, int n, double alpha, double** A, int lda,
                      double** B, int ldb, int count) {
        note(message(cublasDtrsmBatched(by.blas, side_of(side), fill(uplo), operation(trans), diagonal(diag), m, n,
                                        &alpha, A, lda, B, ldb, count)));
    }
    void gemm_strided_batched(char transa, char transb, int m, int n, int k, double alpha, const double* A, int lda,
                              std::int64_t apart_a, const double* B, int ldb, std::int64_t apart_b, double beta,
                              double* C, int ldc, std::int64_t apart_c, int count) {
        note(message(cublasDgemmStridedBatched(by.blas, operation(transa), operation(transb), m, n, k, &alpha, A, lda,
                                               apart_a, B, ldb, apart_b, &beta, C, ldc, apart_c, count)));
    }

    error failed() const { return first_error; }

private:
    void note(error code) {
        if (first_error == nullptr) first_error = code;
    }

    handles& by;
    library_memory memory;
    cudaStream_t stream;
    error first_error = nullptr;
};

} // namespace

error libraries_memory(int n, int p, std::int64_t sets, cudaStream_t stream, std::size_t& bytes) {
    handles& by = handles_of(stream);
    const std::lock_guard lock(by.used);
    int size = 0;
    if (const error failed = by.make()) return failed;
    if (const error failed = factor_buffer(by.solver, n, p, size)) return failed;
    bytes = library_memory(nullptr, sets, 0, size).bytes;
    return nullptr;
}

error set_up_large(const device_batch& batch, const places& at, cudaStream_t stream) {
    handles& by = handles_of(stream);
    const std::lock_guard lock(by.used);
    int size = 0;
    if (const error failed = by.make()) return failed;
    if (const error failed = factor_buffer(by.solver, batch.n, batch.p, size)) return failed;
    const library_memory memory(at.base + at.plan.for_libraries, at.plan.sets,
                                static_cast<std::int64_t>(at.plan.set_bytes / sizeof(double)), size);
    calls to(by, memory, stream);
    library_steps<calls> steps(to, memory.sets);
    const auto sets = static_cast<unsigned>(at.plan.sets);
    load_kernel<<<sets, load_team::size, 0, stream>>>(batch, at);
    factor_large(steps, at.set(0));
    conclude_kernel<<<sets, set_up_team::size, 0, stream>>>(batch, at, memory.sets.words);
    return to.failed();
}

} // namespace optnet::solver::cuda
