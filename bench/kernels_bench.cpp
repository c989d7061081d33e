// SPDX-License-Identifier: Apache-2.0
// The dense kernels, by instruction set and element type. Counters: GFLOP/s; `of_peak`, the share of what
// multiplications and additions in registers reach; and `over_product`, the time over that of as many operations in a
// large product of matrices. Both rates are measured in the same run and printed before the table.
//
//     kernels_bench --benchmark_filter=avx512/double

#include "peak.hpp"
#include "solver/algorithm/line_memory.hpp"
#include "solver/cpu/kernels_interior.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <ctime>
#include <random>
#include <string>
#include <vector>

using optnet::solver::cpu::dense;
using optnet::solver::cpu::kernels;

namespace {

template <class T> std::vector<T> numbers(std::int64_t count) {
    std::mt19937_64 generator(1);
    std::uniform_real_distribution<double> uniform(-1, 1);
    std::vector<T> v(static_cast<std::size_t>(count));
    for (T& x : v) x = static_cast<T>(uniform(generator));
    return v;
}

/// What lies in lanes begins where a line of the cache does, as in the solver.
template <class T> using in_lanes = std::vector<T, optnet::solver::line_allocator<T>>;

/// Seconds of this process's work since it was made.
class stopwatch {
public:
    double seconds() const { return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC; }

private:
    std::clock_t begin = std::clock();
};

/// The counters of iterations that take `flops` operations each.
template <class T> void rate(benchmark::State& state, const kernels<T>& k, double flops, const stopwatch& since) {
    const double reached = 1e-9 * flops * static_cast<double>(state.iterations()) / since.seconds();
    const peak::rates& best = peak::of(k);
    state.counters["GFLOP/s"] = reached;
    state.counters["of_peak"] = reached / best.registers;
    state.counters["over_product"] = best.product / reached;
}

/// [Q; A; G; q'] of a problem with n variables, p equalities and m inequalities; copying the panel in is part of the
/// time.
template <class T>
void panel(benchmark::State& state, const kernels<T>& k, std::int64_t n, std::int64_t p, std::int64_t m) {
    const std::int64_t rows = n + p + m + 1;
    std::vector<T> source = numbers<T>(rows * n), M(source.size());
    for (std::int64_t i = 0; i < n; ++i) source[static_cast<std::size_t>(i * n + i)] = static_cast<T>(n);
    const stopwatch since;
    for (auto _ : state) {
        M = source;
        benchmark::DoNotOptimize(k.partial_cholesky(M.data(), rows, n, n, T(0), nullptr));
        benchmark::ClobberMemory();
    }
    const double x = static_cast<double>(n);
    rate(state, k, x * x * x / 3 + x * x * static_cast<double>(rows - n), since);
}

/// The panel of one problem by rows of the transposed factor, [Q B] with m columns behind; copying it in is part of the
/// time.
template <class T> void upper_panel(benchmark::State& state, const kernels<T>& k, std::int64_t n, std::int64_t m) {
    const std::int64_t cols = n + m;
    const std::int64_t ld = (cols / optnet::solver::cpu::lanes<T> + 1) * optnet::solver::cpu::lanes<T>;
    std::vector<T> source = numbers<T>(n * ld), M(source.size());
    for (std::int64_t i = 0; i < n; ++i) source[static_cast<std::size_t>(i * (ld + 1))] = static_cast<T>(n);
    const stopwatch since;
    for (auto _ : state) {
        M = source;
        benchmark::DoNotOptimize(k.upper_cholesky(M.data(), n, cols, ld, T(0)));
        benchmark::ClobberMemory();
    }
    const double x = static_cast<double>(n);
    rate(state, k, x * x * x / 3 + x * x * static_cast<double>(m), since);
}

/// 32 rows of G for one problem: U^-T G', then V_A V' with n / 2 rows of V_A, and R of the new rows.
template <class T> void upper_rows(benchmark::State& state, const kernels<T>& k, std::int64_t n) {
    constexpr std::int64_t rows = 32;
    const std::int64_t p = n / 2, ld = (n + p + 31) / 16 * 16;
    std::vector<T> U = numbers<T>(n * ld), G = numbers<T>(n * rows), V(G);
    std::vector<T> W(static_cast<std::size_t>(p * rows)), R(static_cast<std::size_t>(rows * rows));
    for (T& v : U) v /= static_cast<T>(n);
    for (std::int64_t i = 0; i < n; ++i) U[static_cast<std::size_t>(i * (ld + 1))] = T(1.5);
    const stopwatch since;
    for (auto _ : state) {
        V = G;
        k.upper_solve(U.data(), ld, n, V.data(), rows, rows);
        k.upper_product(W.data(), rows, U.data() + n, ld, p, V.data(), rows, rows, n, p, T(1), T(0));
        k.upper_product(R.data(), rows, V.data(), rows, rows, V.data(), rows, rows, n, 0, T(1), T(0));
        benchmark::ClobberMemory();
    }
    const double x = static_cast<double>(n), y = static_cast<double>(p);
    rate(state, k, rows * (x * x + 2 * x * y + rows * x), since);
}

/// The panel and R = V V' of its m inequality rows.
template <class T>
void set_up(benchmark::State& state, const kernels<T>& k, std::int64_t n, std::int64_t p, std::int64_t m) {
    const std::int64_t rows = n + p + m + 1;
    std::vector<T> source = numbers<T>(rows * n), M(source.size()), R(static_cast<std::size_t>(m * m));
    for (std::int64_t i = 0; i < n; ++i) source[static_cast<std::size_t>(i * n + i)] = static_cast<T>(n);
    const stopwatch since;
    for (auto _ : state) {
        M = source;
        benchmark::DoNotOptimize(k.partial_cholesky(M.data(), rows, n, n, T(0), nullptr));
        k.syrk_lower(R.data(), m, M.data() + (n + p) * n, n, m, n, T(1), T(0));
        benchmark::ClobberMemory();
    }
    const double x = static_cast<double>(n), y = static_cast<double>(m);
    rate(state, k, x * x * x / 3 + x * x * static_cast<double>(rows - n) + y * y * x, since);
}

template <class T> void syrk(benchmark::State& state, const kernels<T>& k, std::int64_t n) {
    const std::vector<T> V = numbers<T>(n * n);
    std::vector<T> C(V.size());
    const stopwatch since;
    for (auto _ : state) {
        k.syrk_lower(C.data(), n, V.data(), n, n, n, T(1), T(0));
        benchmark::ClobberMemory();
    }
    rate(state, k, static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n + 1), since);
}

