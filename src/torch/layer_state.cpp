// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/layer_state.hpp"

#include "optnet/torch/error.hpp"
#include "optnet/torch/solution.hpp"

#include <ATen/ATen.h>

#include <stdexcept>

namespace optnet {
namespace {

std::string name_of(const lowered_model& model, const bound& value) {
    return std::string(model.problem().parameters[static_cast<std::size_t>(value.parameter)].name);
}

/// A tensor that autograd can hold as a leaf: the one that was given.
at::Tensor leaf(const std::string& name, at::Tensor t) {
    if (!t.is_floating_point())
        throw Error("parameter \"" + name + "\" is to be learned, but it is " + std::string(t.dtype().name()) +
                    ": only float64 and float32 have gradients");
    if (!t.is_leaf())
        throw Error("parameter \"" + name +
                    "\" is to be learned, but its tensor is computed from others that require gradients: give "
                    "tensor.detach(), or bind it in the call");
    return t.requires_grad_(true);
}

} // namespace

layer_state::layer_state(std::shared_ptr<const lowered_model> of, std::vector<entry> values, torch::nn::Module& owner)
    : model(std::move(of)), entries(std::move(values)) {
    std::vector<bound> all;
    for (const entry& e : entries) all.push_back(e.value);
    model->check_part(all);
    for (entry& e : entries) {
        if (e.value.is_number) e.value.tensor = at::scalar_tensor(e.value.number, at::kDouble);
        e.value.is_number = false;
        if (e.learned) e.value.tensor = leaf(name_of(*model, e.value), e.value.tensor);
        enter(owner, e);
    }
}

void layer_state::renew(torch::nn::Module& owner, const std::optional<at::Device>& device) {
    model = lowered_model::without_history(std::move(model));
    for (entry& e : entries) {
        const at::Tensor& old = e.value.tensor;
        at::Tensor fresh = device && old.device() != *device ? old.detach().to(*device) : old.detach().clone();
        if (e.learned) fresh.requires_grad_(old.requires_grad());
        e.value.tensor = std::move(fresh);
        enter(owner, e);
    }
}

void layer_state::enter(torch::nn::Module& owner, const entry& which) const {
    const std::string name = name_of(*model, which.value);
    if (which.learned)
        owner.register_parameter(name, which.value.tensor, which.value.tensor.requires_grad());
    else
        owner.register_buffer(name, which.value.tensor);
}

std::vector<bound> layer_state::with(std::span<const bound> call) const {
    std::vector<bound> all;
    all.reserve(entries.size() + call.size());
    for (const entry& e : entries) all.push_back(e.value);
    all.insert(all.end(), call.begin(), call.end());
    return all;
}

std::int64_t statuses::size() const { return values.numel(); }

status statuses::operator[](std::int64_t sample) const {
    if (sample < 0 || sample >= size())
        throw std::out_of_range("status " + std::to_string(sample) + " of a call with " + std::to_string(size()) +
                                " samples");
    return static_cast<status>(values.reshape({-1})[sample].item<std::int64_t>());
}

bool statuses::are(status outcome) const { return values.eq(static_cast<std::int64_t>(outcome)).all().item<bool>(); }

} // namespace optnet
