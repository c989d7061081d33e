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
    std::vector<int> columns, rows, halves;
    for (const column& c : t.columns) {
        columns.push_back(result.n);
        result.n += value_of(c.count, symbols);
    }
    for (const row_group& g : t.rows) {
        const int half = value_of(g.count, symbols), count = g.kind == solver::row_kind::epigraph ? 2 * half : half;
        int& total = g.where == solver::matrix::A ? result.p : result.m;
        rows.push_back(total);
        halves.push_back(half);
        if (g.where != solver::matrix::A)
            result.groups.push_back({g.kind, total, count, g.epigraph_column, g.epigraph_shared});
        total += count;
    }
    for (const block& b : t.blocks) {
        const auto group = static_cast<std::size_t>(b.row.group);
        solver::block made{b.where, b.kind};
        made.row = (b.where == solver::matrix::Q ? columns : rows)[group] + value_of(b.row.offset, symbols) +
                   (b.row.second_half ? halves[group] : 0);
        made.col = columns[static_cast<std::size_t>(b.col.group)] + value_of(b.col.offset, symbols);
        made.rows = value_of(b.rows, symbols);
        made.cols = value_of(b.cols, symbols);
        made.first = b.first;
        made.last = b.last;
        result.blocks.push_back(made);
    }
    return result;
}

} // namespace optnet::dsl
