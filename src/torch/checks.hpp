// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a call may be given, and the sentences for the rest.

#include "optnet/torch/error.hpp"

#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include <string>
#include <vector>

namespace optnet {

/// A tensor and what an error calls it.
struct named_tensor {
    std::string name;
    const at::Tensor* tensor;
};

/// "[128, 3]"
std::string text(at::IntArrayRef sizes);

/// What an error calls the i-th of some tensors: made only where there is one.
using name_of = c10::function_ref<std::string(std::size_t i)>;

/// Throws optnet::Error unless every defined tensor is dense, float64 or float32, of the first one's dtype and device,
/// and that device is the CPU, a CUDA device where the build has that backend, or meta, for shapes alone.
void check_kinds(at::ArrayRef<const at::Tensor*> tensors, name_of name);

/// The batch of a call: that of the arguments that have one, where 1 broadcasts; -1 if none has.
class batch_size {
public:
    /// Takes in a tensor whose rank without a batch is `rank`. Throws optnet::Error if its batch meets another one.
    void add(const named_tensor& argument, std::int64_t rank);
    std::int64_t value() const { return size; }

private:
    std::int64_t size = -1;
    named_tensor first{"", nullptr};
};

/// Inside an autocast region float16 and bfloat16 tensors become the dtype of the others, or float32: the problem is
/// solved in the precision that its data have.
void lift_from_autocast(at::ArrayRef<at::Tensor*> tensors);

} // namespace optnet
