// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/torch/layer_state.hpp"

#include <torch/nn/module.h>

#include <initializer_list>
#include <ostream>

namespace optnet {

/// What a layer is apart from the type of its problem. All of it is compiled once: a class per problem costs every user
/// some tenths of a second for each member that a module has.
class layer_module : public torch::nn::Module {
public:
    using call = std::initializer_list<bound>;

    ~layer_module() override;

    /// The same layer with leaves of its own, on `device` if it is given.
    std::shared_ptr<torch::nn::Module> clone(const std::optional<at::Device>& device = std::nullopt) const override;
    void pretty_print(std::ostream& stream) const override;

    /// What learn(...) and fix(...) say, before `make`.
    struct plan {
        plan();
        ~plan();
        void add(bound value, bool learned);

        std::vector<layer_state::entry> values;
        settings how;
    };

    /// Owns a module from `new`. Written once here: a std::make_shared for every problem costs its users.
    static std::shared_ptr<layer_module> own(layer_module* made);

    /// Makes a blank module a layer. Throws optnet::Error as layer_state does.
    static std::shared_ptr<layer_module> make(std::shared_ptr<layer_module> blank, const dsl::table& problem,
                                              std::vector<double> numbers, const plan& with);

protected:
    layer_module();
    layer_module(const layer_module&);
    layer_module& operator=(const layer_module&);

    /// A module of the same type that is no layer yet.
    virtual std::shared_ptr<layer_module> blank() const = 0;

    // As of lowered_model, with the registered values beside those of the call.
    at::Tensor variable(call given) const; ///< of a problem that has one
    std::vector<at::Tensor> variables(call given) const;
    answer everything(call given) const;
    optnet::standard_form matrices(call given) const;

private:
    /// Becomes a clone of `other`: how a module around it clones its children.
    void clone_(torch::nn::Module& other, const std::optional<at::Device>& device) override;

    layer_state state;
};

} // namespace optnet
