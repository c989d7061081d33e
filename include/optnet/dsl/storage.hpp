// SPDX-License-Identifier: Apache-2.0
#pragma once

// A layout in arrays of fixed size: what a vector of the compiler's evaluation becomes in the program.

#include "optnet/dsl/layout.hpp"

#include <array>

namespace optnet::dsl {

/// How many of each there are.
struct counts {
    std::size_t symbols, variables, parameters, nodes, arguments, constraints, columns, rows, blocks, vectors;
};

constexpr counts count(const layout& l) {
    return {l.of.symbols.size(),   l.of.variables.size(),   l.of.parameters.size(), l.of.nodes.size(),
            l.of.arguments.size(), l.of.constraints.size(), l.columns.size(),       l.rows.size(),
            l.blocks.size(),       l.vectors.size()};
}

template <counts N> struct storage {
    std::array<std::string_view, N.symbols> symbols;
    std::array<declaration, N.variables> variables;
    std::array<declaration, N.parameters> parameters;
    std::array<node, N.nodes> nodes;
    std::array<int, N.arguments> arguments;
    std::array<constraint, N.constraints> constraints;
    std::array<column, N.columns> columns;
    std::array<row_group, N.rows> rows;
    std::array<block, N.blocks> blocks;
    std::array<vector_part, N.vectors> vectors;
    int objective;
    bool maximize;
    int number_count;

    constexpr table view() const {
        return {symbols, variables, parameters, nodes,     arguments, constraints, columns,
                rows,    blocks,    vectors,    objective, maximize,  number_count};
    }
};

/// The layout that `Make` returns, copied into arrays.
template <auto Make> constexpr auto freeze() {
    const layout l = Make();
    storage<count(Make())> s{};
    std::copy(l.of.symbols.begin(), l.of.symbols.end(), s.symbols.begin());
    std::copy(l.of.variables.begin(), l.of.variables.end(), s.variables.begin());
    std::copy(l.of.parameters.begin(), l.of.parameters.end(), s.parameters.begin());
    std::copy(l.of.nodes.begin(), l.of.nodes.end(), s.nodes.begin());
    std::copy(l.of.arguments.begin(), l.of.arguments.end(), s.arguments.begin());
    std::copy(l.of.constraints.begin(), l.of.constraints.end(), s.constraints.begin());
    std::copy(l.columns.begin(), l.columns.end(), s.columns.begin());
    std::copy(l.rows.begin(), l.rows.end(), s.rows.begin());
    std::copy(l.blocks.begin(), l.blocks.end(), s.blocks.begin());
    std::copy(l.vectors.begin(), l.vectors.end(), s.vectors.begin());
    s.objective = l.of.objective;
    s.maximize = l.of.maximize;
    s.number_count = l.of.number_count;
    return s;
}

} // namespace optnet::dsl