enum class form { nt, nn, tn };

template <class T> void gemm(benchmark::State& state, const kernels<T>& k, form f, std::int64_t n) {
    const std::vector<T> A = numbers<T>(n * n), B = numbers<T>(n * n);
    std::vector<T> C(A.size());
    const auto call = f == form::nt ? k.gemm_nt : f == form::nn ? k.gemm_nn : k.gemm_tn;
    const stopwatch since;
    for (auto _ : state) {
        call(C.data(), n, A.data(), n, B.data(), n, n, n, n, T(1), T(0));
        benchmark::ClobberMemory();
    }
    rate(state, k, 2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n), since);
}

/// n right-hand sides; the triangle is near the identity, so repeated solves stay bounded.
template <class T> void trsm(benchmark::State& state, const kernels<T>& k, bool transposed, std::int64_t n) {
    std::vector<T> L = numbers<T>(n * n), X = numbers<T>(n * n);
    for (T& x : L) x /= static_cast<T>(n);
    for (std::int64_t i = 0; i < n; ++i) L[static_cast<std::size_t>(i * n + i)] = T(1.5);
    const std::vector<T> source = X;
    const auto call = transposed ? k.trsm_lower_transposed : k.trsm_lower;
    const stopwatch since;
    for (auto _ : state) {
        X = source;
        call(L.data(), n, n, X.data(), n, n);
        benchmark::ClobberMemory();
    }
    rate(state, k, static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n), since);
}

