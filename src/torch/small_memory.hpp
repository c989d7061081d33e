// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Allocator.h>

namespace optnet {

/// Memory of the CPU for small tensors, aligned as torch's own: what a thread lets go of, it gets again. A training
/// step of one small problem makes and drops a dozen tensors, for which the system's aligned memory takes longer than
/// the backward pass solves.
c10::DataPtr small_memory(std::size_t bytes);

/// Up to so many bytes, at least one.
inline constexpr std::size_t most_small = 4096;

} // namespace optnet
