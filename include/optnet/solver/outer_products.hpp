// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradients of dense blocks: products of two vectors for every problem of a batch.

#include <cstdint>
#include <vector>

namespace optnet::solver {

/// One vector per problem: that of problem k begins at data[k * stride] and is contiguous.
template <class T> struct rows_view {
    const T* data = nullptr;
    std::int64_t stride = 0;
};

/// M_k = scale (u_k x_k' + v_k y_k') for u, v of `rows` and x, y of `cols` entries; v and y null: the first product
/// alone. `shared`: `out` [rows, cols] is the sum of all M_k; otherwise it is [batch, rows, cols].
template <class T> struct outer_product {
    rows_view<T> u, x, v, y;
    std::int64_t rows = 0, cols = 0;
    T scale = 1;
    bool shared = false;
    bool symmetric = false; ///< the symmetric part of the sum; needs `shared`, a square and a single product
    T* out = nullptr;
};

/// All of them in one loop on at most `threads` threads. The order of no sum depends on their number.
template <class T> void outer_products(const std::vector<outer_product<T>>& all, std::int64_t batch, int threads);

} // namespace optnet::solver
