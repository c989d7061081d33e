// SPDX-License-Identifier: Apache-2.0
// The derivative of a solve, for reverse and for forward mode, by one formula (docs/algorithm/gradient.md,
// "Gradients"). With theta the data, K x = r the system of `_kkt_solve`, and (z, nu, lambda) a solution:
//
//     K (dz, dnu, dlambda) = (-dq, db, dh) - dK (z, nu, lambda)          the solution moves
//     K dx                 = dr            - dK x                         so does x = K^-1 r
//
// with dK made of dQ, dA and dG alone. Both operators are therefore one case: x is the solution or the result, and the
// vectors enter with their own signs. K is symmetric, so a gradient g of x gives, with w = K^-1 g,
//
//     the gradient of r = w,   of (q, b, h) = (-w_z, w_nu, w_lambda),   of the matrices that of -w'(dK) x.
//
// Backward calls `_kkt_solve` and differentiable products, which makes the second derivative.

#include "torch/autocast_off.hpp"
#include "torch/batch_system.hpp"
#include "torch/block_algebra.hpp"
#include "torch/straight.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/FunctionsManual.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace optnet {
namespace {

using at::Tensor;
using torch::autograd::Node;
using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

enum class step : unsigned char { solve, kkt_solve };

const auto& solve_entry() {
    using signature = std::vector<Tensor>(const batch_handle&, const optional_list&);
    static const auto found = c10::Dispatcher::singleton().findSchemaOrThrow("optnet::_solve", "").typed<signature>();
    return found;
}

const auto& kkt_solve_entry() {
    using signature = std::vector<Tensor>(const batch_handle&, const optional_list&, bool);
    static const auto found =
        c10::Dispatcher::singleton().findSchemaOrThrow("optnet::_kkt_solve", "").typed<signature>();
    return found;
}

/// Zero where `valid`, with a batch in any case, is false, also in place of a NaN.
Tensor masked(const Tensor& t, const Tensor& valid) {
    if (!t.defined() || !valid.defined()) return t;
    return at::where(t.dim() < valid.dim() ? valid.squeeze(0) : valid, t, at::Scalar(0));
}

/// The solution, or the result of `_kkt_solve`, as what the formula calls x: without NaN.
kkt_point as_point(const batch_system& system, step which, const Tensor& z, const Tensor& nu, const Tensor& lambda) {
    if (which == step::kkt_solve) return {z, nu, lambda};
    return {masked(z, system.solved), masked(nu, system.solved), masked(lambda, system.solved)};
}

/// K^-1 r and, if it is asked for, the negative of its z; `tensors` gives the matrices.
kkt_point solve_for(const batch_handle& system, std::vector<Tensor> tensors, const kkt_point& r,
                    Tensor* minus_z = nullptr) {
    tensors.resize(system->sources);
    tensors.push_back(r.z);
    tensors.push_back(r.nu);
    tensors.push_back(r.lambda);
    std::vector<Tensor> d = call_kkt_solve(system, tensors, minus_z != nullptr);
    if (minus_z != nullptr) *minus_z = std::move(d[3]);
    return {std::move(d[0]), std::move(d[1]), std::move(d[2])};
}

/// The part of t that belongs to a tensor of these sizes: the sum over a batch that it does not have.
Tensor summed_to(const Tensor& t, at::IntArrayRef sizes) {
    if (t.sizes() == sizes) return t;
    return (t.size(0) == 1 ? t : t.sum(0)).reshape(sizes);
}

bool has_tangent(const Tensor& t) { return t.defined() && t._fw_grad(0).defined(); }

bool any_has_tangent(const std::vector<Tensor>& tensors) {
    return std::any_of(tensors.begin(), tensors.end(), has_tangent);
}

class gradient_node final : public Node {
public:
    gradient_node(step kind, batch_handle of, const std::vector<Tensor>& tensors) : which(kind), system(std::move(of)) {
        set_next_edges(torch::autograd::collect_next_edges(tensors));
        sizes.reserve(tensors.size());
        for (const Tensor& t : tensors) sizes.emplace_back(t.defined() ? t.sizes() : at::IntArrayRef());
        matrices.reserve(system->sources);
        for (std::size_t i = 0; i < system->sources; ++i) matrices.emplace_back(tensors[i], false);
    }

    /// The first `outputs` of z, nu and lambda are outputs of this node; `constant`: none of them has a tangent.
    void save_result(const std::vector<Tensor>& out, std::size_t outputs, bool constant) {
        for (std::size_t i = 0; i < 3; ++i) {
            result[i] = SavedVariable(out[i], i < outputs);
            version[i] = out[i]._version();
        }
        is_constant = constant;
        multipliers_are_outputs = outputs == 3;
    }

    std::string name() const override { return which == step::solve ? "SolveQpBackward" : "KktSolveBackward"; }

