// SPDX-License-Identifier: Apache-2.0
#pragma once

// Products of vectors over a batch, and what a sum of them may be off: (k + 3) u sum |a||b| for k products in any order
// (Higham, Accuracy and Stability, 3.1).

#include "optnet/solver/outer_products.hpp"
#include "problems.hpp"

#include <limits>

namespace problems {

/// u, x, v, y [batch, stride of each], and the matrix that they make.
template <class T> struct outer_example {
    std::vector<T> u, x, v, y, out;
    solver::outer_product<T> product;

    outer_example(std::int64_t batch, std::int64_t rows, std::int64_t cols, bool two, T scale, bool shared,
                  bool symmetric, numbers& draw) {
        const auto vectors = [&](std::int64_t stride) {
            std::vector<T> made(static_cast<std::size_t>(batch * stride));
            for (T& value : made) value = static_cast<T>(draw.normal());
            return made;
        };
        const std::int64_t wide = cols + 3; // rows of something longer
        u = vectors(rows);
        x = vectors(wide);
        if (two) v = vectors(rows), y = vectors(wide);
        const std::int64_t entries = rows * cols * (shared ? 1 : batch);
        out.assign(static_cast<std::size_t>(entries), std::numeric_limits<T>::quiet_NaN());
        product = {{u.data(), rows}, {x.data(), wide}, {}, {}, rows, cols, scale, shared, symmetric, out.data()};
        if (two) product.v = {v.data(), rows}, product.y = {y.data(), wide};
    }
    outer_example(const outer_example&) = delete;
    outer_example& operator=(const outer_example&) = delete;
};

/// The largest error as a share of its bound; infinite where an entry is not a number.
template <class T> long double share_of_bound(const solver::outer_product<T>& p, std::int64_t batch) {
    long double most = 0;
    const auto term = [](const solver::rows_view<T>& left, const solver::rows_view<T>& right, std::int64_t k,
                         std::int64_t i, std::int64_t j) {
        return left.data == nullptr ? 0.0L
                                    : static_cast<long double>(left.data[k * left.stride + i]) *
                                          static_cast<long double>(right.data[k * right.stride + j]);
    };
    const std::int64_t count = p.shared ? batch : 1;
    const auto terms = static_cast<long double>((p.v.data == nullptr ? 1 : 2) * (p.symmetric ? 2 : 1) * count);
    for (std::int64_t first = 0; first < (p.shared ? 1 : batch); ++first)
        for (std::int64_t i = 0; i < p.rows; ++i)
            for (std::int64_t j = 0; j < p.cols; ++j) {
                long double sum = 0, size = 0;
                const auto add = [&](long double value) { sum += value, size += std::abs(value); };
                const long double weight = p.symmetric ? 0.5L : 1.0L;
                for (std::int64_t k = first; k < first + count; ++k)
                    for (int mirrored = 0; mirrored < (p.symmetric ? 2 : 1); ++mirrored) {
                        const std::int64_t row = mirrored == 0 ? i : j, col = mirrored == 0 ? j : i;
                        add(weight * term(p.u, p.x, k, row, col));
                        add(weight * term(p.v, p.y, k, row, col));
                    }
                const long double found = p.out[(first * p.rows + i) * p.cols + j];
                const long double scale = p.scale, error = std::abs(found - scale * sum);
                const long double bound =
                    (terms + 3) * static_cast<long double>(std::numeric_limits<T>::epsilon()) * std::abs(scale) * size;
                if (!(error <= bound)) return std::numeric_limits<long double>::infinity();
                if (bound > 0) most = std::max(most, error / bound);
            }
    return most;
}

/// True if a matrix [n, n] is its own transpose, bit for bit.
template <class T> bool symmetric(const T* matrix, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < i; ++j)
            if (!(matrix[i * n + j] == matrix[j * n + i])) return false;
    return true;
}

} // namespace problems
