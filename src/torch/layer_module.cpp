// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/layer_module.hpp"

#include <ATen/ATen.h>

namespace optnet {

layer_module::layer_module() = default;
layer_module::layer_module(const layer_module&) = default;
layer_module& layer_module::operator=(const layer_module&) = default;
layer_module::~layer_module() = default;

layer_module::plan::plan() = default;
layer_module::plan::~plan() = default;

void layer_module::plan::add(bound value, bool learned) { values.push_back({std::move(value), learned}); }

std::shared_ptr<layer_module> layer_module::own(layer_module* made) { return std::shared_ptr<layer_module>(made); }

std::shared_ptr<layer_module> layer_module::make(std::shared_ptr<layer_module> blank, const dsl::table& problem,
                                                 std::vector<double> numbers, const plan& with) {
    auto model = std::make_shared<const lowered_model>(problem, std::move(numbers), with.how);
    blank->state = layer_state(std::move(model), with.values, *blank);
    return blank;
}

// torch::nn::Cloneable would be a template over the problem.
std::shared_ptr<torch::nn::Module> layer_module::clone(const std::optional<at::Device>& device) const {
    const std::shared_ptr<layer_module> copy = blank();
    copy->state = state;
    copy->state.renew(*copy, device);
    copy->train(is_training());
    return copy;
}

void layer_module::clone_(torch::nn::Module& other, const std::optional<at::Device>& device) {
    *this = static_cast<const layer_module&>(*other.clone(device));
}

void layer_module::pretty_print(std::ostream& stream) const { stream << "OptLayer"; }

std::vector<at::Tensor> layer_module::variables(call given) const { return state.solver().solve(state.with(given)); }

at::Tensor layer_module::variable(call given) const { return variables(given).front(); }

answer layer_module::everything(call given) const { return state.solver().solve_everything(state.with(given)); }

standard_form layer_module::matrices(call given) const { return state.solver().matrices(state.with(given)); }

} // namespace optnet
