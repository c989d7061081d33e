// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sizes and shapes as values of the type system: a size is a linear form in named symbols, a shape has up to two sizes.

#include "optnet/dsl/name.hpp"

#include <concepts>
#include <string_view>
#include <type_traits>

namespace optnet::dsl {

/// The name of a size, of fixed capacity so that sizes can be template arguments.
struct symbol {
    static constexpr std::size_t capacity = 24;
    char text[capacity]{};

    constexpr std::string_view view() const {
        std::size_t n = 0;
        while (n < capacity && text[n] != '\0') ++n;
        return {text, n};
    }
    friend constexpr bool operator==(const symbol&, const symbol&) = default;
};

} // namespace optnet::dsl

namespace optnet::expr {

/// constant + sum of coefficient * symbol, terms ordered by name and none of them zero: equal sizes have equal members.
struct size {
    struct term {
        dsl::symbol of;
        int coefficient = 0;
        friend constexpr bool operator==(const term&, const term&) = default;
    };
    static constexpr int most_terms = 4;
    int constant = 0;
    int count = 0;
    term terms[most_terms]{};

    constexpr size() = default;
    template <std::integral I> constexpr size(I value) : constant(static_cast<int>(value)) {}

    constexpr void add(const dsl::symbol& which, int coefficient) {
        int at = 0;
        while (at < count && terms[at].of.view() < which.view()) ++at;
        if (at < count && terms[at].of == which) {
            terms[at].coefficient += coefficient;
            if (terms[at].coefficient != 0) return;
            for (--count; at < count; ++at) terms[at] = terms[at + 1];
            terms[count] = {};
            return;
        }
        if (coefficient == 0) return;
        if (count == most_terms) throw "a size may name at most four symbols: give this sum a dim of its own";
        for (int i = count; i > at; --i) terms[i] = terms[i - 1];
        terms[at] = {which, coefficient};
        ++count;
    }
    friend constexpr bool operator==(const size&, const size&) = default;
};

/// A size with a name, known at the first call. A symbol equals only itself.
template <dsl::name N> struct dim {
    static_assert(sizeof(N.text) <= dsl::symbol::capacity, "the name of a dim has at most 23 characters");
    constexpr operator size() const {
        size result;
        dsl::symbol which;
        std::copy_n(N.text, sizeof(N.text), which.text);
        result.add(which, 1);
        return result;
    }
};

constexpr size operator*(int factor, size s) {
    size result(factor * s.constant);
    for (int i = 0; i < s.count; ++i) result.add(s.terms[i].of, factor * s.terms[i].coefficient);
    return result;
}
constexpr size operator*(size s, int factor) { return factor * s; }
constexpr size operator+(size a, size b) {
    a.constant += b.constant;
    for (int i = 0; i < b.count; ++i) a.add(b.terms[i].of, b.terms[i].coefficient);
    return a;
}
constexpr size operator-(size a, size b) { return a + (-1) * b; }

} // namespace optnet::expr

namespace optnet::dsl {

/// rank 0: a scalar, rows = cols = 1. rank 1: a vector of `rows`, cols = 1. rank 2: a matrix.
struct shape {
    int rank = 0;
    expr::size rows{1}, cols{1};
    friend constexpr bool operator==(const shape&, const shape&) = default;
};

/// Whether a size holds an extent that only the run of the program knows, of a constant whose type does not say it.
/// Such an extent is the symbol "?" in types and one of its own, "?1", "?2", ..., in the flat program.
constexpr bool is_open(const expr::size& s) {
    for (int i = 0; i < s.count; ++i)
        if (s.terms[i].of.text[0] == '?') return true;
    return false;
}
constexpr bool is_open(const shape& s) { return is_open(s.rows) || is_open(s.cols); }

/// Equal as far as types tell; what is open is compared by the call.
constexpr bool agree(const expr::size& a, const expr::size& b) { return a == b || is_open(a) || is_open(b); }
constexpr bool agree(const shape& a, const shape& b) {
    return a.rank == b.rank && agree(a.rows, b.rows) && agree(a.cols, b.cols);
}

/// An integer or a size made of dims.
template <class S>
concept size_like = std::convertible_to<S, expr::size>;

/// Stands in the class of whatever has sizes, so that the sentence comes with the declaration.
template <auto... Sizes> constexpr bool check_sizes() {
    static_assert(sizeof...(Sizes) <= 2, "a variable or parameter has at most two sizes: a matrix");
    static_assert((size_like<decltype(Sizes)> && ...), "a size is an integer or made of dims");
    return true;
}

template <auto... Sizes> constexpr shape make_shape() {
    shape result{static_cast<int>(sizeof...(Sizes))};
    if constexpr (sizeof...(Sizes) <= 2 && (size_like<decltype(Sizes)> && ...)) {
        const expr::size sizes[] = {expr::size(Sizes)..., expr::size(1), expr::size(1)};
        result.rows = sizes[0];
        result.cols = sizes[1];
    }
    return result;
}

/// The shape of a + b, a <= b, max(a, b): equal shapes, or one of them a scalar. rank -1: they disagree.
constexpr shape broadcast(const shape& a, const shape& b) {
    if (a == b || b.rank == 0) return a;
    if (a.rank == 0) return b;
    if (!agree(a, b)) return shape{-1};
    return {a.rank, is_open(a.rows) ? b.rows : a.rows, is_open(a.cols) ? b.cols : a.cols};
}

/// The shape of sum<dimension>(a): 0 leaves the columns of a matrix, 1 its rows.
constexpr shape reduced(const shape& a, int dimension) { return {1, dimension == 0 ? a.cols : a.rows}; }

/// The shape of hstack(a, b): vectors and scalars one behind the other, or matrices column by column; rank -1: they
/// disagree. With nothing, as a vector or a matrix.
constexpr shape hstacked(const shape& a) { return {a.rank < 1 ? 1 : a.rank, a.rows, a.cols}; }
constexpr shape hstacked(const shape& a, const shape& b) {
    if (a.rank == 2 && b.rank == 2 && agree(a.rows, b.rows))
        return {2, is_open(a.rows) ? b.rows : a.rows, a.cols + b.cols};
    return a.rank == 1 && b.rank < 2 ? shape{1, a.rows + b.rows} : shape{-1};
}

/// The shape of vstack(a, b): rows below each other, where a vector is a row and a scalar a row of one entry; rank -1:
/// they disagree.
constexpr shape vstacked(const shape& a) { return a.rank == 2 ? a : shape{2, 1, a.rows}; }
constexpr shape vstacked(const shape& a, const shape& b) {
    const shape below = vstacked(b);
    if (a.rank != 2 || !agree(a.cols, below.cols)) return shape{-1};
    return {2, a.rows + below.rows, is_open(a.cols) ? below.cols : a.cols};
}

/// The shape of a * b; rank -1 where there is none.
constexpr shape product(const shape& a, const shape& b) {
    if (a.rank == 0) return b;
    if (b.rank == 0) return a;
    if (a.rank != 2 || !agree(a.cols, b.rows)) return shape{-1};
    return b.rank == 1 ? shape{1, a.rows} : shape{2, a.rows, b.cols};
}

} // namespace optnet::dsl
