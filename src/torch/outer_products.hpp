// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operator `_outer_products`: the gradients of dense blocks. A product of matrices with the batch between them
// where the block is shared, written once where it is not; differentiable where that is asked for.

#include "optnet/solver/entry_products.hpp"
#include "torch/batch_system.hpp"

namespace optnet {

/// scale (u x' + v y') for every problem, u, v [batch, rows], x, y [batch, cols], v and y undefined together or not:
/// [batch, rows, cols], or the sum over the batch if `shared`, [rows, cols], or its symmetric part. Of one problem the
/// vectors may have no batch, and then the products have none.
struct outer_product {
    at::Tensor u, x, v, y;
    double scale = 1;
    bool shared = false, symmetric = false;
};

/// All of one batch and dtype in one step, through the dispatcher.
std::vector<at::Tensor> outer_products(std::vector<outer_product> all);

/// The entries of a product at these places, [batch, entries] or [entries], in one step. Of plain CPU tensors
/// (straight.hpp) that nobody differentiates.
at::Tensor entry_products(outer_product p, const solver::entry_list& places);

/// Products with contiguous vectors, their results, and both as the solver gets them.
template <class T> struct prepared_products {
    explicit prepared_products(std::vector<outer_product> products);

    std::vector<outer_product> vectors; ///< what `views` points into
    std::vector<at::Tensor> out;
    std::vector<solver::outer_product<T>> views;
    std::int64_t batch = 1;
};

/// On CUDA tensors, where that is built.
std::vector<at::Tensor> cuda_outer_products(std::vector<outer_product> all);

/// The products of an operator's arguments.
std::vector<outer_product> from_lists(const optional_list& vectors, at::ArrayRef<double> scale,
                                      const c10::List<bool>& shared, const c10::List<bool>& symmetric);

// Kernels, registered in operator.cpp: u, x, v and y of every product one after the other.
std::vector<at::Tensor> outer_products_on_cpu(const optional_list& vectors, at::ArrayRef<double> scale,
                                              const c10::List<bool>& shared, const c10::List<bool>& symmetric);
std::vector<at::Tensor> outer_products_on_cuda(const optional_list& vectors, at::ArrayRef<double> scale,
                                               const c10::List<bool>& shared, const c10::List<bool>& symmetric);
std::vector<at::Tensor> outer_products_in_steps(const optional_list& vectors, at::ArrayRef<double> scale,
                                                const c10::List<bool>& shared, const c10::List<bool>& symmetric);
std::vector<at::Tensor> outer_products_with_derivative(const optional_list& vectors, at::ArrayRef<double> scale,
                                                       const c10::List<bool>& shared, const c10::List<bool>& symmetric);

} // namespace optnet
