// SPDX-License-Identifier: Apache-2.0
#pragma once

// A problem as a module of LibTorch.

#include "optnet/torch/layer_module.hpp"
#include "optnet/torch/solution.hpp"

#include <torch/nn/pimpl.h>

#include <tuple>

namespace optnet::dsl {

/// Tensors may be bound.
template <> inline constexpr bool bindable<at::Tensor> = true;

} // namespace optnet::dsl

namespace optnet {

template <class T> inline constexpr bool is_registration = std::is_same_v<T, dsl::refused>;
template <bool Learned, class... B> inline constexpr bool is_registration<dsl::registration<Learned, B...>> = true;

template <class T> struct parameter_of {};
template <class Parameter, class V> struct parameter_of<dsl::binding<Parameter, V>> { using type = Parameter; };

/// A binding without its type.
template <class Problem, class Binding> bound as_bound(const Binding& b) {
    return bind(dsl::place_of_parameter<Problem, typename Binding::parameter>, b.value);
}

/// Several tensors as a tuple.
template <std::size_t... I> auto as_tuple(std::vector<at::Tensor> z, std::index_sequence<I...>) {
    return std::make_tuple(std::move(z[I])...);
}

/// The module inside an OptLayer: the types of its calls. `Registered`: the parameters of learn(...) and fix(...), as a
/// dsl::parameter_list.
template <class Problem, class Registered> class OptLayerImpl;

template <class Problem, class... Registered>
class OptLayerImpl<Problem, dsl::parameter_list<Registered...>> : public layer_module {
    static constexpr std::size_t count = dsl::table_of<Problem>.variables.size();
    static constexpr std::size_t free = dsl::table_of<Problem>.parameters.size() - sizeof...(Registered);

    auto results(call given) const {
        if constexpr (count == 1)
            return variable(given);
        else
            return as_tuple(variables(given), std::make_index_sequence<count>{});
    }

public:
    /// The solution. Every parameter that was neither learned nor fixed is given, as `name = tensor`, in any order.
    /// A tensor; with several variables a std::tuple of them, in order of their first appearance in the problem.
    /// Throws optnet::Error for a tensor that does not fit, and for a failed sample unless `on_failure` says otherwise.
    template <class... B> auto operator()(const B&... bindings) const {
        if constexpr (fits<B...>())
            return results({as_bound<Problem>(bindings)...});
        else
            return decltype(results({})){};
    }

    /// The solution with multipliers, objective, status and residuals. Never throws for a numerical outcome.
    template <class... B> solution<Problem> solve(const B&... bindings) const {
        if constexpr (fits<B...>())
            return solution<Problem>(everything({as_bound<Problem>(bindings)...}));
        else
            return solution<Problem>({});
    }

    /// The problem as dense matrices Q, q, A, b, G, h, differentiable.
    template <class... B> optnet::standard_form standard_form(const B&... bindings) const {
        if constexpr (fits<B...>())
            return matrices({as_bound<Problem>(bindings)...});
        else
            return {};
    }

    /// The solution for the one free parameter.
    auto forward(at::Tensor input) requires(free == 1) {
        return results({bind(dsl::first_free<Problem, Registered...>, input)});
    }

private:
    std::shared_ptr<layer_module> blank() const override { return own(new OptLayerImpl); }

    /// The sentences about the arguments of a call.
    template <class... B> static constexpr bool fits() {
        if constexpr ((dsl::is_binding<B> && ...)) {
            return dsl::bindings_fit<Problem, true, Registered..., typename parameter_of<B>::type...>();
        } else {
            dsl::arguments_are_bindings<word<B...>()>();
            return false;
        }
    }

    /// Depends on the arguments, so that no compiler states the sentence before they are known.
    template <class... B> static consteval auto word() { return dsl::name("layer(...)"); }
};

/// A convex quadratic program as a layer:
///
///     OptLayer layer(problem, learn(A = tensor, ...), fix(lambda = 0.1, ...), optnet::settings{...});
///     Tensor z = layer(q = tensor, ...);
///
/// The problem is lowered by the compiler. learn(...) and fix(...) are optional, in either order; settings come last.
/// Like every holder of a module it shares the module when it is copied; `layer->clone()` makes a new one.
template <class Problem, class Registered>
class OptLayer : public torch::nn::ModuleHolder<OptLayerImpl<Problem, Registered>> {
    using impl = OptLayerImpl<Problem, Registered>;
    using holder = torch::nn::ModuleHolder<impl>;

public:
    /// The empty layer.
    OptLayer(std::nullptr_t) : holder(nullptr) {}
    OptLayer(std::shared_ptr<OptLayerImpl<Problem, Registered>> module) : holder(std::move(module)) {}

    template <class... Argument>
    explicit OptLayer(const Problem& problem, const Argument&... arguments) : holder(make(problem, arguments...)) {}

    /// As of the module inside.
    template <class... B> auto operator()(const B&... bindings) const { return (*this->get())(bindings...); }
    template <class... B> solution<Problem> solve(const B&... bindings) const {
        return this->get()->solve(bindings...);
    }
    template <class... B> optnet::standard_form standard_form(const B&... bindings) const {
        return this->get()->standard_form(bindings...);
    }

private:
    template <class... Argument>
    static std::shared_ptr<impl> make(const Problem& problem, const Argument&... arguments) {
        constexpr std::size_t count = sizeof...(Argument);
        constexpr bool ends_with_settings = [] {
            if constexpr (count == 0)
                return false;
            else
                return std::is_same_v<typename dsl::nth<count - 1, Argument...>::type, settings>;
        }();
        constexpr std::size_t registrations = (std::size_t{is_registration<Argument>} + ... + 0);
        static_assert(registrations + (ends_with_settings ? 1 : 0) == count,
                      "OptLayer(problem, learn(...), fix(...), settings{...}): bindings stand inside learn or fix, and "
                      "settings come last");
        if constexpr (registrations + (ends_with_settings ? 1 : 0) != count ||
                      !known(static_cast<Registered*>(nullptr))) {
            return nullptr;
        } else {
            layer_module::plan plan;
            (take(plan, arguments), ...);
            return std::static_pointer_cast<impl>(layer_module::make(
                std::unique_ptr<layer_module>(new impl), dsl::lower<Problem>(), dsl::numbers(problem), plan));
        }
    }

    template <class... Parameter> static constexpr bool known(dsl::parameter_list<Parameter...>*) {
        return dsl::bindings_fit<Problem, false, Parameter...>();
    }

    template <class Argument> static void take(layer_module::plan& plan, const Argument& argument) {
        if constexpr (std::is_same_v<Argument, settings>)
            plan.how = argument;
        else if constexpr (!std::is_same_v<Argument, dsl::refused>)
            dsl::for_each_binding(argument, [&](const auto& b) { plan.add(as_bound<Problem>(b), Argument::learned); });
    }
};

template <class Problem, class... Argument>
requires requires { requires Problem::is_problem; }
OptLayer(const Problem&, const Argument&...)
    ->OptLayer<Problem, typename dsl::registered_by<dsl::parameter_list<>, Argument...>::type>;

} // namespace optnet

namespace optnet::words {

using optnet::OptLayer;

} // namespace optnet::words
