// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operations that are affine in the variables or act on parameters alone: for each its shape, its sign, curvature
// and definiteness. Arguments have been checked by the operators. Operations with a graph form have files in dsl/atoms.

#include "optnet/dsl/program.hpp"
#include "optnet/dsl/shape.hpp"

namespace optnet::dsl {

/// What the compiler knows of an argument.
struct facts {
    shape form;
    attributes what;
    bool has_variables = false, has_numbers = false;
};

/// Parameters alone are affine whatever is done to them.
constexpr attributes without_curvature_of_data(attributes a, bool has_variables) {
    if (has_variables) return a;
    a.curvature = mark::zero;
    a.quadratic = false;
    return a;
}

/// Of a product: the sign of one factor decides how the curvature of the other comes out.
constexpr attributes product_attributes(const attributes& a, const attributes& b) {
    return {.sign = times(a.sign, b.sign),
            .curvature = join(times(a.sign, b.curvature), times(b.sign, a.curvature)),
            .psd = false,
            .quadratic = a.quadratic || b.quadratic};
}

} // namespace optnet::dsl

/// Types only: template arguments of nodes, whose namespace is searched for functions.
namespace optnet::kinds {

using dsl::attributes;
using dsl::facts;
using dsl::mark;
using dsl::op;
using dsl::shape;

/// Shape, sign and curvature of the argument.
template <op Code> struct same {
    static constexpr op code = Code;
    static constexpr shape form(const facts& a) { return a.form; }
    static constexpr attributes what(const facts& a) { return a.what; }
};

struct add {
    static constexpr op code = op::add;
    static constexpr shape form(const facts& a, const facts& b) { return broadcast(a.form, b.form); }
    static constexpr attributes what(const facts& a, const facts& b) {
        return {.sign = join(a.what.sign, b.what.sign),
                .curvature = join(a.what.curvature, b.what.curvature),
                .psd = a.what.psd && b.what.psd,
                .quadratic = a.what.quadratic || b.what.quadratic};
    }
};

struct negate {
    static constexpr op code = op::negate;
    static constexpr shape form(const facts& a) { return a.form; }
    static constexpr attributes what(const facts& a) {
        return {.sign = flip(a.what.sign),
                .curvature = flip(a.what.curvature),
                .psd = false,
                .quadratic = a.what.quadratic};
    }
};

struct multiply {
    static constexpr op code = op::multiply;
    static constexpr shape form(const facts& a, const facts& b) { return product(a.form, b.form); }
    static constexpr attributes what(const facts& a, const facts& b) {
        attributes result = product_attributes(a.what, b.what);
        result.psd = (a.form.rank == 0 && a.what.sign == mark::plus && b.what.psd) ||
                     (b.form.rank == 0 && b.what.sign == mark::plus && a.what.psd);
        return result;
    }
};

/// A product of the pattern T(B) * P * B or L * T(L), which the operator has recognized.
struct psd_multiply : multiply {
    static constexpr attributes what(const facts& a, const facts& b) {
        attributes result = multiply::what(a, b);
        result.psd = true;
        return result;
    }
};

struct elementwise {
    static constexpr op code = op::elementwise;
    static constexpr shape form(const facts& a, const facts&) { return a.form; }
    static constexpr attributes what(const facts& a, const facts& b) { return product_attributes(a.what, b.what); }
};

struct divide {
    static constexpr op code = op::divide;
    static constexpr shape form(const facts& a, const facts& b) { return broadcast(a.form, b.form); }
    static constexpr attributes what(const facts& a, const facts& b) {
        return {.sign = times(a.what.sign, b.what.sign),
                .curvature = times(b.what.sign, a.what.curvature),
                .psd = a.what.psd && b.form.rank == 0 && b.what.sign == mark::plus,
                .quadratic = a.what.quadratic};
    }
};

struct dot {
    static constexpr op code = op::dot;
    static constexpr shape form(const facts&, const facts&) { return {}; }
    static constexpr attributes what(const facts& a, const facts& b) { return product_attributes(a.what, b.what); }
};

struct sum {
    static constexpr op code = op::sum;
    static constexpr shape form(const facts&) { return {}; }
    static constexpr attributes what(const facts& a) {
        return {.sign = a.what.sign, .curvature = a.what.curvature, .psd = false, .quadratic = a.what.quadratic};
    }
};

/// Of every column (dimension 0) or row (dimension 1) of a matrix.
template <int Dimension> struct sum_over : sum {
    static constexpr op code = op::sum_over;
    static constexpr expr::size from = Dimension, to = Dimension;
    static constexpr shape form(const facts& a) { return reduced(a.form, Dimension); }
};

struct mean : sum {
    static constexpr op code = op::mean;
};

template <int Dimension> struct mean_over : sum_over<Dimension> { static constexpr op code = op::mean_over; };

struct transpose : same<op::transpose> {
    static constexpr shape form(const facts& a) { return {a.form.rank, a.form.cols, a.form.rows}; }
};

struct index : sum {
    static constexpr op code = op::index;
    static constexpr shape form(const facts&, const facts&) { return {}; }
    static constexpr attributes what(const facts& a, const facts&) { return sum::what(a); }
};

template <expr::size From, expr::size To> struct slice : same<op::slice> {
    static constexpr expr::size from = From, to = To;
    static constexpr shape form(const facts&) { return {1, To - From}; }
};

using cumsum = same<op::cumsum>;

struct diff {
    static constexpr op code = op::diff;
    static constexpr shape form(const facts& a) { return {1, a.form.rows - 1}; }
    static constexpr attributes what(const facts& a) {
        return {.sign = mark::any,
                .curvature = times(mark::any, a.what.curvature),
                .psd = false,
                .quadratic = a.what.quadratic};
    }
};

/// A function of parameters alone, entry by entry, of known sign.
template <op Code, mark Sign> struct function {
    static constexpr op code = Code;
    static constexpr shape form(const facts& a) { return a.form; }
    static constexpr attributes what(const facts&) { return {.sign = Sign}; }
};

using exp = function<op::exp, mark::plus>;
using log = function<op::log, mark::any>;
using sqrt = function<op::sqrt, mark::plus>;
using softplus = function<op::softplus, mark::plus>;
using sigmoid = function<op::sigmoid, mark::plus>;
using tanh = function<op::tanh, mark::any>;

} // namespace optnet::kinds