enum class vector_form { gemv, gemv_transposed, symv, trsv, trsv_transposed, remove };

template <class T> void level2(benchmark::State& state, const kernels<T>& k, vector_form f, std::int64_t n) {
    std::vector<T> L = numbers<T>(n * n), x = numbers<T>(n), y(x), work(static_cast<std::size_t>(2 * n));
    for (T& v : L) v /= static_cast<T>(n);
    for (std::int64_t i = 0; i < n; ++i) L[static_cast<std::size_t>(i * n + i)] = T(1);
    const std::vector<T> source = L;
    const stopwatch since;
    for (auto _ : state) {
        switch (f) {
        case vector_form::gemv: k.gemv(L.data(), n, n, n, T(1), x.data(), T(0), y.data()); break;
        case vector_form::gemv_transposed: k.gemv_transposed(L.data(), n, n, n, T(1), x.data(), T(0), y.data()); break;
        case vector_form::symv: k.symv_lower(L.data(), n, n, T(1), x.data(), T(0), y.data()); break;
        case vector_form::trsv:
            y = x;
            k.trsv_lower(L.data(), n, n, y.data());
            break;
        case vector_form::trsv_transposed:
            y = x;
            k.trsv_lower_transposed(L.data(), n, n, y.data());
            break;
        case vector_form::remove:
            L = source;
            k.cholesky_delete(L.data(), n, n, 0, work.data());
            break;
        }
        benchmark::ClobberMemory();
    }
    const bool triangle = f == vector_form::trsv || f == vector_form::trsv_transposed;
    const double size = static_cast<double>(n) * static_cast<double>(n);
    rate(state, k, triangle ? size : f == vector_form::remove ? 3 * size : 2 * size, since);
}

/// The factors of k rows each of R, m x m, one problem per lane, as in a batch with shared matrices.
template <class T> void lanes_factor(benchmark::State& state, const kernels<T>& k, std::int64_t m) {
    constexpr std::int64_t N = optnet::solver::cpu::lanes<T>;
    const std::int64_t rows = m / 2 / 4 * 4, ld = rows + 1;
    const std::vector<T> off = numbers<T>(m * m);
    std::vector<T> R(off);
    in_lanes<T> L(static_cast<std::size_t>(rows * ld * N)), reciprocal(static_cast<std::size_t>(rows * N));
    in_lanes<T> counts(N, static_cast<T>(rows));
    std::vector<int> which(static_cast<std::size_t>(rows * N));
    for (std::int64_t i = 0; i < m; ++i) R[static_cast<std::size_t>(i * (m + 1))] = static_cast<T>(m);
    for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t l = 0; l < N; ++l)
            which[static_cast<std::size_t>(i * N + l)] = static_cast<int>(2 * i + l % 2);
    const stopwatch since;
    for (auto _ : state) {
        k.lanes_cholesky(R.data(), m, which.data(), counts.data(), rows, T(0), L.data(), ld, reciprocal.data());
        benchmark::ClobberMemory();
    }
    const double x = static_cast<double>(rows);
    rate(state, k, N * (x * x * x / 3), since);
}

