// SPDX-License-Identifier: Apache-2.0
#pragma once

// Words that take vectors and matrices apart and put them together: rows, columns, diagonals, stacks, other shapes. All
// of them move entries, so that signs and curvatures stay what they are.

#include "optnet/dsl/affine.hpp"

namespace optnet::kinds {

/// Row i of a matrix.
struct row : index {
    static constexpr op code = op::row;
    static constexpr shape form(const facts& a, const facts&) { return {1, a.form.cols}; }
};
/// Column j of a matrix.
struct column : index {
    static constexpr op code = op::column;
    static constexpr shape form(const facts& a, const facts&) { return {1, a.form.rows}; }
};

template <expr::size From, expr::size To> struct rows : sum {
    static constexpr op code = op::rows;
    static constexpr expr::size from = From, to = To;
    static constexpr shape form(const facts& a) { return {2, To - From, a.form.cols}; }
};
template <expr::size From, expr::size To> struct columns : sum {
    static constexpr op code = op::columns;
    static constexpr expr::size from = From, to = To;
    static constexpr shape form(const facts& a) { return {2, a.form.rows, To - From}; }
};

struct trace : sum {
    static constexpr op code = op::trace;
};

/// The diagonal of a square matrix. That of a psd one is not called nonnegative, since a diagonal<...>, which counts as
/// psd where it is a quadratic, may have entries of any sign elsewhere.
struct diagonal_of : sum {
    static constexpr op code = op::diagonal_of;
    static constexpr shape form(const facts& a) { return {1, a.form.rows}; }
};

/// The matrix with this diagonal; the zeros beside it have every sign.
struct diagonal : sum {
    static constexpr op code = op::diagonal;
    static constexpr shape form(const facts& a) { return {2, a.form.rows, a.form.rows}; }
    static constexpr attributes what(const facts& a) {
        attributes result = sum::what(a);
        result.psd = a.what.sign == mark::plus;
        return result;
    }
};

template <shape To> struct reshape : sum {
    static constexpr op code = op::reshape;
    static constexpr shape form(const facts&) { return To; }
};

/// Of several expressions, each of which keeps its entries.
struct stack {
    template <class... F> static constexpr attributes what(const F&... x) {
        attributes result{.sign = mark::zero};
        ((result.sign = join(result.sign, x.what.sign), result.curvature = join(result.curvature, x.what.curvature),
          result.quadratic = result.quadratic || x.what.quadratic),
         ...);
        return result;
    }
};
struct hstack : stack {
    static constexpr op code = op::hstack;
    template <class... F> static constexpr shape form(const facts& first, const F&... rest) {
        shape all = dsl::hstacked(first.form);
        ((all = dsl::hstacked(all, rest.form)), ...);
        return all;
    }
};
struct vstack : stack {
    static constexpr op code = op::vstack;
    template <class... F> static constexpr shape form(const facts& first, const F&... rest) {
        shape all = dsl::vstacked(first.form);
        ((all = dsl::vstacked(all, rest.form)), ...);
        return all;
    }
};

} // namespace optnet::kinds

namespace optnet::dsl {

/// "rows<2, 1>(W)".
template <name Word, class E, expr::size... Sizes> consteval auto text_with_sizes() {
    return name_of([](program& p, printer<program>& into) {
        into.append(Word.view());
        const char* between = "<";
        ((into.append(between).size(flatten_size<Sizes>(p)), between = ", "), ...);
        into.append(sizeof...(Sizes) > 0 ? ">(" : "<>(").expression(flatten<E>(p)).append(")");
    });
}

/// "rows(y, ...)".
template <name Word, class E> consteval auto text_with_number() {
    return name_of([](program& p, printer<program>& into) {
        into.append(Word.view()).append("(").expression(flatten<E>(p)).append(", ...)");
    });
}

/// rows<from, to> and cols<from, to>; `Along`: how many rows or columns there are.
template <name Word, template <expr::size, expr::size> class Kind, auto From, auto To, class E>
constexpr auto make_part_of_matrix(const E& e, auto along) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<Word, E>>();
    } else if constexpr (E::form.rank != 2) {
        only_a_matrix_goes_here<text_with_sizes<Word, E, expr::size(From), expr::size(To)>()>();
        return e;
    } else if constexpr (!slice_fits(From, To, along(E::form))) {
        these_rows_or_columns_are_outside<text_with_sizes<Word, E, expr::size(From), expr::size(To)>()>();
        return e;
    } else {
        return make<Kind<expr::size(From), expr::size(To)>>(e);
    }
}

/// rows(W, i) and cols(W, j). An index that the compiler does not see is looked at by the call.
template <name Word, class Kind, class E, class I>
constexpr auto make_line_of_matrix(const E& e, const I& i, auto along) {
    if constexpr (!expr::expression<E>) {
        return refused_by<words_take_expressions<Word, E>>();
    } else if constexpr (E::form.rank != 2) {
        only_a_matrix_goes_here<text_with_number<Word, E>()>();
        return e;
    } else if constexpr (!std::integral<I>) {
        an_index_is_an_integer<text_with_number<Word, E>()>();
        return e;
    } else {
        constexpr expr::size all = along(E::form);
        const bool outside = i < 0 || (all.count == 0 && static_cast<int>(i) >= all.constant);
        if (std::is_constant_evaluated() && outside)
            throw "an index lies outside its matrix: indices go from 0 to the number of rows or columns - 1";
        return make<Kind>(e, expr::number{static_cast<double>(i)});
    }
}

