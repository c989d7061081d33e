// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tensors of a call say: sizes, batch, dtype and device, each checked against the declarations.

#include "optnet/torch/lowered_model.hpp"
#include "torch/value.hpp"

namespace optnet {

/// The sizes behind the symbols, and who said so.
struct sizes {
    std::vector<std::int64_t> values; ///< by symbol; -1: not known yet
    std::vector<int> from;            ///< the parameter whose tensor fixed it

    std::int64_t of(const dsl::size_form& form) const;
    /// The dimensions of one problem's part.
    std::vector<std::int64_t> of(const dsl::shape_form& shape) const;
    bool knows(const dsl::size_form& form) const;
};

/// The arguments of a call, checked.
struct arguments {
    optnet::sizes sizes;
    std::vector<value> parameters; ///< by place in the table
    std::int64_t batch = -1;       ///< -1: none has a batch dimension
    at::ScalarType dtype = at::kFloat;
    at::Device device = at::kCPU;

    at::TensorOptions options() const { return at::TensorOptions().dtype(dtype).device(device); }
};

/// Symbols are fixed by the first tensor that uses them, in the order given. Throws optnet::Error with a sentence that
/// names the parameter, its shape and what contradicts it. `complete` false: some parameters may be missing, and dtypes
/// and devices may still change.
arguments read(const dsl::table& problem, std::span<const bound> given, bool complete);

/// Rows, columns and entries row by row of the constant with this number, which stand behind the numbers.
std::span<const double> constant(const dsl::table& problem, std::span<const double> numbers, int which);

/// The extents that only constants know become known.
void read_constants(const dsl::table& problem, std::span<const double> numbers, sizes& into);

/// "n - 1 = 9 with n = 10 from "q"": a size and where it comes from.
std::string origin(const dsl::table& problem, const sizes& known, const dsl::size_form& size);

} // namespace optnet
