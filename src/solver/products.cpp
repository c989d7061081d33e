// SPDX-License-Identifier: Apache-2.0
#include "optnet/solver/products.hpp"

#include "solver/cpu/kernels.hpp"
#include "solver/cpu/pool.hpp"

#include <algorithm>

namespace optnet::solver {

template <class T>
void products(const T* M, std::int64_t rows, std::int64_t cols, bool transposed, rows_view<T> x, std::int64_t batch,
              T* y, int threads) {
    const auto& kernels = cpu::dense<T>();
    const auto multiply = transposed ? kernels.gemv_transposed : kernels.gemv;
    const std::int64_t size = transposed ? cols : rows;
    // Below so many operations one thread does them all.
    constexpr std::int64_t little = 1'000'000;
    const int workers = rows * cols * batch < little ? 1 : threads;
    const std::int64_t share = std::max<std::int64_t>(batch / (4 * std::max(workers, 1)), 1);
    cpu::parallel_for(workers, (batch + share - 1) / share, [&](int, std::int64_t part) {
        for (std::int64_t k = part * share; k < std::min(batch, (part + 1) * share); ++k)
            multiply(M, cols, rows, cols, T(1), x.data + k * x.stride, T(0), y + k * size);
    });
}

template void products(const double*, std::int64_t, std::int64_t, bool, rows_view<double>, std::int64_t, double*, int);
template void products(const float*, std::int64_t, std::int64_t, bool, rows_view<float>, std::int64_t, float*, int);

} // namespace optnet::solver
