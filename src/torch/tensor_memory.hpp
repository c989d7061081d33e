// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Allocator.h>

namespace optnet {

/// Memory of the CPU for results and gradients: what they let go of, they get again. What is neither small
/// (small_memory.hpp) nor large (large_memory.hpp) comes from torch.
c10::Allocator& tensor_memory();

} // namespace optnet
