// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/constant.hpp"

#include "optnet/torch/error.hpp"
#include "torch/checks.hpp"

#include <ATen/ATen.h>

namespace optnet {

std::vector<double> values_of_constant(const at::Tensor& t, std::span<const int> sizes, std::string_view shape) {
    const std::string word(shape);
    if (!t.defined()) throw Error(word + "(tensor) takes a tensor, and this one is undefined");
    bool fits = t.dim() == static_cast<std::int64_t>(sizes.size());
    for (std::size_t i = 0; fits && i < sizes.size(); ++i)
        fits = sizes[i] < 0 || sizes[i] == t.size(static_cast<std::int64_t>(i));
    if (!fits)
        throw Error("a tensor of shape " + text(t.sizes()) + " is no " + word + ": say its shape in the brackets");
    const at::Tensor flat = t.detach().to(at::kCPU, at::kDouble).reshape({-1}).contiguous();
    std::vector<double> values{t.dim() > 0 ? static_cast<double>(t.size(0)) : 1,
                               t.dim() > 1 ? static_cast<double>(t.size(1)) : 1};
    values.insert(values.end(), flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
    return values;
}

} // namespace optnet
