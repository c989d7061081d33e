// SPDX-License-Identifier: Apache-2.0
#pragma once

// A problem as text: its mathematics, and the blocks that the compiler made of it.

#include "optnet/dsl/number_value.hpp"
#include "optnet/dsl/print.hpp"

#include <cstdio>
#include <string>

namespace optnet::dsl {

// Strings begin with std::string("..."): g++ 12 warns of overlapping memory in "..." + std::string().
class description {
public:
    description(const table& of, std::span<const double> with_numbers) : t(of), numbers(with_numbers) {
        for (const double v : numbers.first(static_cast<std::size_t>(t.number_count))) {
            char digits[32];
            std::snprintf(digits, sizeof digits, "%.15g", v);
            number_texts.emplace_back(digits);
        }
        number_views.assign(number_texts.begin(), number_texts.end());
    }

    /// minimize ..., subject to ..., variables, parameters.
    std::string mathematics() const {
        std::string text = t.maximize ? "maximize    " : "minimize    ";
        text += print([&](auto& p) { p.expression(t.objective); }) + "\n";
        for (std::size_t i = 0; i < t.constraints.size(); ++i) {
            text += i == 0 ? "subject to  " : "            ";
            const constraint& c = t.constraints[i];
            const bool two = i + 1 < t.constraints.size() && t.constraints[i + 1].group == c.group;
            const bool simplex = two && t.constraints[i + 1].kind == relation::equal;
            if (simplex) ++i;
            text += simplex ? "simplex(" + print([&](auto& p) { p.expression(c.right); }) + ")"
                            : print([&](auto& p) { p.constraint(c); });
            // The upper half of low <= z <= high continues the line of the lower one.
            if (two && !simplex)
                text.append(" <= ").append(print([&](auto& p) { p.expression(t.constraints[++i].right); }));
            if (!c.name.empty()) text.append("    (").append(c.name).append(")");
            text += "\n";
        }
        text += list("variables   ", t.variables);
        return text + list("parameters  ", t.parameters);
    }

    /// One line for every block of Q, A and G and every part of q, b and h.
    std::string blocks() const {
        std::string text = "lowered to minimize 1/2 z'Qz + q'z subject to A z = b, G z <= h\n  z = (";
        for (std::size_t c = 0; c < t.columns.size(); ++c)
            text += std::string(c > 0 ? ", " : "") + column_name(static_cast<int>(c)) + " [" +
                    size(t.columns[c].count) + "]";
        text += ")\n";
        for (const block& b : t.blocks)
            if (b.where == solver::matrix::Q) text += line(b);
        for (const vector_part& v : t.vectors)
            if (v.where == vector_of::q) text += line(v);
        for (const auto where : {solver::matrix::A, solver::matrix::G})
            for (std::size_t g = 0; g < t.rows.size(); ++g)
                if (t.rows[g].where == where) text += rows(static_cast<int>(g));
        return text;
    }

private:
    std::string print(auto&& f) const {
        printer<table> p(t, number_views);
        f(p);
        return std::string(p.view());
    }
    std::string size(const size_form& s) const {
        return print([&](auto& p) { p.size(s); });
    }

    std::string list(const char* title, std::span<const declaration> all) const {
        std::string text;
        for (const declaration& d : all) {
            text += (text.empty() ? title : std::string(", ")) + std::string(d.name) + " " +
                    print([&](auto& p) { p.shape(d.shape); });
            if (d.given == promise::nonneg) text += " >= 0";
            if (d.given == promise::psd) text += " psd";
            if (d.given == promise::diagonal) text += " diagonal";
        }
        return text.empty() ? text : text + "\n";
    }

    std::string column_name(int c) const {
        const column& col = t.columns[static_cast<std::size_t>(c)];
        if (col.variable >= 0) return std::string(t.variables[static_cast<std::size_t>(col.variable)].name);
        int before = 0;
        for (int i = 0; i < c; ++i) before += t.columns[static_cast<std::size_t>(i)].variable < 0 ? 1 : 0;
        return std::string("t") + std::to_string(before + 1);
    }

    /// "constraint", its name or text; or the epigraph it belongs to.
    std::string row_name(const place& at) const {
        const row_group& g = t.rows[static_cast<std::size_t>(at.group)];
        if (g.constraint < 0) return g.epigraph_column < 0 ? "epigraph" : at.second_half ? "epigraph -" : "epigraph +";
        const constraint& c = t.constraints[static_cast<std::size_t>(g.constraint)];
        return c.name.empty() ? print([&](auto& p) { p.constraint(c); }) : std::string(c.name);
    }

    std::string coefficient(double scale, int factor, int source) const {
        double value = scale * number_value(t, factor, numbers);
        const bool number = source >= 0 && made_of_numbers(t, source);
        if (number) value *= number_value(t, source, numbers);
        if (value == 0) value = 0; // not -0
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.15g", value);
        if (number) return digits;
        if (source < 0) return value == 1 ? "I" : value == -1 ? "-I" : std::string(digits) + " I";
        std::string text = print([&](auto& p) { p.expression(source); });
        const bool composed = text.find(' ') != std::string::npos;
        if (value == 1) return text;
        return (value == -1 ? "-" : std::string(digits) + " ") + (composed ? std::string("(") + text + ")" : text);
    }

    /// The blocks of a group of rows, then its right-hand side.
    std::string rows(int group) const {
        std::string text;
        for (const block& b : t.blocks)
            if (b.where != solver::matrix::Q && b.row.group == group) text += line(b);
        for (const vector_part& v : t.vectors)
            if ((v.where == vector_of::b || v.where == vector_of::h) && v.at.group == group) text += line(v);
        return text;
    }

    std::string line(const block& b) const {
        static constexpr const char* kinds[] = {"identity", "scaled identity", "diagonal", "banded", "dense"};
        static constexpr const char* names[] = {"Q", "A", "G"};
        std::string text =
            std::string("  ") + names[static_cast<int>(b.where)] + "  " + pad(kinds[static_cast<int>(b.kind)], 16);
        text += pad(std::string("[") + size(b.rows) + ", " + size(b.cols) + "]", 16) +
                pad(coefficient(b.scale, b.factor, b.source), 24);
        if (b.where == solver::matrix::Q)
            return text + column_name(b.row.group) + ", " + column_name(b.col.group) + "\n";
        return text + pad(bound(b) ? "bound" : "row", 7) + column_name(b.col.group) + " in " + row_name(b.row) + "\n";
    }
    bool bound(const block& b) const {
        return t.rows[static_cast<std::size_t>(b.row.group)].kind == solver::row_kind::bound;
    }

    std::string line(const vector_part& v) const {
        static constexpr const char* names[] = {"q", "b", "h"};
        std::string text = std::string("  ") + names[static_cast<int>(v.where)] + "  " + pad("vector", 16);
        text += pad(std::string("[") + size(v.count) + "]", 16) + pad(coefficient(v.scale, v.factor, v.source), 24);
        return text + (v.where == vector_of::q ? column_name(v.at.group) : row_name(v.at)) + "\n";
    }

    static std::string pad(std::string s, std::size_t width) {
        s.resize(s.size() < width ? width : s.size() + 1, ' ');
        return s;
    }

    const table& t;
    std::span<const double> numbers;
    std::vector<std::string> number_texts;
    std::vector<std::string_view> number_views;
};

} // namespace optnet::dsl
