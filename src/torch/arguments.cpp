// SPDX-License-Identifier: Apache-2.0
#include "torch/arguments.hpp"

#include "optnet/dsl/print.hpp"
#include "optnet/torch/error.hpp"
#include "torch/checks.hpp"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <algorithm>

namespace optnet {
namespace {

using at::Tensor;

std::size_t place(int i) { return static_cast<std::size_t>(i); }

std::string quoted(const dsl::declaration& d) { return "parameter \"" + std::string(d.name) + "\""; }

std::string text(const dsl::table& problem, const dsl::size_form& size) {
    return std::string(dsl::printer<dsl::table>(problem).size(size).view());
}

/// The shape that the tensor of one problem has: of a diagonal matrix its diagonal.
dsl::shape_form data_shape(const dsl::declaration& d) {
    if (d.given != dsl::promise::diagonal) return d.shape;
    return {1, d.shape.rows, {1, 0, {}}};
}

/// "[m, n] or [batch, m, n]"
std::string takes(const dsl::table& problem, const dsl::shape_form& shape) {
    std::string inside;
    if (shape.rank > 0) inside = text(problem, shape.rows);
    if (shape.rank > 1) inside += ", " + text(problem, shape.cols);
    return "[" + inside + "] or [batch" + (shape.rank > 0 ? ", " : "") + inside + "]";
}

bool is_symbol(const dsl::size_form& s) {
    return s.constant == 0 && s.count == 1 && s.terms[0].coefficient == 1 && s.terms[0].second < 0;
}

/// Reads the arguments one after the other; every sentence of a contradiction is here.
class reader {
public:
    reader(const dsl::table& of, std::span<const bound> all) : problem(of), given(all) {
        result.sizes.values.assign(of.symbols.size(), -1);
        result.sizes.from.assign(of.symbols.size(), -1);
        result.parameters.resize(of.parameters.size());
    }

    arguments read(bool complete) {
        tensors.reserve(given.size());
        for (const bound& b : given) tensors.push_back(b.tensor);
        for (std::size_t i = 0; i < given.size(); ++i) check_rank(i);
        for (std::size_t i = 0; i < given.size(); ++i) fix_symbols(i);
        for (std::size_t i = 0; i < given.size(); ++i) check_sizes(i);
        if (!complete) return std::move(result);
        if (at::autocast::is_autocast_enabled(at::kCPU) || at::autocast::is_autocast_enabled(at::kCUDA)) lift();
        agree_on_kind();
        agree_on_batch();
        for (std::size_t i = 0; i < given.size(); ++i) keep(i);
        return std::move(result);
    }

private:
    const dsl::declaration& declared(std::size_t i) const { return problem.parameters[place(given[i].parameter)]; }
    std::string is(std::size_t i) const { return quoted(declared(i)) + " is " + optnet::text(tensors[i].sizes()); }

    void check_rank(std::size_t i) const {
        const dsl::shape_form shape = data_shape(declared(i));
        if (given[i].is_number) {
            if (shape.rank == 0) return;
            throw Error(quoted(declared(i)) + " is a number, but it takes a tensor " + takes(problem, shape));
        }
        if (!tensors[i].defined())
            throw Error(quoted(declared(i)) + " is an undefined tensor, but it takes " + takes(problem, shape));
        if (tensors[i].dim() != shape.rank && tensors[i].dim() != shape.rank + 1)
            throw Error(is(i) + ", but it takes " + takes(problem, shape));
    }

    /// Calls f(size, number) for every dimension of one problem's part of a tensor.
    template <class F> void for_each_size(std::size_t i, const F& f) const {
        if (given[i].is_number) return;
        const dsl::shape_form shape = data_shape(declared(i));
        if (shape.rank > 0) f(shape.rows, tensors[i].size(-shape.rank));
        if (shape.rank > 1) f(shape.cols, tensors[i].size(-1));
    }

    void fix_symbols(std::size_t i) {
        for_each_size(i, [&](const dsl::size_form& size, std::int64_t number) {
            if (!is_symbol(size)) return;
            const std::size_t which = place(size.terms[0].symbol);
            if (result.sizes.values[which] >= 0) return;
            result.sizes.values[which] = number;
            result.sizes.from[which] = given[i].parameter;
        });
    }

    void check_sizes(std::size_t i) const {
        for_each_size(i, [&](const dsl::size_form& size, std::int64_t number) {
            if (!result.sizes.knows(size) || result.sizes.of(size) == number) return;
            if (size.count == 0) throw Error(is(i) + ", but it takes " + takes(problem, data_shape(declared(i))));
            throw Error(is(i) + ", but " + origin(problem, result.sizes, size));
        });
    }

    void lift() {
        std::vector<Tensor*> places;
        for (Tensor& t : tensors) places.push_back(&t);
        lift_from_autocast(places);
    }

    /// Tensors with dimensions decide dtype and device; those without follow.
    void agree_on_kind() {
        const Tensor* first = nullptr;
        bool agree = true;
        for (const Tensor& t : tensors) {
            if (!t.defined() || t.dim() == 0) continue;
            if (first == nullptr) first = &t;
            agree = agree && t.scalar_type() == first->scalar_type() && t.device() == first->device() &&
                    t.layout() == at::kStrided;
        }
        if (first == nullptr) return follow_scalars();
        const bool known = first->scalar_type() == at::kDouble || first->scalar_type() == at::kFloat;
        if (!agree || !known || !first->is_cpu()) state_kinds();
        result.dtype = first->scalar_type();
        result.device = first->device();
    }

