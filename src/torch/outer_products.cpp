// SPDX-License-Identifier: Apache-2.0
#include "torch/outer_products.hpp"

#include "optnet/solver/outer_products.hpp"
#include "torch/batch_system.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/functions/utils.h>

namespace optnet {
namespace {

using at::Tensor;

const auto& entry() {
    using signature =
        Tensor(const Tensor&, const Tensor&, const optional_tensor&, const optional_tensor&, double, bool, bool);
    static const auto found =
        c10::Dispatcher::singleton().findSchemaOrThrow("optnet::_outer_products", "").typed<signature>();
    return found;
}

/// With contiguous rows.
Tensor readable(const Tensor& t) {
    const Tensor plain = t.resolve_neg();
    return plain.stride(1) == 1 || plain.size(1) <= 1 ? plain : plain.contiguous();
}

template <class T> solver::rows_view<T> rows(const Tensor& t) {
    return {static_cast<const T*>(t.const_data_ptr()), t.stride(0)};
}

} // namespace

Tensor outer_products(const Tensor& u, const Tensor& x, const optional_tensor& v, const optional_tensor& y,
                      double scale, bool shared, bool symmetric) {
    return entry().call(u, x, v, y, scale, shared, symmetric);
}

Tensor outer_products_on_cpu(const Tensor& u, const Tensor& x, const optional_tensor& v, const optional_tensor& y,
                             double scale, bool shared, bool symmetric) {
    const std::int64_t batch = u.size(0), m = u.size(1), n = x.size(1);
    Tensor out = shared ? at::empty({m, n}, u.options()) : at::empty({batch, m, n}, u.options());
    const Tensor a = readable(u), b = readable(x), c = v ? readable(*v) : Tensor(), d = y ? readable(*y) : Tensor();
    const auto run = [&](auto number) {
        using T = decltype(number);
        const auto view = [](const Tensor& t) { return t.defined() ? rows<T>(t) : solver::rows_view<T>{}; };
        auto* to = out.mutable_data_ptr<T>();
        solver::outer_products<T>(view(a), view(b), view(c), view(d), batch, m, n, static_cast<T>(scale), shared,
                                  thread_count(), to);
        if (symmetric) solver::symmetrize(to, m);
    };
    if (u.scalar_type() == at::kDouble)
        run(double{});
    else
        run(float{});
    return out;
}

Tensor outer_products_in_steps(const Tensor& u, const Tensor& x, const optional_tensor& v, const optional_tensor& y,
                               double scale, bool shared, bool symmetric) {
    const bool two = v && v->defined();
    Tensor sum;
    if (shared)
        sum = two ? at::addmm(at::mm(u.t(), x), v->t(), *y) : at::mm(u.t(), x);
    else
        sum = two ? at::matmul(at::stack({u, *v}, 2), at::stack({x, *y}, 1)) : u.unsqueeze(2) * x.unsqueeze(1);
    if (symmetric) sum = (sum + sum.mT()) * 0.5;
    return scale == 1.0 ? sum : sum * scale;
}

Tensor outer_products_with_derivative(const Tensor& u, const Tensor& x, const optional_tensor& v,
                                      const optional_tensor& y, double scale, bool shared, bool symmetric) {
    const auto varies = [](const Tensor& t) {
        return torch::autograd::compute_requires_grad(t) || torch::autograd::isFwGradDefined(t);
    };
    if (varies(u) || varies(x) || (v && varies(*v)) || (y && varies(*y)))
        return outer_products_in_steps(u, x, v, y, scale, shared, symmetric);
    const at::AutoDispatchBelowADInplaceOrView below;
    return entry().call(u, x, v, y, scale, shared, symmetric);
}

} // namespace optnet
