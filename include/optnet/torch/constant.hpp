// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tensors as data that stand in a problem itself.

#include "optnet/dsl/words.hpp"

#include <ATen/core/Tensor.h>

namespace optnet {

/// Rows, columns and entries row by row of a tensor with this many dimensions; `sizes` of them, -1 where a symbol says
/// the size. Throws optnet::Error for another shape; `shape` is what the user wrote in brackets.
std::vector<double> values_of_constant(const at::Tensor& t, std::span<const int> sizes, std::string_view shape);

} // namespace optnet

namespace optnet::expr {

/// The values of a tensor as data, copied; they follow the dtype and the device of the call. Its shape stands in
/// brackets: constant<m, n>(t) a matrix, constant<n>(t) a vector, constant<>(t) a scalar. No gradient reaches t.
template <auto... Sizes> auto constant(const at::Tensor& t) {
    static_assert(dsl::check_sizes<Sizes...>());
    constexpr dsl::shape form = dsl::make_shape<Sizes...>();
    constexpr auto text = dsl::text_of_constant<form>();
    const auto known = [](const size& s) { return s.count == 0 ? s.constant : -1; };
    const int sizes[] = {known(form.rows), known(form.cols)};
    return constant_data<form>{std::make_shared<const std::vector<double>>(
        values_of_constant(t, std::span(sizes).first(static_cast<std::size_t>(form.rank)), text.view()))};
}

} // namespace optnet::expr

namespace optnet::words {

using expr::constant;

} // namespace optnet::words
