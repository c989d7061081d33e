// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace optnet {

/// The kernel that torch's dispatcher would call for these tensors: of small problems, asking it costs as much as the
/// solve. `ask` where that cannot be foreseen: other devices, modes, transforms, subclasses, a profiler looking on.
enum class kernel : unsigned char { ask, cpu, derivative };

kernel foreseen(const std::vector<at::Tensor>& tensors);

} // namespace optnet
