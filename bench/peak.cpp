// SPDX-License-Identifier: Apache-2.0
#include "peak.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

namespace peak {
namespace {

constexpr std::int64_t rounds = 1 << 18;
constexpr int registers = 12; ///< enough for the latency of every processor, few enough for sixteen registers

/// `rounds` times a multiplication and an addition in each of `registers` vectors; compiled once per instruction set.
#define OPTNET_FMA_LOOP(NAME, TARGET, BYTES)                                                                           \
    template <class T> TARGET double NAME(T factor, T term) {                                                          \
        typedef T vector __attribute__((vector_size(BYTES)));                                                          \
        constexpr int width = BYTES / static_cast<int>(sizeof(T));                                                     \
        vector a[registers], x = factor - vector{}, y = term - vector{};                                               \
        for (int i = 0; i < registers; ++i) a[i] = x + static_cast<T>(i);                                              \
        for (std::int64_t r = 0; r < rounds; ++r)                                                                      \
            for (int i = 0; i < registers; ++i) a[i] = a[i] * x + y;                                                   \
        double sum = 0;                                                                                                \
        for (int i = 0; i < registers; ++i)                                                                            \
            for (int l = 0; l < width; ++l) sum += static_cast<double>(a[i][l]);                                       \
        return sum;                                                                                                    \
    }
OPTNET_FMA_LOOP(fma_loop_portable, , 16)
#if defined(__x86_64__)
OPTNET_FMA_LOOP(fma_loop_avx2, __attribute__((target("avx2,fma"))), 32)
OPTNET_FMA_LOOP(fma_loop_avx512, __attribute__((target("avx512f,fma"))), 64)
#endif
#undef OPTNET_FMA_LOOP

volatile double kept; ///< what nobody may leave out

/// Seconds of processor time of the fastest of several runs, of a millisecond and more each.
template <class F> double fastest(int runs, const F& run) {
    double best = 1e30;
    for (int i = 0; i < runs; ++i) {
        const std::clock_t begin = std::clock();
        run();
        best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    return best;
}

template <class T> double in_registers(const char* set) {
    int bytes = 16;
    double (*loop)(T, T) = fma_loop_portable<T>;
#if defined(__x86_64__)
    if (std::strcmp(set, "avx2") == 0) loop = fma_loop_avx2<T>, bytes = 32;
    if (std::strcmp(set, "avx512") == 0) loop = fma_loop_avx512<T>, bytes = 64;
#endif
    const double seconds = fastest(40, [&] { kept = loop(T(0.999), T(0.001)); });
    return 2e-9 * static_cast<double>(rounds) * registers * bytes / sizeof(T) / seconds;
}

template <class T> double in_product(const optnet::solver::cpu::kernels<T>& kernels) {
    constexpr std::int64_t n = 512;
    std::vector<T> a(n * n, T(0.5)), b(n * n, T(0.25)), c(n * n);
    const double seconds = fastest(12, [&] {
        kernels.gemm_nn(c.data(), n, a.data(), n, b.data(), n, n, n, n, T(1), T(0));
        kept = static_cast<double>(c[1]);
    });
    return 2e-9 * static_cast<double>(n * n * n) / seconds;
}

} // namespace

template <class T> const rates& of(const optnet::solver::cpu::kernels<T>& kernels) {
    static std::map<std::string, rates> known;
    rates& found = known[kernels.name];
    if (found.product == 0) found = {in_registers<T>(kernels.name), in_product(kernels)};
    return found;
}

template const rates& of(const optnet::solver::cpu::kernels<double>&);
template const rates& of(const optnet::solver::cpu::kernels<float>&);

} // namespace peak
