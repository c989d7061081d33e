// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/solver/structure.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace optnet::solver {

/// All of the block's entries lie on the diagonal of its matrix.
template <class Block> bool on_diagonal(const Block& b) {
    return b.row == b.col &&
           (b.kind == block_kind::identity || b.kind == block_kind::scaled_identity || b.kind == block_kind::diagonal);
}

/// The number of stored entries of a block; a band's padding counts.
template <class Block> double stored_entries(const Block& b) {
    switch (b.kind) {
    case block_kind::dense: return static_cast<double>(b.rows) * b.cols;
    case block_kind::banded: return static_cast<double>(b.rows) * (b.last - b.first + 1);
    case block_kind::sparse: return static_cast<double>(b.entries->col.size());
    default: return b.rows;
    }
}

/// Calls f(i, j) for the place of every stored entry of a block, inside the block; what is padding of a band is not.
template <class Block, class F> void each_position(const Block& b, const F& f) {
    if (b.kind == block_kind::dense || b.kind == block_kind::banded) {
        for (int i = 0; i < b.rows; ++i) {
            const bool band = b.kind == block_kind::banded;
            const int end = band ? std::min(b.cols - 1, i + b.last) : b.cols - 1;
            for (int j = band ? std::max(0, i + b.first) : 0; j <= end; ++j) f(i, j);
        }
        return;
    }
    if (b.kind == block_kind::sparse) {
        const entry_list& places = *b.entries;
        for (int i = 0; i < b.rows; ++i)
            for (int k = places.row_start[static_cast<std::size_t>(i)];
                 k < places.row_start[static_cast<std::size_t>(i + 1)]; ++k)
                f(i, places.col[static_cast<std::size_t>(k)]);
        return;
    }
    for (int i = 0; i < std::min(b.rows, b.cols); ++i) f(i, i);
}

/// The same with the numbers: f(i, j, value), in the same order.
template <class Block, class F> void each_entry(const Block& b, const F& f) {
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    switch (b.kind) {
    case block_kind::identity:
        for (int i = 0; i < std::min(b.rows, b.cols); ++i) f(i, i, b.scale);
        break;
    case block_kind::scaled_identity:
        for (int i = 0; i < std::min(b.rows, b.cols); ++i) f(i, i, b.scale * b.data[0]);
        break;
    case block_kind::diagonal:
        for (int i = 0; i < b.rows; ++i) f(i, i, b.scale * b.data[at(i)]);
        break;
    case block_kind::banded: {
        const int width = b.last - b.first + 1;
        for (int i = 0; i < b.rows; ++i)
            for (int j = std::max(0, i + b.first); j <= std::min(b.cols - 1, i + b.last); ++j)
                f(i, j, b.scale * b.data[at(i) * at(width) + at(j - i - b.first)]);
        break;
    }
    case block_kind::dense:
        for (int i = 0; i < b.rows; ++i)
            for (int j = 0; j < b.cols; ++j) f(i, j, b.scale * b.data[at(i) * at(b.cols) + at(j)]);
        break;
    case block_kind::sparse:
        for (int i = 0; i < b.rows; ++i)
            for (int k = b.entries->row_start[at(i)]; k < b.entries->row_start[at(i + 1)]; ++k)
                f(i, b.entries->col[at(k)], b.scale * b.data[at(k)]);
        break;
    }
}

} // namespace optnet::solver
