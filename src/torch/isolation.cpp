// SPDX-License-Identifier: Apache-2.0
#include "torch/isolation.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace optnet {

using at::Tensor;

Tensor nothing_of(const arguments& call) {
    Tensor zero = at::zeros({}, call.options());
    for (const value& v : call.parameters)
        if (v.tensor.defined() && v.tensor.requires_grad())
            zero = zero + v.tensor.flatten().narrow(0, 0, 0).to(call.dtype).sum();
    return zero;
}

value samples(const value& v, const Tensor& rows) {
    if (!v.batched() || v.tensor.size(0) == 1) return v;
    value result = v;
    result.tensor = v.tensor.index_select(0, rows);
    return result;
}

blocks apart_from_failed(const blocks& all, const Tensor& solved, const arrangement& where,
                         std::span<const double> numbers, const arguments& call) {
    const auto computed = [&](const Tensor& t) {
        return t.defined() && t.requires_grad() &&
               std::none_of(call.parameters.begin(), call.parameters.end(),
                            [&](const value& v) { return v.tensor.is_same(t); });
    };
    blocks result = all;
    std::vector<Tensor*> places{&result.q, &result.b, &result.h};
    for (Tensor& t : result.data) places.push_back(&t);
    std::erase_if(places, [&](const Tensor* t) { return !computed(*t); });
    if (places.empty()) return result;

    const Tensor rows = solved.squeeze(1).nonzero().squeeze(1);
    if (rows.numel() == 0) {
        const Tensor never = at::zeros({}, solved.options()), nothing = nothing_of(call);
        for (Tensor* t : places) *t = at::where(never, nothing, t->detach());
        return result;
    }
    std::vector<value> parameters;
    for (const value& v : call.parameters) parameters.push_back(samples(v, rows));
    evaluator values(*where.problem, numbers, call.sizes, call.options(), parameters);
    values.reuse(where.constants);
    const blocks some = fill(where, values, rows.size(0));
    const auto tie = [&](Tensor& t, const Tensor& of_solved) {
        // Equal sizes: shared by the batch.
        if (computed(t) && t.sizes() != of_solved.sizes()) t = t.detach().index_put({rows}, of_solved);
    };
    for (std::size_t i = 0; i < result.data.size(); ++i) tie(result.data[i], some.data[i]);
    tie(result.q, some.q);
    tie(result.b, some.b);
    tie(result.h, some.h);
    return result;
}

} // namespace optnet