/// The factors of R + diag, m x m, one problem per lane, as in the interior point of a batch with shared matrices.
template <class T> void lanes_shifted(benchmark::State& state, const kernels<T>& k, std::int64_t m) {
    constexpr std::int64_t N = optnet::solver::cpu::lanes<T>;
    const auto& interior = *optnet::solver::cpu::interior<T>(k.name);
    const std::int64_t rows = (m + 3) / 4 * 4, ld = rows + 1;
    const std::vector<T> R = numbers<T>(rows * rows);
    in_lanes<T> L(static_cast<std::size_t>(rows * ld * N));
    in_lanes<T> reciprocal(static_cast<std::size_t>(rows * N)), shift(reciprocal.size(), static_cast<T>(rows));
    const stopwatch since;
    for (auto _ : state) {
        interior.cholesky(R.data(), rows, rows, shift.data(), T(0), L.data(), ld, reciprocal.data());
        benchmark::ClobberMemory();
    }
    const double x = static_cast<double>(m);
    rate(state, k, N * (x * x * x / 3), since);
}

/// The panel [Q; G] and R = V V' of one problem per lane, n = m, as in a batch with matrices of its own; copying the
/// panel in is part of the time.
template <class T> void lanes_set_up(benchmark::State& state, const kernels<T>& k, std::int64_t n) {
    constexpr std::int64_t N = optnet::solver::cpu::lanes<T>;
    const std::vector<T> entries = numbers<T>(2 * n * n * N);
    in_lanes<T> source(entries.begin(), entries.end()), M(source.size()), R(static_cast<std::size_t>(n * n * N));
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t l = 0; l < N; ++l) source[static_cast<std::size_t>(i * (n + 1) * N + l)] = static_cast<T>(n);
    in_lanes<T> floor(static_cast<std::size_t>(n * N), T(0)), reciprocal(floor);
    const stopwatch since;
    for (auto _ : state) {
        M = source;
        k.lanes_panel(M.data(), 2 * n, n, n, floor.data(), reciprocal.data());
        const T* V = M.data() + n * n * N;
        k.lanes_product(R.data(), n, V, n, V, n, 1, n, n, n, true, T(1), T(0));
        benchmark::ClobberMemory();
    }
    const double x = static_cast<double>(n);
    rate(state, k, N * (x * x * x / 3 + 2 * x * x * x), since);
}

/// The products of a chunk of 64 problems with a shared n x n matrix, its transpose, or the inverse of a triangle.
enum class chunk_form { nt, nn, solve, solve_transposed };

template <class T> void chunk(benchmark::State& state, const kernels<T>& k, chunk_form f, std::int64_t n) {
    constexpr std::int64_t problems = 64;
    std::vector<T> M = numbers<T>(n * n), X = numbers<T>(problems * n), Y(X);
    for (T& x : M) x /= static_cast<T>(n);
    for (std::int64_t i = 0; i < n; ++i) M[static_cast<std::size_t>(i * n + i)] = T(1);
    const stopwatch since;
    for (auto _ : state) {
        switch (f) {
        case chunk_form::nt: k.gemm_nt(Y.data(), n, X.data(), n, M.data(), n, problems, n, n, T(1), T(0)); break;
        case chunk_form::nn: k.gemm_nn(Y.data(), n, X.data(), n, M.data(), n, problems, n, n, T(1), T(0)); break;
        case chunk_form::solve:
            Y = X;
            k.trsm_lower(M.data(), n, n, Y.data(), n, problems);
            break;
        case chunk_form::solve_transposed:
            Y = X;
            k.trsm_lower_transposed(M.data(), n, n, Y.data(), n, problems);
            break;
        }
        benchmark::ClobberMemory();
    }
    const double size = static_cast<double>(n) * static_cast<double>(n) * problems;
    rate(state, k, f == chunk_form::nt || f == chunk_form::nn ? 2 * size : size, since);
}

