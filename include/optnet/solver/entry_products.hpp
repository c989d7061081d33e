// SPDX-License-Identifier: Apache-2.0
#pragma once

// The gradients of sparse blocks: as outer_products.hpp, at the places of a block's entries alone.

#include "optnet/solver/outer_products.hpp"
#include "optnet/solver/structure.hpp"

namespace optnet::solver {

/// The entries of M_k = scale (u_k x_k' + v_k y_k') at `places`, for u, v of as many entries as `places` has rows; v
/// and y null: the first product alone. `shared`: `out` [entries] is the sum over k; otherwise it is [batch, entries].
template <class T> struct entry_product {
    rows_view<T> u, x, v, y;
    const entry_list* places = nullptr;
    T scale = 1;
    bool shared = false;
    T* out = nullptr;
};

/// On at most `threads` threads. A sum is one of doubles in the order of the batch, so no bit depends on their number,
/// and M of a symmetric product is symmetric to the bit.
template <class T> void entry_products(const entry_product<T>& p, std::int64_t batch, int threads);

} // namespace optnet::solver
