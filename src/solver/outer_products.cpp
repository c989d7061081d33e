// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/outer_products.hpp"

#include "solver/cpu/kernels.hpp"
#include "solver/cpu/pool.hpp"

#include <algorithm>

namespace optnet::solver {
namespace {

/// A thread's share of the rows is a multiple of this: whole tiles of the product.
constexpr std::int64_t rows_together = 8;
/// Below so many operations one thread does them all.
constexpr double little = 2e6;

} // namespace

template <class T>
void outer_products(rows_view<T> u, rows_view<T> x, rows_view<T> v, rows_view<T> y, std::int64_t batch,
                    std::int64_t rows, std::int64_t cols, T scale, bool shared, int threads, T* out) {
    const auto& kernels = cpu::dense<T>();
    const double operations = 2.0 * static_cast<double>(batch * rows * cols) * (v.data == nullptr ? 1 : 2);
    const int workers = operations < little ? 1 : threads;
    if (shared) {
        // Every entry is a sum over the batch in its order, whoever computes it.
        const std::int64_t even = (rows + workers - 1) / workers;
        const std::int64_t share = (even + rows_together - 1) / rows_together * rows_together;
        cpu::parallel_for(workers, rows == 0 ? 0 : (rows + share - 1) / share, [&](int, std::int64_t part) {
            const std::int64_t first = part * share, count = std::min(share, rows - first);
            T* to = out + first * cols;
            kernels.gemm_tn(to, cols, u.data + first, u.stride, x.data, x.stride, count, cols, batch, scale, T(0));
            if (v.data != nullptr)
                kernels.gemm_tn(to, cols, v.data + first, v.stride, y.data, y.stride, count, cols, batch, scale, T(1));
        });
        return;
    }
    cpu::parallel_for(workers, batch, [&](int, std::int64_t k) {
        const T *uk = u.data + k * u.stride, *xk = x.data + k * x.stride;
        const T* vk = v.data == nullptr ? nullptr : v.data + k * v.stride;
        const T* yk = v.data == nullptr ? nullptr : y.data + k * y.stride;
        for (std::int64_t i = 0; i < rows; ++i) {
            T* to = out + (k * rows + i) * cols;
            const T a = scale * uk[i], b = vk == nullptr ? T(0) : scale * vk[i];
            if (vk == nullptr)
                for (std::int64_t j = 0; j < cols; ++j) to[j] = a * xk[j];
            else
                for (std::int64_t j = 0; j < cols; ++j) to[j] = a * xk[j] + b * yk[j];
        }
    });
}

template <class T> void symmetrize(T* m, std::int64_t size) {
    constexpr std::int64_t block = 16; // both squares stay in the first-level cache
    for (std::int64_t i0 = 0; i0 < size; i0 += block)
        for (std::int64_t j0 = 0; j0 <= i0; j0 += block)
            for (std::int64_t i = i0; i < std::min(i0 + block, size); ++i)
                for (std::int64_t j = j0; j < std::min(j0 + block, i); ++j)
                    m[i * size + j] = m[j * size + i] = T(0.5) * (m[i * size + j] + m[j * size + i]);
}

template void outer_products(rows_view<double>, rows_view<double>, rows_view<double>, rows_view<double>, std::int64_t,
                             std::int64_t, std::int64_t, double, bool, int, double*);
template void symmetrize(double*, std::int64_t);
template void outer_products(rows_view<float>, rows_view<float>, rows_view<float>, rows_view<float>, std::int64_t,
                             std::int64_t, std::int64_t, float, bool, int, float*);
template void symmetrize(float*, std::int64_t);

} // namespace optnet::solver
