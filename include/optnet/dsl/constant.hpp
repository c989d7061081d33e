// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers of the program as vectors and matrices of a problem, for problems that are made at run time.

#include "optnet/dsl/print.hpp"

#include <memory>

namespace optnet::dsl {

/// What has the types of a matrix of Eigen's, which the language does not include.
template <class M>
concept eigen_object = requires(const M& m) {
    static_cast<int>(M::RowsAtCompileTime);
    static_cast<int>(M::ColsAtCompileTime);
    m.rows();
    m.cols();
};

/// An extent of Eigen's as a size; -1 is one that its type does not say.
constexpr expr::size extent(int at_compile_time) {
    if (at_compile_time >= 0) return at_compile_time;
    expr::size open;
    open.add(symbol{"?"}, 1);
    return open;
}

/// A matrix of one column is a vector.
template <class M> constexpr shape shape_of_eigen() {
    if (M::ColsAtCompileTime == 1) return {1, extent(M::RowsAtCompileTime)};
    return {2, extent(M::RowsAtCompileTime), extent(M::ColsAtCompileTime)};
}

/// Depends on the argument, so that no compiler states the sentence before it is known.
template <class M> consteval auto word_of_constant() { return name("constant(...)"); }

/// "constant<m, n>".
template <shape Form> consteval auto text_of_constant() {
    return name_of([](program& p, printer<program>& into) {
        into.append("constant<");
        if (Form.rank > 0) into.size(flatten_size<Form.rows>(p));
        if (Form.rank > 1) into.append(", ").size(flatten_size<Form.cols>(p));
        into.append(">");
    });
}

} // namespace optnet::dsl

namespace optnet::expr {

/// Copied numbers of a vector, a matrix or a scalar. Counts among the data, of unknown sign.
template <dsl::shape Form> struct constant_data {
    static constexpr bool is_expression = true, is_constant = true, has_variables = false, has_parameters = true,
                          has_numbers = true;
    static constexpr dsl::shape form = Form;
    static constexpr dsl::attributes what{};
    /// Rows, columns, entries row by row.
    std::shared_ptr<const std::vector<double>> data;
    auto operator[](std::integral auto i) const { return dsl::element(*this, static_cast<int>(i)); }
};

/// The values of an Eigen object as data, copied; its shape is that of its type. They follow the dtype and the device
/// of the call. Extents that the type does not say agree with any size and are checked by the call.
template <class M> auto constant(const M& m) {
    if constexpr (dsl::eigen_object<M>) {
        const auto rows = m.rows(), cols = m.cols();
        auto values = std::make_shared<std::vector<double>>();
        values->push_back(static_cast<double>(rows));
        values->push_back(static_cast<double>(cols));
        const auto evaluated = m.eval();
        for (auto i = 0 * rows; i < rows; ++i)
            for (auto j = 0 * cols; j < cols; ++j) values->push_back(static_cast<double>(evaluated(i, j)));
        return constant_data<dsl::shape_of_eigen<M>()>{std::move(values)};
    } else {
        return dsl::refused_by<dsl::this_is_no_constant<dsl::word_of_constant<M>()>>();
    }
}

} // namespace optnet::expr
