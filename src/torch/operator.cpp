// SPDX-License-Identifier: Apache-2.0
// The registered operators: what torch.ops.load_library brings to Python, and the two steps below them.

#include "optnet/torch/solve_qp.hpp"
#include "torch/batch_system.hpp"
#include "torch/outer_products.hpp"

#include <ATen/ATen.h>
#include <torch/library.h>

#include <limits>
#include <tuple>

namespace optnet {
namespace {

using at::Tensor;
using optional_tensor = std::optional<Tensor>;

Tensor or_absent(const optional_tensor& t) { return t.value_or(Tensor()); }

settings settings_of(std::optional<double> eps_abs, std::optional<double> eps_rel,
                     std::optional<std::int64_t> max_iter) {
    settings how;
    how.eps_abs = eps_abs;
    how.eps_rel = eps_rel;
    constexpr std::int64_t most = std::numeric_limits<int>::max();
    if (max_iter) how.max_iter = static_cast<int>(std::clamp(*max_iter, -most, most));
    return how;
}

on_failure policy(std::string_view word) {
    if (word == "throw") return on_failure::raise;
    if (word == "mask") return on_failure::mask;
    if (word == "nan") return on_failure::nan;
    throw Error("on_failure is \"" + std::string(word) + "\", but must be \"throw\", \"mask\" or \"nan\"");
}

using seven = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>;

seven operator_solve_qp(const optional_tensor& Q, const Tensor& q, const optional_tensor& A, const optional_tensor& b,
                        const optional_tensor& G, const optional_tensor& h, std::optional<double> eps_abs,
                        std::optional<double> eps_rel, std::optional<std::int64_t> max_iter) {
    const qp_solution x = solve_qp(or_absent(Q), q, or_absent(A), or_absent(b), or_absent(G), or_absent(h),
                                   settings_of(eps_abs, eps_rel, max_iter));
    return {x.z, x.nu, x.lam, x.s, x.status, x.iterations, x.residuals};
}

Tensor operator_qp(const optional_tensor& Q, const Tensor& q, const optional_tensor& A, const optional_tensor& b,
                   const optional_tensor& G, const optional_tensor& h, std::optional<double> eps_abs,
                   std::optional<double> eps_rel, std::optional<std::int64_t> max_iter, std::string_view failure) {
    settings how = settings_of(eps_abs, eps_rel, max_iter);
    how.on_failure = policy(failure);
    return qp(or_absent(Q), q, or_absent(A), or_absent(b), or_absent(G), or_absent(h), how);
}

/// The factors of a batch belong to the whole of it: a loop over its elements would mix them up.
std::vector<Tensor> refuse_vmap(const batch_handle&, const optional_list&) {
    throw Error("vmap over optnet is not supported: give the arguments a leading batch dimension instead");
}

std::vector<Tensor> refuse_vmap_of_kkt_solve(const batch_handle& system, const optional_list& tensors, bool) {
    return refuse_vmap(system, tensors);
}

} // namespace

TORCH_LIBRARY(optnet, m) {
    m.def("solve_qp(Tensor? Q, Tensor q, Tensor? A=None, Tensor? b=None, Tensor? G=None, Tensor? h=None, *, "
          "float? eps_abs=None, float? eps_rel=None, int? max_iter=None) "
          "-> (Tensor z, Tensor nu, Tensor lam, Tensor s, Tensor status, Tensor iterations, Tensor residuals)",
          operator_solve_qp);
    m.def("qp(Tensor? Q, Tensor q, Tensor? A=None, Tensor? b=None, Tensor? G=None, Tensor? h=None, *, "
          "float? eps_abs=None, float? eps_rel=None, int? max_iter=None, str on_failure=\"throw\") -> Tensor",
          operator_qp);
    // Who traces a backward pass copies what it holds; factors are not copied.
    m.class_<batch_system>("BatchSystem")
        .def_pickle(
            [](const batch_handle&) -> std::string {
                throw Error("torch.compile cannot trace the backward pass of optnet: call it in a function that is "
                            "decorated with @torch.compiler.disable, or compile with backend=\"eager\"");
            },
            [](const std::string&) -> batch_handle { throw Error("factors of optnet cannot be loaded"); });
    m.def("_solve(__torch__.torch.classes.optnet.BatchSystem system, Tensor?[] tensors) -> Tensor[]");
    m.def("_kkt_solve(__torch__.torch.classes.optnet.BatchSystem system, Tensor?[] tensors, bool minus_z) -> "
          "Tensor[]");
    m.def("_outer_products(Tensor?[] vectors, float[] scale, bool[] shared, bool[] symmetric) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(optnet, CPU, m) {
    m.impl("_solve", solve_on_cpu);
    m.impl("_kkt_solve", kkt_solve_on_cpu);
    m.impl("_outer_products", outer_products_on_cpu);
}

#if defined(OPTNET_WITH_CUDA)
TORCH_LIBRARY_IMPL(optnet, CUDA, m) {
    m.impl("_solve", solve_on_cuda);
    m.impl("_kkt_solve", kkt_solve_on_cuda);
    m.impl("_outer_products", outer_products_on_cuda);
}
#endif

TORCH_LIBRARY_IMPL(optnet, Meta, m) {
    m.impl("_solve", solve_shapes);
    m.impl("_kkt_solve", kkt_solve_shapes);
    m.impl("_outer_products", outer_products_in_steps);
}

TORCH_LIBRARY_IMPL(optnet, Autograd, m) {
    m.impl("_solve", solve_with_derivative);
    m.impl("_kkt_solve", kkt_solve_with_derivative);
    m.impl("_outer_products", outer_products_with_derivative);
}

TORCH_LIBRARY_IMPL(optnet, FuncTorchBatched, m) {
    m.impl("_solve", refuse_vmap);
    m.impl("_kkt_solve", refuse_vmap_of_kkt_solve);
}

TORCH_LIBRARY_IMPL(optnet, Batched, m) { // torch.autograd.functional with vectorize=True
    m.impl("_solve", refuse_vmap);
    m.impl("_kkt_solve", refuse_vmap_of_kkt_solve);
}

} // namespace optnet
