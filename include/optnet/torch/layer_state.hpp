// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/torch/lowered_model.hpp"

#include <torch/nn/module.h>

namespace optnet {

/// What every layer holds, whatever its problem: the lowered model, shared by its clones, and the registered values.
class layer_state {
public:
    /// A value of learn(...) (a parameter of the module) or of fix(...) (a buffer).
    struct entry {
        bound value;
        bool learned = false;
    };

    /// Of a module that is not a layer yet.
    layer_state() = default;

    /// Registers the values in `owner` under the names of their parameters. Throws optnet::Error for values that do not
    /// fit, or that cannot be learned.
    layer_state(std::shared_ptr<const lowered_model> model, std::vector<entry> values, torch::nn::Module& owner);

    /// Registers in a copy of the owner, which has nothing registered, leaves of its own with the same values.
    void renew(torch::nn::Module& owner, const std::optional<at::Device>& device);

    /// The registered values as they are now, then `call`.
    std::vector<bound> with(std::span<const bound> call) const;

    const lowered_model& solver() const { return *model; }

private:
    void enter(torch::nn::Module& owner, const entry& which) const;

    std::shared_ptr<const lowered_model> model;
    std::vector<entry> entries;
};

} // namespace optnet
