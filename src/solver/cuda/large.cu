// SPDX-License-Identifier: Apache-2.0
// The set-up of large matrices by cuBLAS and cuSOLVER: their handles, the two kernels around their calls, and the
// calls.

#include "solver/cuda/block_team.hpp"
#include "solver/cuda/large.hpp"
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
    unsigned char* blas;    ///< [blas_bytes]
    double **left, **right; ///< [sets] matrices of every set
    int* words;             ///< [2 sets] what a factorization says of every set
    double* buffer;         ///< [size] of a factorization by itself
    std::size_t bytes;

    library_memory(unsigned char* base, std::int64_t sets, int size) : blas(base) {
        const std::size_t count = static_cast<std::size_t>(sets), pointers = aligned(count * sizeof(double*));
        bytes = blas_bytes;
        left = reinterpret_cast<double**>(base + bytes);
        right = reinterpret_cast<double**>(base + bytes + pointers);
        bytes += 2 * pointers;
        words = reinterpret_cast<int*>(base + bytes);
        bytes += aligned(2 * count * sizeof(int));
        buffer = reinterpret_cast<double*>(base + bytes);
        bytes += aligned(static_cast<std::size_t>(size) * sizeof(double));
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

template <class T>
__global__ void __launch_bounds__(lanes)
    load_kernel(const __grid_constant__ device_batch<T> batch, const __grid_constant__ places at) {
    __shared__ block_team::board board;
    block_team team(static_cast<int>(threadIdx.x), board);
    load_large(team, batch, at.first + blockIdx.x, at.set(blockIdx.x));
}

template <class T>
__global__ void __launch_bounds__(lanes) conclude_kernel(const __grid_constant__ device_batch<T> batch,
                                                         const __grid_constant__ places at, const int* words) {
    __shared__ block_team::board board;
    block_team team(static_cast<int>(threadIdx.x), board);
    const int* const mine = words + blockIdx.x;
    conclude_large(team, batch, at.first + blockIdx.x, at.set(blockIdx.x), mine, mine + gridDim.x);
}

__global__ void point_kernel(double** to, double* first, std::int64_t apart, int count) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count) to[i] = first + i * apart;
}

/// The calls, as `factor_large` makes them.
class library {
public:
    library(handles& of, const library_memory& given, int room, int count, std::int64_t doubles, cudaStream_t on)
        : by(of), memory(given), size(room), sets(count), apart(doubles), stream(on) {
        note(message(cublasSetStream(by.blas, stream))); // forgets the memory that a call before this gave
        note(message(cublasSetWorkspace(by.blas, memory.blas, blas_bytes)));
        note(message(cusolverDnSetStream(by.solver, stream)));
    }

    void cholesky(int n, each_matrix M) {
        int* const words = memory.words + factored++ * sets;
        if (sets == 1) {
            note(message(
                cusolverDnDpotrf(by.solver, CUBLAS_FILL_MODE_LOWER, n, M.first, M.ld, memory.buffer, size, words)));
        } else {
            point(memory.left, M);
            note(
                message(cusolverDnDpotrfBatched(by.solver, CUBLAS_FILL_MODE_LOWER, n, memory.left, M.ld, words, sets)));
        }
    }
    void solve_right(int rows, int n, each_matrix L, each_matrix B) {
        const double one = 1;
        if (sets == 1) {
            note(message(cublasDtrsm(by.blas, CUBLAS_SIDE_RIGHT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T,
                                     CUBLAS_DIAG_NON_UNIT, rows, n, &one, L.first, L.ld, B.first, B.ld)));
        } else {
            point(memory.left, L);
            point(memory.right, B);
            note(message(cublasDtrsmBatched(by.blas, CUBLAS_SIDE_RIGHT, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_T,
                                            CUBLAS_DIAG_NON_UNIT, rows, n, &one, memory.left, L.ld, memory.right, B.ld,
                                            sets)));
        }
    }
    void multiply(int rows, int cols, int inner, double alpha, each_matrix A, each_matrix B, double beta,
                  each_matrix C) {
        note(message(cublasDgemmStridedBatched(by.blas, CUBLAS_OP_N, CUBLAS_OP_T, rows, cols, inner, &alpha, A.first,
                                               A.ld, apart, B.first, B.ld, apart, &beta, C.first, C.ld, apart, sets)));
    }

    error failed() const { return first_error; }

private:
    void point(double** to, each_matrix M) {
        constexpr int threads = 128;
        const auto blocks = static_cast<unsigned>((sets + threads - 1) / threads);
        point_kernel<<<blocks, threads, 0, stream>>>(to, M.first, apart, sets);
    }
    void note(error code) {
        if (first_error == nullptr) first_error = code;
    }

    handles& by;
    library_memory memory;
    int size, sets;
    std::int64_t apart;
    cudaStream_t stream;
    int factored = 0;
    error first_error = nullptr;
};

} // namespace

error libraries_memory(int n, int p, std::int64_t sets, cudaStream_t stream, std::size_t& bytes) {
    handles& by = handles_of(stream);
    const std::lock_guard lock(by.used);
    int size = 0;
    if (const error failed = by.make()) return failed;
    if (const error failed = factor_buffer(by.solver, n, p, size)) return failed;
    bytes = library_memory(nullptr, sets, size).bytes;
    return nullptr;
}

template <class T> error set_up_large(const device_batch<T>& batch, const places& at, cudaStream_t stream) {
    handles& by = handles_of(stream);
    const std::lock_guard lock(by.used);
    int size = 0;
    if (const error failed = by.make()) return failed;
    if (const error failed = factor_buffer(by.solver, batch.n, batch.p, size)) return failed;
    const auto sets = static_cast<unsigned>(at.plan.sets);
    const library_memory memory(at.base + at.plan.for_libraries, at.plan.sets, size);
    library calls(by, memory, size, static_cast<int>(sets),
                  static_cast<std::int64_t>(at.plan.set_bytes / sizeof(double)), stream);
    load_kernel<T><<<sets, lanes, 0, stream>>>(batch, at);
    factor_large(calls, at.set(0));
    conclude_kernel<T><<<sets, lanes, 0, stream>>>(batch, at, memory.words);
    return calls.failed();
}

template error set_up_large(const device_batch<double>&, const places&, cudaStream_t);
template error set_up_large(const device_batch<float>&, const places&, cudaStream_t);

} // namespace optnet::solver::cuda
