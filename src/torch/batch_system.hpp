// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two operators under everything: `_solve` and `_kkt_solve`. Both go through torch's dispatcher, so that autograd,
// forward mode, torch.func and inference mode find them as they find torch's own. Both take one list of tensors,
//
//     _solve      data..., q, b, h                 returns z [, nu, lambda [, s, status, iterations, residuals]]
//     _kkt_solve  data..., r_z, r_nu, r_lambda     returns d_z, d_nu, d_lambda [, -d_z]
//
// where undefined means zero (at least one is defined) and the data are one tensor per source of the structure. Vectors
// are [batch, ·], or [·] where the results have no batch dimension.

#include "optnet/solver/status.hpp"
#include "optnet/torch/blocks.hpp"

#include <ATen/core/List.h>
#include <torch/custom_class.h>

#include <array>

namespace optnet::solver {
class factorization;
}

namespace optnet {

struct gpu_batch; // cuda_kernels.cpp

/// What `_solve` needs beside tensors, and what it leaves behind for `_kkt_solve`. One per call.
struct batch_system final : torch::CustomClassHolder {
    std::shared_ptr<const solver::structure> structure;
    settings how;
    std::int64_t batch = 1;
    bool unbatched = false;          ///< the results have no batch dimension
    bool everything = false;         ///< all seven results; otherwise z, and `how.on_failure` is heeded
    bool keep = false;               ///< keep what a derivative needs, and return nu and lambda
    bool multipliers = false;        ///< return nu and lambda in any case
    std::array<at::Tensor, 3> start; ///< z, nu and lambda to start from; undefined: nothing is known

    std::shared_ptr<solver::factorization> kept;
    std::shared_ptr<gpu_batch> on_gpu; ///< what is kept where the GPU solved it
    at::Tensor solved;                 ///< bool [batch, 1]: elements with a derivative; undefined if all have one
    at::Tensor finite_slack;           ///< bool [batch, m]: slacks with a derivative; undefined if all have one

    std::size_t sources = 0; ///< the number of data tensors at the head of the list

    /// Results that `_solve` found for these numbers before: the next call only records their derivative.
    std::vector<at::Tensor> known;
};

using batch_handle = c10::intrusive_ptr<batch_system>;
using optional_list = c10::List<std::optional<at::Tensor>>;

/// `has_solution` of a status as results hold it.
inline bool found_solution(std::int64_t value) { return has_solution(static_cast<status>(value)); }

/// Throws optnet::Error with a sentence that names the first failed element and its status.
[[noreturn]] void raise_failed(const std::vector<std::int64_t>& statuses, bool unbatched);

optional_list to_list(const std::vector<at::Tensor>& tensors);
std::vector<at::Tensor> from_list(const optional_list& list);

/// at::empty, inside of a kernel: what the dispatcher would call for it takes half as long without it.
at::Tensor allocate(at::IntArrayRef sizes, const at::TensorOptions& options);

/// What `_solve` and `_kkt_solve` return, with nothing in it yet.
std::vector<at::Tensor> empty_results(const batch_system& system, const at::TensorOptions& options);
std::vector<at::Tensor> empty_directions(const batch_system& system, const at::TensorOptions& options, bool minus_z);

/// How many threads torch grants a loop that begins here.
int thread_count();

/// Through the dispatcher, where what it would call cannot be foreseen.
std::vector<at::Tensor> call_solve(const batch_handle& system, const std::vector<at::Tensor>& tensors);
std::vector<at::Tensor> call_kkt_solve(const batch_handle& system, const std::vector<at::Tensor>& tensors,
                                       bool minus_z);

// Kernels with the tensors as they are.
std::vector<at::Tensor> cpu_solve(const batch_handle& system, const std::vector<at::Tensor>& tensors);
std::vector<at::Tensor> cpu_kkt_solve(const batch_handle& system, const std::vector<at::Tensor>& tensors, bool minus_z);
std::vector<at::Tensor> cuda_solve(const batch_handle& system, std::vector<at::Tensor> tensors); // where it is built
std::vector<at::Tensor> cuda_kkt_solve(const batch_handle& system, std::vector<at::Tensor> tensors, bool minus_z);

// Kernels, registered in operator.cpp.
std::vector<at::Tensor> solve_on_cpu(const batch_handle& system, const optional_list& tensors);
std::vector<at::Tensor> kkt_solve_on_cpu(const batch_handle& system, const optional_list& tensors, bool minus_z);
std::vector<at::Tensor> solve_on_cuda(const batch_handle& system, const optional_list& tensors); // where it is built
std::vector<at::Tensor> kkt_solve_on_cuda(const batch_handle& system, const optional_list& tensors, bool minus_z);
std::vector<at::Tensor> solve_shapes(const batch_handle& system, const optional_list& tensors);
std::vector<at::Tensor> kkt_solve_shapes(const batch_handle& system, const optional_list& tensors, bool minus_z);
std::vector<at::Tensor> solve_with_derivative(const batch_handle& system, const optional_list& tensors);
std::vector<at::Tensor> kkt_solve_with_derivative(const batch_handle& system, const optional_list& tensors,
                                                  bool minus_z);

} // namespace optnet