    void follow_scalars() {
        result.dtype = at::typeMetaToScalarType(at::get_default_dtype());
        bool found = false;
        for (const Tensor& t : tensors) {
            if (!t.defined() || !t.is_floating_point()) continue;
            if (!found || t.scalar_type() == at::kDouble) result.dtype = t.scalar_type();
            result.device = t.device();
            found = true;
        }
    }

    void state_kinds() const {
        std::vector<std::size_t> places;
        std::vector<const Tensor*> decisive;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            if (!tensors[i].defined() || tensors[i].dim() == 0) continue;
            places.push_back(i);
            decisive.push_back(&tensors[i]);
        }
        check_kinds(decisive, [&](std::size_t i) { return quoted(declared(places[i])); });
    }

    void agree_on_batch() {
        bool agree = true;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            if (!tensors[i].defined() || tensors[i].dim() == data_shape(declared(i)).rank) continue;
            const std::int64_t own = tensors[i].size(0);
            if (result.batch < 0 || result.batch == 1)
                result.batch = own;
            else
                agree = agree && (own == 1 || own == result.batch);
        }
        if (agree) return;
        batch_size stated;
        for (std::size_t i = 0; i < tensors.size(); ++i)
            if (tensors[i].defined()) stated.add({quoted(declared(i)), &tensors[i]}, data_shape(declared(i)).rank);
    }

    void keep(std::size_t i) {
        const dsl::declaration& d = declared(i);
        if (given[i].is_number) {
            result.parameters[place(given[i].parameter)] = value::of(given[i].number);
            return;
        }
        Tensor t = tensors[i];
        if (t.dim() == 0 && (t.scalar_type() != result.dtype || t.device() != result.device))
            t = t.to(result.device, result.dtype);
        value& v = result.parameters[place(given[i].parameter)];
        v = value::of(std::move(t), d.shape.rank);
        v.diagonal = d.given == dsl::promise::diagonal;
    }

    const dsl::table& problem;
    std::span<const bound> given;
    std::vector<Tensor> tensors;
    arguments result;
};

} // namespace

std::int64_t sizes::of(const dsl::size_form& form) const {
    std::int64_t sum = form.constant;
    for (std::size_t i = 0; i < place(form.count); ++i) {
        const auto& t = form.terms[i];
        sum += t.coefficient * values[place(t.symbol)] * (t.second < 0 ? 1 : values[place(t.second)]);
    }
    return sum;
}

std::vector<std::int64_t> sizes::of(const dsl::shape_form& shape) const {
    std::vector<std::int64_t> result;
    if (shape.rank > 0) result.push_back(of(shape.rows));
    if (shape.rank > 1) result.push_back(of(shape.cols));
    return result;
}

bool sizes::knows(const dsl::size_form& form) const {
    for (std::size_t i = 0; i < place(form.count); ++i) {
        const auto& t = form.terms[i];
        if (values[place(t.symbol)] < 0 || (t.second >= 0 && values[place(t.second)] < 0)) return false;
    }
    return true;
}

std::string origin(const dsl::table& problem, const sizes& known, const dsl::size_form& size) {
    std::string sentence = text(problem, size);
    if (!is_symbol(size)) sentence += " = " + std::to_string(known.of(size));
    std::vector<int> said;
    const auto say = [&](int symbol) {
        if (symbol < 0 || std::find(said.begin(), said.end(), symbol) != said.end()) return;
        if (is_symbol(size))
            sentence += " = ";
        else
            sentence += (said.empty() ? " with " : ", ") + std::string(problem.symbols[place(symbol)]) + " = ";
        sentence += std::to_string(known.values[place(symbol)]) + " from ";
        const int from = known.from[place(symbol)];
        if (from < 0)
            sentence.append("a constant");
        else
            sentence.append("\"").append(problem.parameters[place(from)].name).append("\"");
        said.push_back(symbol);
    };
    for (std::size_t i = 0; i < place(size.count); ++i) {
        say(size.terms[i].symbol);
        say(size.terms[i].second);
    }
    return sentence;
}

std::span<const double> constant(const dsl::table& problem, std::span<const double> numbers, int which) {
    const auto size = [](std::span<const double> all) { return 2 + static_cast<std::size_t>(all[0] * all[1]); };
    numbers = numbers.subspan(place(problem.number_count));
    for (int i = 0; i < which; ++i) numbers = numbers.subspan(size(numbers));
    return numbers.first(size(numbers));
}

void read_constants(const dsl::table& problem, std::span<const double> numbers, sizes& into) {
    for (const dsl::node& n : problem.nodes) {
        if (n.code != dsl::op::constant) continue;
        const std::span<const double> held = constant(problem, numbers, n.slot);
        const auto read = [&](const dsl::size_form& s, double extent) {
            if (is_symbol(s) && problem.symbols[place(s.terms[0].symbol)][0] == '?')
                into.values[place(s.terms[0].symbol)] = static_cast<std::int64_t>(extent);
        };
        read(n.shape.rows, held[0]);
        read(n.shape.cols, held[1]);
    }
}

arguments read(const dsl::table& problem, std::span<const bound> given, bool complete) {
    return reader(problem, given).read(complete);
}

} // namespace optnet