    void release_variables() override {
        const std::lock_guard lock(mutex_);
        released = true;
        system.reset(); // with it go the factors
        for (SavedVariable& v : matrices) v.reset_data();
        for (SavedVariable& v : result) v.reset_data();
    }

    variable_list apply(variable_list&& incoming) override {
        const std::lock_guard lock(mutex_);
        const autocast_off guard;
        TORCH_CHECK(!released, torch::autograd::ERR_BACKWARD_TWICE);
        const solver::structure& shape = *system->structure;
        const std::size_t sources = system->sources;
        variable_list gradients(sizes.size());
        std::vector<Tensor> data;
        data.reserve(sources + 3);
        for (const SavedVariable& v : matrices) data.push_back(v.unpack());
        const bool is_last = is_constant && !at::GradMode::is_enabled() && !any_has_tangent(data) &&
                             !any_has_tangent(incoming); // nobody will differentiate what this computes
        const kkt_point saved = is_last ? as_it_lies() : multipliers_are_outputs ? unpacked() : of_another_node(data);
        const kkt_point x = as_point(*system, which, saved.z, saved.nu, saved.lambda);

        const auto given = [&](std::size_t i) { return i < incoming.size() ? incoming[i] : Tensor(); };
        kkt_point g{given(0), given(1), given(2)};
        Tensor g_s;
        if (which == step::solve && incoming.size() > 3) g_s = masked(incoming[3], system->finite_slack);
        if (!g.z.defined() && !g.nu.defined() && !g.lambda.defined() && !g_s.defined()) return gradients;
        std::optional<at::AutoDispatchBelowADInplaceOrView> below;
        if (is_last) below.emplace();
        // s = h - Gz
        if (const Tensor back = g_s.defined() ? block_product(shape, data, solver::matrix::G, g_s, true, true) : g_s;
            back.defined())
            g.z = plus(g.z, -back);
        if (!g.z.defined()) g.z = at::zeros_like(x.z);

        const auto wanted = [&](std::size_t i) { return task_should_compute_output(i); };
        const auto reduced = [&](std::size_t i, const Tensor& t) { return summed_to(t, sizes[i]); };
        const bool of_q = wanted(sources), negative = which == step::solve;
        Tensor minus_z;
        const kkt_point w = solve_for(system, std::move(data), g, of_q && negative ? &minus_z : nullptr);
        if (of_q) gradients[sources] = reduced(sources, negative ? minus_z : w.z);
        if (wanted(sources + 1)) gradients[sources + 1] = reduced(sources + 1, w.nu);
        const Tensor w_lambda = plus(w.lambda, g_s);
        if (wanted(sources + 2)) gradients[sources + 2] = reduced(sources + 2, w_lambda);
        std::vector<bool> of_matrices(sources);
        for (std::size_t i = 0; i < sources; ++i) of_matrices[i] = wanted(i);
        std::vector<Tensor> found = block_gradients(shape, sizes, of_matrices, {w.z, w.nu, w_lambda}, x);
        std::move(found.begin(), found.end(), gradients.begin());
        return gradients;
    }

private:
    kkt_point unpacked() { return {unpacked(0), unpacked(1), unpacked(2)}; }
    Tensor unpacked(std::size_t i) { return result[i].unpack(getptr()); }

    /// The same without a gradient, as it was saved: to unpack it makes a tensor that belongs to this node.
    kkt_point as_it_lies() { return {as_it_lies(0), as_it_lies(1), as_it_lies(2)}; }
    Tensor as_it_lies(std::size_t i) {
        const std::optional<Tensor> saved = result[i].get_raw_data();
        return saved && saved->_version() == version[i] ? *saved : unpacked(i);
    }

    /// The same with a gradient where nu and lambda are not outputs of this node: as outputs of a copy of it.
    kkt_point of_another_node(const std::vector<Tensor>& data) {
        const std::shared_ptr<gradient_node> node(new gradient_node(*this, data), torch::autograd::deleteNode);
        std::vector<Tensor> out;
        for (std::size_t i = 0; i < 3; ++i) {
            out.push_back(unpacked(i).detach());
            torch::autograd::set_history(out[i], node);
        }
        node->save_result(out, 3, true);
        return {out[0], out[1], out[2]};
    }
    gradient_node(const gradient_node& of, const std::vector<Tensor>& data)
        : Node(torch::autograd::edge_list(of.next_edges())), which(of.which), system(of.system), sizes(of.sizes) {
        for (const Tensor& t : data) matrices.emplace_back(t, false);
    }

