// SPDX-License-Identifier: Apache-2.0
// `_outer_products` on a GPU: all of a backward pass in three launches at most, on torch's current stream.

#include "optnet/torch/error.hpp"
#include "solver/cuda/outer.hpp"
#include "torch/outer_products.hpp"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace optnet {
namespace {

namespace cuda = solver::cuda;
using at::Tensor;

template <class T> std::vector<Tensor> on_cuda_typed(std::vector<outer_product> all) {
    const at::TensorOptions options = all.front().u.options();
    const prepared_products<T> made(std::move(all));
    const auto bytes = static_cast<std::int64_t>(cuda::outer_scratch(made.views, made.batch));
    Tensor scratch;
    if (bytes > 0) scratch = allocate({bytes}, options.dtype(at::kByte));
    const cuda::error failed =
        cuda::outer_products(made.views, made.batch, bytes > 0 ? scratch.mutable_data_ptr() : nullptr,
                             c10::cuda::getCurrentCUDAStream().stream());
    if (failed != nullptr) throw Error(std::string("a gradient of matrices on the GPU failed: ") + failed);
    return made.out;
}

} // namespace

std::vector<Tensor> cuda_outer_products(std::vector<outer_product> all) {
    if (all.empty()) return {};
    const c10::cuda::CUDAGuard guard(all.front().u.device());
    return all.front().u.scalar_type() == at::kDouble ? on_cuda_typed<double>(std::move(all))
                                                      : on_cuda_typed<float>(std::move(all));
}

std::vector<Tensor> outer_products_on_cuda(const optional_list& vectors, at::ArrayRef<double> scale,
                                           const c10::List<bool>& shared, const c10::List<bool>& symmetric) {
    return cuda_outer_products(from_lists(vectors, scale, shared, symmetric));
}

} // namespace optnet
