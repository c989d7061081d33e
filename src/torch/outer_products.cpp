// SPDX-License-Identifier: Apache-2.0
#include "torch/outer_products.hpp"

#include "torch/straight.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <algorithm>

namespace optnet {
namespace {

using at::Tensor;

const auto& entry() {
    using signature =
        std::vector<Tensor>(const optional_list&, at::ArrayRef<double>, const c10::List<bool>&, const c10::List<bool>&);
    static const auto found =
        c10::Dispatcher::singleton().findSchemaOrThrow("optnet::_outer_products", "").typed<signature>();
    return found;
}

/// Gives it contiguous rows.
void make_readable(Tensor& t) {
    if (!t.defined()) return;
    if (t.is_neg()) t = t.resolve_neg();
    if (t.stride(-1) != 1 && t.size(-1) > 1) t = t.contiguous();
}

template <class T> solver::rows_view<T> rows(const Tensor& t) {
    if (!t.defined()) return {};
    return {static_cast<const T*>(t.const_data_ptr()), t.dim() > 1 ? t.stride(0) : 0};
}

template <class T> std::vector<Tensor> on_cpu_typed(std::vector<outer_product> all) {
    const prepared_products<T> made(std::move(all));
    solver::outer_products<T>(made.views, made.batch, thread_count());
    return made.out;
}

std::vector<Tensor> on_cpu(std::vector<outer_product> all) {
    return all.front().u.scalar_type() == at::kDouble ? on_cpu_typed<double>(std::move(all))
                                                      : on_cpu_typed<float>(std::move(all));
}

template <class T> Tensor entries_typed(const outer_product& p, const solver::entry_list& places) {
    const auto entries = static_cast<std::int64_t>(places.col.size()), batch = p.u.dim() > 1 ? p.u.size(0) : 1;
    const bool one = p.shared || p.u.dim() == 1;
    Tensor out = one ? allocate({entries}, p.u.options()) : allocate({batch, entries}, p.u.options());
    solver::entry_products<T>({rows<T>(p.u), rows<T>(p.x), rows<T>(p.v), rows<T>(p.y), &places, static_cast<T>(p.scale),
                               one, static_cast<T*>(out.mutable_data_ptr())},
                              batch, thread_count());
    return out;
}

Tensor in_steps(const outer_product& p) {
    if (p.u.dim() == 1) {
        const auto one = [](const Tensor& t) { return t.defined() ? t.unsqueeze(0) : t; };
        return in_steps({one(p.u), one(p.x), one(p.v), one(p.y), p.scale, true, p.symmetric});
    }
    Tensor sum;
    if (p.shared) {
        sum = p.v.defined() ? at::addmm(at::mm(p.u.t(), p.x), p.v.t(), p.y) : at::mm(p.u.t(), p.x);
    } else {
        // Entry by entry: no library chooses an order of two terms by the size of the batch, or single precision by a
        // setting for products of matrices. Nor fuses a product with the sum, which would spoil the symmetry of
        // u x' + x u'.
        sum = p.u.unsqueeze(2) * p.x.unsqueeze(1);
        if (p.v.defined()) sum = sum + p.v.unsqueeze(2) * p.y.unsqueeze(1);
    }
    if (p.symmetric) sum = (sum + sum.mT()) * 0.5;
    return p.scale == 1.0 ? sum : sum * p.scale;
}

} // namespace

template <class T>
prepared_products<T>::prepared_products(std::vector<outer_product> products) : vectors(std::move(products)) {
    out.reserve(vectors.size());
    views.reserve(vectors.size());
    for (outer_product& p : vectors) {
        for (Tensor* t : {&p.u, &p.x, &p.v, &p.y}) make_readable(*t);
        const std::int64_t m = p.u.size(-1), n = p.x.size(-1);
        if (p.u.dim() > 1) batch = p.u.size(0);
        out.push_back(p.shared || p.u.dim() == 1 ? allocate({m, n}, p.u.options())
                                                 : allocate({batch, m, n}, p.u.options()));
        views.push_back({rows<T>(p.u), rows<T>(p.x), rows<T>(p.v), rows<T>(p.y), m, n, static_cast<T>(p.scale),
                         p.shared, p.symmetric, static_cast<T*>(out.back().mutable_data_ptr())});
    }
}
template struct prepared_products<double>;
template struct prepared_products<float>;

std::vector<outer_product> from_lists(const optional_list& vectors, at::ArrayRef<double> scale,
                                      const c10::List<bool>& shared, const c10::List<bool>& symmetric) {
    const std::vector<Tensor> flat = from_list(vectors);
    std::vector<outer_product> all;
    for (std::size_t i = 0; i < scale.size(); ++i)
        all.push_back({flat[4 * i], flat[4 * i + 1], flat[4 * i + 2], flat[4 * i + 3], scale[i], shared.get(i),
                       symmetric.get(i)});
    return all;
}

std::vector<Tensor> outer_products(std::vector<outer_product> all) {
    if (all.empty()) return {};
    c10::DispatchKeySet keys;
    for (const outer_product& p : all)
        for (const Tensor* t : {&p.u, &p.x, &p.v, &p.y})
            if (t->defined()) keys = keys | t->key_set();
    switch (foreseen(keys)) {
    case kernel::cpu: return on_cpu(std::move(all));
#if defined(OPTNET_WITH_CUDA)
    case kernel::cuda: return cuda_outer_products(std::move(all));
#endif
    default: break;
    }
    std::vector<Tensor> vectors;
    std::vector<double> scale;
    c10::List<bool> shared, symmetric;
    for (const outer_product& p : all) {
        vectors.insert(vectors.end(), {p.u, p.x, p.v, p.y});
        scale.push_back(p.scale);
        shared.push_back(p.shared);
        symmetric.push_back(p.symmetric);
    }
    return entry().call(to_list(vectors), scale, shared, symmetric);
}

Tensor entry_products(outer_product p, const solver::entry_list& places) {
    for (Tensor* t : {&p.u, &p.x, &p.v, &p.y}) make_readable(*t);
    return p.u.scalar_type() == at::kDouble ? entries_typed<double>(p, places) : entries_typed<float>(p, places);
}

std::vector<Tensor> outer_products_on_cpu(const optional_list& vectors, at::ArrayRef<double> scale,
                                          const c10::List<bool>& shared, const c10::List<bool>& symmetric) {
    return on_cpu(from_lists(vectors, scale, shared, symmetric));
}

std::vector<Tensor> outer_products_in_steps(const optional_list& vectors, at::ArrayRef<double> scale,
                                            const c10::List<bool>& shared, const c10::List<bool>& symmetric) {
    std::vector<Tensor> out;
    for (const outer_product& p : from_lists(vectors, scale, shared, symmetric)) out.push_back(in_steps(p));
    return out;
}

std::vector<Tensor> outer_products_with_derivative(const optional_list& vectors, at::ArrayRef<double> scale,
                                                   const c10::List<bool>& shared, const c10::List<bool>& symmetric) {
    const std::vector<Tensor> flat = from_list(vectors);
    const bool varies = std::any_of(flat.begin(), flat.end(), [](const Tensor& t) {
        return t.defined() && (torch::autograd::compute_requires_grad(t) || torch::autograd::isFwGradDefined(t));
    });
    if (varies) return outer_products_in_steps(vectors, scale, shared, symmetric);
    const at::AutoDispatchBelowADInplaceOrView below;
    return entry().call(vectors, scale, shared, symmetric);
}

} // namespace optnet
