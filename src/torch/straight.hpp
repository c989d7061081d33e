// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DispatchKeySet.h>

#include <vector>

namespace optnet {

/// The kernel that torch's dispatcher would call for tensors of these keys: of small problems, asking it costs as much
/// as the solve. `ask` where that cannot be foreseen: other devices, modes, transforms, subclasses, a profiler looking
/// on. `cuda` only where the library has it.
enum class kernel : unsigned char { ask, cpu, cuda, derivative };

kernel foreseen(c10::DispatchKeySet keys);
kernel foreseen(const std::vector<at::Tensor>& tensors);

} // namespace optnet
