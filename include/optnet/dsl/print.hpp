// SPDX-License-Identifier: Apache-2.0
#pragma once

// A program (or a table) as mathematics, spelled as the user would write it. Serves compile errors and `describe`.

#include "optnet/dsl/flatten.hpp"
#include "optnet/dsl/size_algebra.hpp"

#include <span>

namespace optnet::dsl {

/// Appends text to itself; `Source` has the members of `program`. Works in constant expressions, where std::string of
/// g++ 12 does not.
template <class Source> class printer {
public:
    /// `numbers`: the text of every slot; empty where the numbers are not known, which print as "...".
    constexpr explicit printer(const Source& from, std::span<const std::string_view> with_numbers = {})
        : p(from), numbers(with_numbers) {}

    constexpr std::string_view view() const { return {out.data(), out.size()}; }

    constexpr printer& append(std::string_view more) {
        for (const char c : more) out.push_back(c);
        return *this;
    }

    constexpr printer& decimal(int value) {
        if (value < 0) append("-");
        const int magnitude = value < 0 ? -value : value;
        if (magnitude >= 10) decimal(magnitude / 10);
        out.push_back(static_cast<char>('0' + magnitude % 10));
        return *this;
    }

    constexpr printer& size(const size_form& s) {
        for (int i = 0; i < s.count; ++i) {
            const auto& t = s.terms[static_cast<std::size_t>(i)];
            sign(t.coefficient, i == 0);
            const int factor = t.coefficient < 0 ? -t.coefficient : t.coefficient;
            if (factor != 1) decimal(factor).append(" * ");
            append(p.symbols[static_cast<std::size_t>(t.symbol)]);
            if (t.second >= 0) append(" * ").append(p.symbols[static_cast<std::size_t>(t.second)]);
        }
        if (s.constant != 0 || s.count == 0) {
            sign(s.constant, s.count == 0);
            decimal(s.constant < 0 ? -s.constant : s.constant);
        }
        return *this;
    }

    constexpr printer& shape(const shape_form& s) {
        append("[");
        if (s.rank > 0) size(s.rows);
        if (s.rank > 1) append(", ").size(s.cols);
        return append("]");
    }

    constexpr printer& expression(int i) { return write(i, loose); }

    constexpr printer& constraint(const dsl::constraint& c) {
        if (c.kind == relation::equal) return expression(c.left).append(" == ").expression(c.right);
        return c.flipped ? expression(c.right).append(" >= ").expression(c.left)
                         : expression(c.left).append(" <= ").expression(c.right);
    }

private:
    enum strength : int { loose = 0, additive = 1, multiplicative = 2, tight = 3 };

    constexpr void sign(int value, bool leading) {
        append(leading ? (value < 0 ? "-" : "") : (value < 0 ? " - " : " + "));
    }
    constexpr const node& at(int i) const { return p.nodes[static_cast<std::size_t>(i)]; }
    constexpr int argument(const node& n, int k) const {
        return p.arguments[static_cast<std::size_t>(n.first_argument + k)];
    }

    /// -(2 * f) is another thing than -2 * f: of something bent the latter must not be written.
    constexpr bool begins_with_number(int i) const {
        while (at(i).code == op::multiply || at(i).code == op::divide) i = argument(at(i), 0);
        return at(i).code == op::number;
    }

    constexpr printer& call(std::string_view word, const node& n) {
        append(word).append("(");
        for (int k = 0; k < n.argument_count; ++k) append(k > 0 ? ", " : "").write(argument(n, k), loose);
        return append(")");
    }

    /// Left operand, sign, right operand; in parentheses where what stands around binds as strongly.
    constexpr printer& infix(const node& n, std::string_view between, int own, int right, int around) {
        if (own < around) append("(");
        write(argument(n, 0), own).append(between).write(right, own == multiplicative ? tight : multiplicative);
        return append(own < around ? ")" : "");
    }

    constexpr printer& write(int i, int around) {
        const node& n = at(i);
        switch (n.code) {
        case op::variable: return append(p.variables[static_cast<std::size_t>(n.name)].name);
        case op::parameter: return append(p.parameters[static_cast<std::size_t>(n.name)].name);
        case op::number: {
            if (numbers.empty()) return append("...");
            const std::string_view value = numbers[static_cast<std::size_t>(n.slot)];
            const bool enclose = value[0] == '-' && around > additive;
            return append(enclose ? "(" : "").append(value).append(enclose ? ")" : "");
        }
        case op::constant: return append("constant(...)");
        case op::add: {
            const node& second = at(argument(n, 1));
            if (second.code == op::negate) return infix(n, " - ", additive, argument(second, 0), around);
            if (around > additive) append("(");
            write(argument(n, 0), additive).append(" + ").write(argument(n, 1), additive);
            return append(around > additive ? ")" : "");
        }
        case op::negate: {
            // -a * b is (-a) * b; --a would be another operator.
            const op inside = at(argument(n, 0)).code;
            const bool product = inside == op::multiply || inside == op::divide;
            const bool enclose = around == tight || (around == multiplicative && product);
            const bool apart = inside == op::negate || begins_with_number(argument(n, 0));
            append(enclose ? "(-" : "-").write(argument(n, 0), apart ? tight : multiplicative);
            return append(enclose ? ")" : "");
        }
        case op::multiply: return infix(n, " * ", multiplicative, argument(n, 1), around);
        case op::divide: return infix(n, " / ", multiplicative, argument(n, 1), around);
        case op::index: return write(argument(n, 0), tight).append("[").write(argument(n, 1), loose).append("]");
        case op::slice: return append("slice<").size(n.from).append(", ").size(n.to).call(">", n);
        case op::elementwise: return call("mul", n);
        case op::dot: return call("dot", n);
        case op::sum: return call("sum", n);
        case op::sum_over: return append("sum<").size(n.from).call(">", n);
        case op::mean: return call("mean", n);
        case op::mean_over: return append("mean<").size(n.from).call(">", n);
        case op::transpose: return call("T", n);
        case op::row: return call("rows", n);
        case op::rows: return append("rows<").size(n.from).append(", ").size(n.to).call(">", n);
        case op::column: return call("cols", n);
        case op::columns: return append("cols<").size(n.from).append(", ").size(n.to).call(">", n);
        case op::diff: return call("diff", n);
        case op::cumsum: return call("cumsum", n);
        case op::trace: return call("trace", n);
        case op::diagonal:
        case op::diagonal_of: return call("diag", n);
        case op::hstack: return call("hstack", n);
        case op::vstack: return call("vstack", n);
        case op::reshape: {
            append("reshape<").size(n.shape.rows);
            if (n.shape.rank > 1) append(", ").size(n.shape.cols);
            return call(">", n);
        }
        case op::exp: return call("exp", n);
        case op::log: return call("log", n);
        case op::sqrt: return call("sqrt", n);
        case op::softplus: return call("softplus", n);
        case op::sigmoid: return call("sigmoid", n);
        case op::tanh: return call("tanh", n);
        case op::atom: return call(n.atom, n);
        default: return lowered(n);
        }
    }

    /// What `lower` writes; `describe` shows it.
    constexpr printer& lowered(const node& n) {
        switch (n.code) {
        case op::diagonal_entries: return call("diagonal", n);
        case op::ones: return append(n.shape.rank == 0 ? "1" : "ones");
        case op::flat: return call("flat", n);
        case op::column_matrix: return call("column", n);
        case op::row_matrix: return call("row", n);
        case op::outer: return call("outer", n);
        case op::scale_rows: return call("scale_rows", n);
        case op::scale_cols: return call("scale_cols", n);
        case op::kron_right: return append("kron(").write(argument(n, 0), loose).append(", I)");
        case op::kron_left: return append("kron(I, ").write(argument(n, 0), loose).append(")");
        case op::commutation: return append("permutation");
        case op::row_ends: return append("row_ends");
        case op::difference_band: return append("(-1, 1)");
        case op::band_to_dense: return call("dense", n);
        case op::band_gram: return call("gram", n);
        case op::count: return enclosed_size(entries(at(argument(n, 0)).shape));
        case op::lower_ones: return append("lower_ones");
        case op::placed: return call("placed", n);
        case op::run_of_rows: return call("rows", n);
        case op::unit: return append("unit[").write(argument(n, 0), loose).append("]");
        case op::diagonal_picks: return append("diagonal_picks");
        default: return append("?");
        }
    }

    /// In parentheses where it is a sum or a product.
    constexpr printer& enclosed_size(const size_form& s) {
        const bool simple =
            s.count == 0 || (s.count == 1 && s.constant == 0 && s.terms[0].coefficient == 1 && s.terms[0].second < 0);
        return append(simple ? "" : "(").size(s).append(simple ? "" : ")");
    }

    const Source& p;
    std::span<const std::string_view> numbers;
    std::vector<char> out;
};

/// Copies what `print(printer)` appends into a template argument.
template <class Print> consteval auto name_of(Print print) {
    constexpr std::size_t length = [] {
        program p;
        printer<program> into(p);
        Print{}(p, into);
        return into.view().size();
    }();
    program p;
    printer<program> into(p);
    print(p, into);
    return name<length + 1>(into.view());
}

template <class E> consteval auto text_of() {
    return name_of([](program& p, printer<program>& into) { into.expression(flatten<E>(p)); });
}

/// "a: [m, n], b: [k]", for shapes that do not fit.
template <class A, class... B> consteval auto shapes_of() {
    return name_of([](program& p, printer<program>& into) {
        into.expression(flatten<A>(p)).append(": ").shape(flatten_shape<A::form>(p));
        (into.append(", ").expression(flatten<B>(p)).append(": ").shape(flatten_shape<B::form>(p)), ...);
    });
}

} // namespace optnet::dsl
