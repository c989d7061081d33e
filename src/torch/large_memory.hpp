// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Allocator.h>

namespace optnet {

/// Memory of the CPU for large tensors, aligned as torch's own: what is let go of waits for the next ones. A training
/// step drops the gradients of the last one and makes as large ones; the system's memory comes page by page, filled
/// with zeros, which takes three times as long as the gradients of 128 matrices of their own.
c10::DataPtr large_memory(std::size_t bytes);

/// From so many bytes on; what is smaller the system keeps itself.
inline constexpr std::size_t least_large = 1 << 17;
/// At most so many bytes wait, those that were let go of last.
inline constexpr std::size_t most_large_waiting = std::size_t{64} << 20;

} // namespace optnet