    step which;
    batch_handle system;
    bool released = false;
    bool is_constant = false, multipliers_are_outputs = false;
    std::vector<at::DimVector> sizes;
    std::vector<SavedVariable> matrices;
    std::array<SavedVariable, 3> result;
    std::array<std::int64_t, 3> version{};
};

/// Gives the outputs their tangents, where an input has one.
void set_tangents(step which, const batch_handle& system, const std::vector<Tensor>& tensors,
                  std::vector<Tensor>& out) {
    const solver::structure& shape = *system->structure;
    const std::size_t sources = system->sources;
    std::vector<Tensor> primal(tensors.size()), tangent(tensors.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (!tensors[i].defined()) continue;
        primal[i] = torch::autograd::generated::details::toNonOptPrimal(tensors[i]);
        if (has_tangent(tensors[i])) tangent[i] = torch::autograd::generated::details::toNonOptFwGrad(tensors[i]);
    }
    const kkt_point x = as_point(*system, which, out[0], out[1], out[2]);
    const kkt_point moved = block_products(shape, tangent, x);
    const auto right = [&](std::size_t i, const Tensor& by_matrices) {
        Tensor given = tangent[sources + i];
        if (which == step::solve && i == 0 && given.defined()) given = -given;
        return by_matrices.defined() ? plus(-by_matrices, given) : given;
    };
    kkt_point r{right(0, moved.z), right(1, moved.nu), right(2, moved.lambda)};
    if (!r.z.defined()) r.z = at::zeros_like(x.z);
    const kkt_point d = solve_for(system, primal, r);
    const auto set = [&](const Tensor& of, const Tensor& t) { of._set_fw_grad(t.view_as(of), 0, false); };
    set(out[0], d.z);
    set(out[1], d.nu);
    set(out[2], d.lambda);
    if (which != step::solve || !system->everything) return;
    // ds = dh - dG z - G dz
    Tensor ds = right(2, moved.lambda);
    if (const Tensor by_z = block_product(shape, primal, solver::matrix::G, d.z, false, true); by_z.defined())
        ds = plus(-by_z, ds);
    ds = ds.defined() ? masked(ds, system->finite_slack).expand(d.lambda.sizes()) : at::zeros_like(d.lambda);
    set(out[3], ds.contiguous());
}

std::vector<Tensor> with_derivative(step which, const batch_handle& system, const std::vector<Tensor>& tensors) {
    const autocast_off guard;
    const bool needs_grad = torch::autograd::compute_requires_grad(tensors);
    const bool moves = any_has_tangent(tensors);
    if (which == step::solve && (needs_grad || moves)) system->keep = true;
    std::shared_ptr<gradient_node> node;
    if (needs_grad)
        node = std::shared_ptr<gradient_node>(new gradient_node(which, system, tensors), torch::autograd::deleteNode);
    std::vector<Tensor> out;
    {
        const at::AutoDispatchBelowADInplaceOrView below;
        const bool known = which == step::solve && !system->known.empty();
        out = known                  ? std::exchange(system->known, {})
              : which == step::solve ? call_solve(system, tensors)
                                     : call_kkt_solve(system, tensors, false);
    }
    std::size_t differentiable = 3;
    if (which == step::solve && system->everything) differentiable = 4;
    // Who asked for z alone never sees nu and lambda.
    if (which == step::solve && !system->everything && !system->multipliers && !moves) differentiable = 1;
    differentiable = std::min(differentiable, out.size());
    if (node)
        for (std::size_t i = 0; i < differentiable; ++i) torch::autograd::set_history(out[i], node);
    if (moves) set_tangents(which, system, tensors, out);
    if (node) node->save_result(out, std::min<std::size_t>(differentiable, 3), !moves);
    return out;
}

} // namespace

std::vector<Tensor> solve_with_derivative(const batch_handle& system, const optional_list& tensors) {
    return with_derivative(step::solve, system, from_list(tensors));
}

std::vector<Tensor> kkt_solve_with_derivative(const batch_handle& system, const optional_list& tensors, bool minus_z) {
    std::vector<Tensor> d = with_derivative(step::kkt_solve, system, from_list(tensors));
    if (minus_z) d.push_back(-d[0]);
    return d;
}

std::vector<Tensor> call_solve(const batch_handle& system, const std::vector<Tensor>& tensors) {
    switch (foreseen(tensors)) {
    case kernel::cpu: return cpu_solve(system, tensors);
#if defined(OPTNET_WITH_CUDA)
    case kernel::cuda: return cuda_solve(system, tensors);
#endif
    case kernel::derivative: return with_derivative(step::solve, system, tensors);
    default: break;
    }
    return solve_entry().call(system, to_list(tensors));
}

std::vector<Tensor> call_kkt_solve(const batch_handle& system, const std::vector<Tensor>& tensors, bool minus_z) {
    switch (foreseen(tensors)) {
    case kernel::cpu: return cpu_kkt_solve(system, tensors, minus_z);
#if defined(OPTNET_WITH_CUDA)
    case kernel::cuda: return cuda_kkt_solve(system, tensors, minus_z);
#endif
    default: break;
    }
    return kkt_solve_entry().call(system, to_list(tensors), minus_z);
}

} // namespace optnet
