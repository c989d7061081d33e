// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradient of a dense block: products of two vectors for every problem of a batch.

#include <cstdint>

namespace optnet::solver {

/// One vector per problem: that of problem k begins at data[k * stride] and is contiguous.
template <class T> struct rows_view {
    const T* data = nullptr;
    std::int64_t stride = 0;
};

/// M_k = scale (u_k x_k' + v_k y_k') for u, v of `rows` and x, y of `cols` entries; v and y null: the first product
/// alone. `shared`: `out` [rows, cols] is the sum of all M_k; otherwise it is [batch, rows, cols]. The order of the sum
/// depends on no number of threads.
template <class T>
void outer_products(rows_view<T> u, rows_view<T> x, rows_view<T> v, rows_view<T> y, std::int64_t batch,
                    std::int64_t rows, std::int64_t cols, T scale, bool shared, int threads, T* out);

/// M <- (M + M') / 2 for M [size, size].
template <class T> void symmetrize(T* m, std::int64_t size);

} // namespace optnet::solver
