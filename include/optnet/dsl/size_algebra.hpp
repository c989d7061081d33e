// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sums and products of symbolic sizes in the flat program.

#include "optnet/dsl/program.hpp"

namespace optnet::dsl {

constexpr void accumulate(size_form& s, const size_form::term& t) {
    const auto before = [](const size_form::term& a, const size_form::term& b) {
        return a.symbol != b.symbol ? a.symbol < b.symbol : a.second < b.second;
    };
    const auto at = [&](int i) -> size_form::term& { return s.terms[static_cast<std::size_t>(i)]; };
    int i = 0;
    while (i < s.count && before(at(i), t)) ++i;
    if (i < s.count && !before(t, at(i))) {
        at(i).coefficient += t.coefficient;
        if (at(i).coefficient != 0) return;
        for (--s.count; i < s.count; ++i) at(i) = at(i + 1);
        at(s.count) = {};
        return;
    }
    if (t.coefficient == 0) return;
    if (s.count == static_cast<int>(s.terms.size()))
        throw "a size has too many terms: give a part of it a dim of its own";
    for (int j = s.count; j > i; --j) at(j) = at(j - 1);
    at(i) = t;
    ++s.count;
}

constexpr size_form number_size(int value) {
    size_form s;
    s.constant = value;
    return s;
}

constexpr size_form plus(size_form a, const size_form& b, int factor = 1) {
    a.constant += factor * b.constant;
    for (int i = 0; i < b.count; ++i) {
        size_form::term t = b.terms[static_cast<std::size_t>(i)];
        t.coefficient *= factor;
        accumulate(a, t);
    }
    return a;
}

constexpr size_form minus(const size_form& a, const size_form& b) { return plus(a, b, -1); }

/// a * b; a product of three symbols has no form.
constexpr size_form product(const size_form& a, const size_form& b) {
    size_form result;
    result.constant = a.constant * b.constant;
    for (int i = 0; i < a.count; ++i) {
        size_form::term t = a.terms[static_cast<std::size_t>(i)];
        t.coefficient *= b.constant;
        accumulate(result, t);
    }
    for (int j = 0; j < b.count; ++j) {
        size_form::term t = b.terms[static_cast<std::size_t>(j)];
        t.coefficient *= a.constant;
        accumulate(result, t);
        for (int i = 0; i < a.count; ++i) {
            const size_form::term &s = a.terms[static_cast<std::size_t>(i)], &u = b.terms[static_cast<std::size_t>(j)];
            if (s.second >= 0 || u.second >= 0) throw "the product of three sizes has no form";
            accumulate(result, {s.symbol < u.symbol ? s.symbol : u.symbol, s.symbol < u.symbol ? u.symbol : s.symbol,
                                s.coefficient * u.coefficient});
        }
    }
    return result;
}

/// Whether a <= b is plain to see, no symbol being negative.
constexpr bool ends_before(const size_form& a, const size_form& b) {
    const size_form gap = minus(b, a);
    bool plain = gap.constant >= 0;
    for (int i = 0; i < gap.count; ++i) plain = plain && gap.terms[static_cast<std::size_t>(i)].coefficient > 0;
    return plain;
}

constexpr size_form entries(const shape_form& s) { return product(s.rows, s.cols); }
constexpr shape_form scalar_shape() { return {}; }
constexpr shape_form vector_shape(const size_form& n) { return {1, n, number_size(1)}; }
constexpr shape_form matrix_shape(const size_form& m, const size_form& n) { return {2, m, n}; }
constexpr bool is_one(const size_form& s) { return s.count == 0 && s.constant == 1; }

} // namespace optnet::dsl
