// SPDX-License-Identifier: Apache-2.0
#include "torch/checks.hpp"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <algorithm>

namespace optnet {
namespace {

std::string text(at::ScalarType type) {
    switch (type) {
    case at::kDouble: return "float64";
    case at::kFloat: return "float32";
    case at::kHalf: return "float16";
    case at::kBFloat16: return "bfloat16";
    case at::kLong: return "int64";
    case at::kInt: return "int32";
    case at::kBool: return "bool";
    case at::kComplexFloat: return "complex64";
    case at::kComplexDouble: return "complex128";
    default: return at::toString(type);
    }
}

#if defined(OPTNET_WITH_CUDA)
constexpr bool with_cuda = true;
#else
constexpr bool with_cuda = false;
#endif

bool reduced(const at::Tensor& t) { return t.scalar_type() == at::kHalf || t.scalar_type() == at::kBFloat16; }

} // namespace

std::string text(at::IntArrayRef sizes) {
    std::string out = "[";
    for (std::size_t i = 0; i < sizes.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(sizes[i]);
    return out + "]";
}

void check_kinds(at::ArrayRef<const at::Tensor*> tensors, name_of name) {
    std::size_t first = tensors.size();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (!tensors[i]->defined()) continue;
        const at::Tensor& t = *tensors[i];
        if (t.scalar_type() != at::kDouble && t.scalar_type() != at::kFloat)
            throw Error(name(i) + " is " + text(t.scalar_type()) +
                        ", but a problem is solved in float64 or float32: convert it to one of them");
        if (t.layout() != at::kStrided)
            throw Error(name(i) + " is a tensor of layout " + c10::str(t.layout()) +
                        ", but only dense (strided) tensors are taken: convert it with to_dense()");
        if (!t.device().is_cpu() && !t.device().is_meta() && !(with_cuda && t.device().is_cuda()))
            throw Error(name(i) + " is on " + t.device().str() + ", but this build solves on the CPU" +
                        (with_cuda ? " and on CUDA devices" : "") + ": move it there with cpu()");
        first = std::min(first, i);
        const at::Tensor& f = *tensors[first];
        if (t.scalar_type() != f.scalar_type())
            throw Error(name(i) + " is " + text(t.scalar_type()) + ", but " + name(first) + " is " +
                        text(f.scalar_type()) + ": all tensors of a call have one dtype");
        if (t.device() != f.device())
            throw Error(name(i) + " is on " + t.device().str() + ", but " + name(first) + " is on " + f.device().str() +
                        ": all tensors of a call live on one device");
    }
}

void batch_size::add(const named_tensor& argument, std::int64_t rank) {
    const at::Tensor& t = *argument.tensor;
    if (!t.defined() || t.dim() == rank) return;
    const std::int64_t own = t.size(0);
    if (size >= 0 && size != 1 && own != 1 && own != size)
        throw Error(argument.name + " is " + text(t.sizes()) + ", a batch of " + std::to_string(own) + ", but " +
                    first.name + " is " + text(first.tensor->sizes()) + ", a batch of " + std::to_string(size) +
                    ": batches agree, are 1 or are left out");
    if (size < 0 || size == 1) {
        size = own;
        first = argument;
    }
}

void lift_from_autocast(at::ArrayRef<at::Tensor*> tensors) {
    if (!at::autocast::is_autocast_enabled(at::kCPU) && !at::autocast::is_autocast_enabled(at::kCUDA)) return;
    at::ScalarType to = at::kFloat;
    for (const at::Tensor* t : tensors)
        if (t->defined() && !reduced(*t)) to = t->scalar_type();
    for (at::Tensor* t : tensors)
        if (t->defined() && reduced(*t)) *t = t->to(to);
}

} // namespace optnet
