// SPDX-License-Identifier: Apache-2.0
#pragma once

// A block table as lines of text, everything in it that the solver or the layer reads:
//
//     rows  0 G general [m] of constraint 0
//     Q  dense [n, n] at z, z = 1 * #0 * Q
//     h  [m] at row 0 = 1 * h
//
// #k is the number in slot k, row 2' the second half of the epigraph pair 2, z + 1 the entries of z from 1 on.

#include "optnet/dsl/print.hpp"
#include "optnet/dsl/words.hpp"

#include <sstream>
#include <string>

namespace optnet::test {

class listing {
public:
    explicit listing(const dsl::table& of) : t(of) {
        for (int k = 0; k < t.number_count; ++k) slots.push_back(std::string("#") + std::to_string(k));
        views.assign(slots.begin(), slots.end());
    }

    std::string text() const {
        std::ostringstream out;
        for (std::size_t g = 0; g < t.rows.size(); ++g) {
            static const char* kinds[] = {"bound", "general", "epigraph"};
            const dsl::row_group& r = t.rows[g];
            out << "rows " << g << " " << matrix(r.where) << " " << kinds[static_cast<int>(r.kind)] << " ["
                << size(r.count) << "]";
            if (r.constraint >= 0) out << " of constraint " << r.constraint;
            if (r.epigraph_column >= 0) out << " of " << column(r.epigraph_column);
            out << "\n";
        }
        for (const dsl::block& b : t.blocks) {
            static const char* kinds[] = {"identity", "scaled", "diagonal", "banded", "dense"};
            out << matrix(b.where) << " " << kinds[static_cast<int>(b.kind)];
            if (b.kind == solver::block_kind::banded) out << " " << b.first << ".." << b.last;
            out << " [" << size(b.rows) << ", " << size(b.cols) << "] at "
                << (b.where == solver::matrix::Q ? columns(b.row) : rows(b.row)) << ", " << columns(b.col) << " = "
                << numbers(b.scale, b.factor, b.source) << "\n";
        }
        for (const dsl::vector_part& v : t.vectors) {
            static const char* names[] = {"q", "b", "h", "offset"};
            out << names[static_cast<int>(v.where)];
            if (v.where != dsl::vector_of::offset)
                out << " [" << size(v.count) << "] at " << (v.where == dsl::vector_of::q ? columns(v.at) : rows(v.at));
            out << " = " << numbers(v.scale, v.factor, v.source) << "\n";
        }
        return out.str();
    }

private:
    static const char* matrix(solver::matrix m) {
        static const char* names[] = {"Q", "A", "G"};
        return names[static_cast<int>(m)];
    }
    std::string print(auto&& f) const {
        dsl::printer<dsl::table> p(t, views);
        f(p);
        return std::string(p.view());
    }
    std::string size(const dsl::size_form& s) const {
        return print([&](auto& p) { p.size(s); });
    }
    std::string column(int c) const {
        const int variable = t.columns[static_cast<std::size_t>(c)].variable;
        if (variable >= 0) return std::string(t.variables[static_cast<std::size_t>(variable)].name);
        return std::string("t") + std::to_string(c);
    }
    std::string columns(const dsl::place& at) const { return column(at.group) + shift(at); }
    std::string rows(const dsl::place& at) const {
        return std::string("row ") + std::to_string(at.group) + (at.second_half ? "'" : "") + shift(at);
    }
    std::string shift(const dsl::place& at) const {
        std::string text;
        if (at.offset != dsl::size_form{}) text.append(" + ").append(size(at.offset));
        if (at.slot >= 0) text.append(" + #").append(std::to_string(at.slot));
        if (at.counts_rows >= 0)
            text.append(" * ").append(size(t.nodes[static_cast<std::size_t>(at.counts_rows)].shape.cols));
        return text;
    }
    std::string numbers(double scale, int factor, int source) const {
        std::ostringstream out;
        out << scale;
        for (const int i : {factor, source})
            if (i >= 0) out << " * " << print([&](auto& p) { p.expression(i); });
        return out.str();
    }

    const dsl::table& t;
    std::vector<std::string> slots;
    std::vector<std::string_view> views;
};

inline std::string list(const dsl::table& t) { return listing(t).text(); }

} // namespace optnet::test