template <class T> void add(const char* type, const kernels<T>& k) {
    const peak::rates& best = peak::of(k);
    const std::string whose = std::string(k.name) + " " + type + ", GFLOP/s";
    benchmark::AddCustomContext(whose, "in registers " + std::to_string(best.registers) + ", product of 512 x 512 " +
                                           std::to_string(best.product));
    const std::string set = std::string(k.name) + "/" + type + "/";
    const auto name = [&](const char* kernel, std::int64_t n) { return set + kernel + "/" + std::to_string(n); };
    const auto put = [](const std::string& title, auto f) { benchmark::RegisterBenchmark(title.c_str(), f); };
    for (const std::int64_t n : {20, 50, 100, 200, 450}) {
        put(name("panel_n_m", n), [&k, n](benchmark::State& s) { panel<T>(s, k, n, 0, n); });
        put(name("panel_n_p_m", n), [&k, n](benchmark::State& s) { panel<T>(s, k, n, n / 2, n); });
        put(name("upper_panel_n_m", n), [&k, n](benchmark::State& s) { upper_panel<T>(s, k, n, n + 1); });
        put(name("upper_panel_n_p", n), [&k, n](benchmark::State& s) { upper_panel<T>(s, k, n, n / 2); });
        put(name("upper_rows", n), [&k, n](benchmark::State& s) { upper_rows<T>(s, k, n); });
        put(name("set_up_n_p_m", n), [&k, n](benchmark::State& s) { set_up<T>(s, k, n, n / 2, n); });
        put(name("syrk", n), [&k, n](benchmark::State& s) { syrk<T>(s, k, n); });
        put(name("gemm_nt", n), [&k, n](benchmark::State& s) { gemm<T>(s, k, form::nt, n); });
        put(name("gemm_nn", n), [&k, n](benchmark::State& s) { gemm<T>(s, k, form::nn, n); });
        put(name("gemm_tn", n), [&k, n](benchmark::State& s) { gemm<T>(s, k, form::tn, n); });
        put(name("trsm", n), [&k, n](benchmark::State& s) { trsm<T>(s, k, false, n); });
        put(name("trsm_transposed", n), [&k, n](benchmark::State& s) { trsm<T>(s, k, true, n); });
        put(name("gemv", n), [&k, n](benchmark::State& s) { level2<T>(s, k, vector_form::gemv, n); });
        put(name("gemv_transposed", n),
            [&k, n](benchmark::State& s) { level2<T>(s, k, vector_form::gemv_transposed, n); });
        put(name("symv", n), [&k, n](benchmark::State& s) { level2<T>(s, k, vector_form::symv, n); });
        put(name("trsv", n), [&k, n](benchmark::State& s) { level2<T>(s, k, vector_form::trsv, n); });
        put(name("trsv_transposed", n),
            [&k, n](benchmark::State& s) { level2<T>(s, k, vector_form::trsv_transposed, n); });
        put(name("chunk_nt", n), [&k, n](benchmark::State& s) { chunk<T>(s, k, chunk_form::nt, n); });
        put(name("chunk_nn", n), [&k, n](benchmark::State& s) { chunk<T>(s, k, chunk_form::nn, n); });
        put(name("chunk_trsm", n), [&k, n](benchmark::State& s) { chunk<T>(s, k, chunk_form::solve, n); });
        put(name("chunk_trsm_transposed", n),
            [&k, n](benchmark::State& s) { chunk<T>(s, k, chunk_form::solve_transposed, n); });
        if (n <= 256) put(name("lanes_cholesky", n), [&k, n](benchmark::State& s) { lanes_factor<T>(s, k, n); });
        if (n <= 256) put(name("lanes_shifted", n), [&k, n](benchmark::State& s) { lanes_shifted<T>(s, k, n); });
        if (n <= 100) put(name("lanes_set_up_n_m", n), [&k, n](benchmark::State& s) { lanes_set_up<T>(s, k, n); });
        put(name("cholesky_delete", n), [&k, n](benchmark::State& s) { level2<T>(s, k, vector_form::remove, n); });
    }
}

} // namespace

int main(int argc, char** argv) {
    for (const char* set : {"portable", "avx2", "avx512"}) {
        if (const auto* k = dense<double>(set)) add<double>("double", *k);
        if (const auto* k = dense<float>(set)) add<float>("float", *k);
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
}