/// True where Word, of a square matrix, has a meaning; states the sentence otherwise.
template <name Word, class Kind, class E> constexpr bool is_square() {
    if constexpr (!expr::expression<E>) {
        words_take_expressions<Word, E>();
        return false;
    } else if constexpr (E::form.rank != 2) {
        only_a_matrix_goes_here<text_of<expr::node<Kind, E>>()>();
        return false;
    } else if constexpr (!agree(E::form.rows, E::form.cols)) {
        this_matrix_is_not_square<text_of<expr::node<Kind, E>>(), shapes_of<E>()>();
        return false;
    } else {
        return true;
    }
}

template <class Kind, name Word, class... E> constexpr auto make_stack(const E&... e) {
    if constexpr (!(expr::expression<E> || ...)) {
        return refused_by<words_take_expressions<Word, pack<E...>>>();
    } else if constexpr (!(operand<E> && ...)) {
        return refused_by<this_is_no_expression<text_of<typename first_expression<E...>::type>()>>();
    } else {
        using made = expr::node<Kind, decltype(as_expression(e))...>;
        if constexpr (made::form.rank < 0) {
            these_shapes_disagree<text_of<made>(), shapes_of<decltype(as_expression(e))...>()>();
            return refused{};
        } else {
            return make<Kind>(as_expression(e)...);
        }
    }
}

/// Whether two shapes may have the same number of entries: false where the compiler sees that they have not.
constexpr bool as_many_entries(const shape& a, const shape& b) {
    const auto is_number = [](const shape& s) { return s.rows.count == 0 && s.cols.count == 0; };
    if (is_number(a) && is_number(b)) return a.rows.constant * a.cols.constant == b.rows.constant * b.cols.constant;
    const expr::size more = a.rows - b.rows;
    return a.rank == 2 || b.rank == 2 || more.count > 0 || more.constant == 0;
}

} // namespace optnet::dsl

namespace optnet::expr {

/// Rows from, ..., to - 1 of a matrix.
template <auto From, auto To, class E> constexpr auto rows(const E& e) {
    return dsl::make_part_of_matrix<dsl::name("rows"), kinds::rows, From, To>(
        e, [](const dsl::shape& s) { return s.rows; });
}
/// Row i of a matrix, a vector.
template <class E, class I> constexpr auto rows(const E& e, const I& i) {
    return dsl::make_line_of_matrix<dsl::name("rows"), kinds::row>(e, i, [](const dsl::shape& s) { return s.rows; });
}

/// Columns from, ..., to - 1 of a matrix.
template <auto From, auto To, class E> constexpr auto cols(const E& e) {
    return dsl::make_part_of_matrix<dsl::name("cols"), kinds::columns, From, To>(
        e, [](const dsl::shape& s) { return s.cols; });
}
/// Column j of a matrix, a vector.
template <class E, class J> constexpr auto cols(const E& e, const J& j) {
    return dsl::make_line_of_matrix<dsl::name("cols"), kinds::column>(e, j, [](const dsl::shape& s) { return s.cols; });
}

/// The sum of the diagonal of a square matrix.
template <class E> constexpr auto trace(const E& e) {
    if constexpr (dsl::is_square<dsl::name("trace"), kinds::trace, E>())
        return dsl::make<kinds::trace>(e);
    else
        return dsl::refused{};
}

/// Of a square matrix its diagonal, a vector; of a vector the matrix with that diagonal.
template <class E> constexpr auto diag(const E& e) {
    if constexpr (!expression<E>) {
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("diag"), E>>();
    } else if constexpr (E::form.rank == 1) {
        return dsl::make<kinds::diagonal>(e);
    } else if constexpr (dsl::is_square<dsl::name("diag"), kinds::diagonal_of, E>()) {
        return dsl::make<kinds::diagonal_of>(e);
    } else {
        return dsl::refused{};
    }
}

/// Vectors and scalars one behind the other, or matrices side by side, as torch does. Numbers may be among them.
template <class... E> constexpr auto hstack(const E&... e) { return dsl::make_stack<kinds::hstack, "hstack">(e...); }

/// Below each other: vectors as rows of a matrix, matrices row by row, as torch does.
template <class... E> constexpr auto vstack(const E&... e) { return dsl::make_stack<kinds::vstack, "vstack">(e...); }

/// The entries of a vector or matrix, row by row, in another shape.
template <auto... Sizes, class E> constexpr auto reshape(const E& e) {
    static_assert(dsl::check_sizes<Sizes...>());
    constexpr dsl::shape to = dsl::make_shape<Sizes...>();
    if constexpr (!expression<E>) {
        return dsl::refused_by<dsl::words_take_expressions<dsl::name("reshape"), E>>();
    } else if constexpr (sizeof...(Sizes) == 0 || !dsl::as_many_entries(to, E::form)) {
        dsl::this_reshape_changes_the_number_of_entries<dsl::text_with_sizes<dsl::name("reshape"), E, size(Sizes)...>(),
                                                        dsl::shapes_of<E>()>();
        return dsl::refused{};
    } else {
        return dsl::make<kinds::reshape<to>>(e);
    }
}

} // namespace optnet::expr
