// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optnet/dsl/layout.hpp"

namespace optnet::dsl {

/// The value of a size for known symbols.
constexpr int value_of(const size_form& s, std::span<const int> symbols) {
    int sum = s.constant;
    for (int i = 0; i < s.count; ++i) {
        const size_form::term& t = s.terms[static_cast<std::size_t>(i)];
        const int second = t.second < 0 ? 1 : symbols[static_cast<std::size_t>(t.second)];
        sum += t.coefficient * symbols[static_cast<std::size_t>(t.symbol)] * second;
    }
    return sum;
}

/// The sizes and kinds of a problem for known symbols, without the places of numbers: enough for the solver to say how
/// it would go about it, not enough to solve.
inline solver::structure outline(const table& t, std::span<const int> symbols) {
    solver::structure result;
    for (const column& c : t.columns) result.n += value_of(c.count, symbols);
    for (const row_group& g : t.rows) {
        const int halves = g.kind == solver::row_kind::epigraph ? 2 : 1, count = halves * value_of(g.count, symbols);
        if (g.where == solver::matrix::A) {
            result.p += count;
        } else {
            result.groups.push_back({g.kind, result.m, count, g.epigraph_column, g.epigraph_shared});
            result.m += count;
        }
    }
    for (const block& b : t.blocks) {
        solver::block made{b.where, b.kind};
        // Blocks of Q on the diagonal stay there; where they begin does not matter here.
        made.row = b.row.group;
        made.col = b.where == solver::matrix::Q && b.row.group == b.col.group && b.row.offset == b.col.offset
                       ? made.row
                       : made.row + 1;
        made.rows = value_of(b.rows, symbols);
        made.cols = value_of(b.cols, symbols);
        result.blocks.push_back(made);
    }
    return result;
}

} // namespace optnet::dsl
