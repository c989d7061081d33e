// SPDX-License-Identifier: Apache-2.0
#include "torch/range_checks.hpp"

#include "optnet/dsl/print.hpp"
#include "optnet/dsl/size_algebra.hpp"
#include "optnet/torch/error.hpp"
#include "torch/checks.hpp"

#include <charconv>

namespace optnet {
namespace {

std::size_t place(int i) { return static_cast<std::size_t>(i); }

std::string number_text(double value) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return {digits, end};
}

/// A node as the user wrote it, with its numbers.
std::string expression(const dsl::table& problem, std::span<const double> numbers, int node) {
    std::vector<std::string> texts;
    for (const double n : numbers.first(place(problem.number_count))) texts.push_back(number_text(n));
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return std::string(dsl::printer<dsl::table>(problem, views).expression(node).view());
}

std::string size_text(const dsl::table& problem, const sizes& known, const dsl::size_form& size) {
    return size.count == 0 ? std::to_string(known.of(size)) : origin(problem, known, size);
}

/// [2, 3], of the problem's sizes.
std::string shape_text(const sizes& known, const dsl::shape_form& shape) { return optnet::text(known.of(shape)); }

/// The extents of a constant are those of its sizes.
void check_constant(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    const std::span<const double> held = constant(problem, numbers, n.slot);
    const auto check = [&](const dsl::size_form& size, double extent, const char* parts) {
        if (known.of(size) == static_cast<std::int64_t>(extent)) return;
        throw Error("a constant has " + std::to_string(static_cast<std::int64_t>(extent)) + parts + ", but " +
                    size_text(problem, known, size));
    };
    check(n.shape.rows, held[0], n.shape.rank == 1 ? " entries" : " rows");
    check(n.shape.cols, held[1], " columns");
}

/// Whether shapes that no type could compare fit: beside each other where `rank` is 0, else as the operation says.
bool fits(const dsl::table& problem, const sizes& known, const dsl::node& n) {
    const auto argument = [&](int k) -> const dsl::shape_form& {
        return problem.nodes[place(problem.arguments[place(n.first_argument + k)])].shape;
    };
    const auto same = [&](const dsl::size_form& a, const dsl::size_form& b) { return known.of(a) == known.of(b); };
    const dsl::shape_form& a = n.argument_count > 0 ? argument(0) : n.shape;
    const dsl::shape_form& b = n.argument_count > 1 ? argument(1) : a;
    switch (n.code) {
    case dsl::op::multiply: return a.rank == 0 || b.rank == 0 || same(a.cols, b.rows);
    case dsl::op::elementwise:
    case dsl::op::dot: return same(a.rows, b.rows) && same(a.cols, b.cols);
    case dsl::op::trace:
    case dsl::op::diagonal_of: return same(a.rows, a.cols);
    case dsl::op::hstack:
        for (int k = 1; k < n.argument_count && n.shape.rank == 2; ++k)
            if (!same(a.rows, argument(k).rows)) return false;
        return true;
    case dsl::op::vstack:
        for (int k = 0; k < n.argument_count; ++k)
            if (!same(n.shape.cols, argument(k).rank == 2 ? argument(k).cols : argument(k).rows)) return false;
        return true;
    case dsl::op::atom:
        if (n.atom == "quad") return same(a.rows, b.rows) && same(b.rows, b.cols);
        [[fallthrough]];
    case dsl::op::add:
    case dsl::op::divide:
        for (int k = 0; k < n.argument_count; ++k)
            if (n.shape.rank > 0 && argument(k).rank == n.shape.rank &&
                (!same(n.shape.rows, argument(k).rows) || !same(n.shape.cols, argument(k).cols)))
                return false;
        return true;
    default: return true;
    }
}

void check_fit(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    if (fits(problem, known, n)) return;
    std::string shapes;
    for (int k = 0; k < n.argument_count; ++k)
        shapes += (k > 0 ? ", " : "") +
                  shape_text(known, problem.nodes[place(problem.arguments[place(n.first_argument + k)])].shape);
    throw Error("the shapes in " + expression(problem, numbers, node) + " do not fit: " + shapes);
}

void check_sides(const dsl::table& problem, const sizes& known, const dsl::constraint& c) {
    const dsl::shape_form &left = problem.nodes[place(c.left)].shape, &right = problem.nodes[place(c.right)].shape;
    if (left.rank == 0 || right.rank == 0 || known.of(left) == known.of(right)) return;
    throw Error("the sides of " + std::string(dsl::printer<dsl::table>(problem).constraint(c).view()) +
                " do not fit: " + shape_text(known, left) + ", " + shape_text(known, right));
}

/// Nodes of the user's program stand before those that lowering wrote.
bool written_by_user(const dsl::node& n) { return n.code <= dsl::op::atom; }

void check_variable(const dsl::table& problem, const sizes& known, const dsl::declaration& v) {
    for (const dsl::size_form& s : {v.shape.rows, v.shape.cols})
        if (known.of(s) < 0)
            throw Error("variable \"" + std::string(v.name) + "\" has a size below 0: " + size_text(problem, known, s));
}

/// z[i], rows(W, i), cols(W, j).
void check_index(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    const dsl::node& of = problem.nodes[place(problem.arguments[place(n.first_argument)])];
    const dsl::node& i = problem.nodes[place(problem.arguments[place(n.first_argument + 1)])];
    const double index = numbers[place(i.slot)];
    const dsl::size_form& size = n.code == dsl::op::column ? of.shape.cols : of.shape.rows;
    if (index >= 0 && index < static_cast<double>(known.of(size))) return;
    const char* sentence =
        n.code == dsl::op::index ? " lies outside its vector: indices go from 0 to size - 1, and its size is "
        : n.code == dsl::op::row ? " lies outside its matrix: indices go from 0, and the number of rows is "
                                 : " lies outside its matrix: indices go from 0, and the number of columns is ";
    throw Error(expression(problem, numbers, node) + sentence + size_text(problem, known, size));
}

/// slice<from, to>(z), rows<from, to>(W), cols<from, to>(W).
void check_slice(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    const dsl::node& of = problem.nodes[place(problem.arguments[place(n.first_argument)])];
    const dsl::size_form& all = n.code == dsl::op::columns ? of.shape.cols : of.shape.rows;
    const std::int64_t from = known.of(n.from), to = known.of(n.to), size = known.of(all);
    if (from >= 0 && from <= to && to <= size) return;
    const dsl::size_form& culprit = from < 0 ? n.from : to > size && n.to.count == 0 ? all : n.to;
    const char* kind = n.code == dsl::op::slice ? " lies outside its vector of " : " lies outside its matrix of ";
    const char* parts = n.code == dsl::op::slice ? " entries: " : n.code == dsl::op::rows ? " rows: " : " columns: ";
    throw Error(expression(problem, numbers, node) + kind + std::to_string(size) + parts +
                size_text(problem, known, culprit));
}

void check_reshape(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    const dsl::node& of = problem.nodes[place(problem.arguments[place(n.first_argument)])];
    const dsl::size_form before = dsl::entries(of.shape), after = dsl::entries(n.shape);
    if (known.of(before) == known.of(after)) return;
    throw Error(expression(problem, numbers, node) + " has " + std::to_string(known.of(after)) +
                " entries, but what it reshapes has " + std::to_string(known.of(before)) + ": " +
                size_text(problem, known, after.count > 0 ? after : before));
}

/// The k of sum_largest and sum_smallest.
void check_count(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    if (n.atom != "sum_largest" && n.atom != "sum_smallest") return;
    const dsl::node& of = problem.nodes[place(problem.arguments[place(n.first_argument)])];
    const dsl::node& k = problem.nodes[place(problem.arguments[place(n.first_argument + 1)])];
    const std::int64_t entries = known.of(of.shape.rows) * known.of(of.shape.cols);
    if (numbers[place(k.slot)] <= static_cast<double>(entries)) return;
    const dsl::size_form& culprit = of.shape.rows.count > 0 ? of.shape.rows : of.shape.cols;
    throw Error(expression(problem, numbers, node) + " adds up more entries than the " + std::to_string(entries) +
                " there are: " + size_text(problem, known, culprit));
}

} // namespace

void check_ranges(const dsl::table& problem, std::span<const double> numbers, const sizes& known) {
    for (const dsl::declaration& v : problem.variables) check_variable(problem, known, v);
    const bool has_constants = numbers.size() > place(problem.number_count);
    for (std::size_t i = 0; i < problem.nodes.size(); ++i) {
        const dsl::node& n = problem.nodes[i];
        if (!written_by_user(n)) continue;
        if (has_constants) check_fit(problem, numbers, known, static_cast<int>(i));
        switch (n.code) {
        case dsl::op::constant: check_constant(problem, numbers, known, static_cast<int>(i)); break;
        case dsl::op::index:
        case dsl::op::row:
        case dsl::op::column: check_index(problem, numbers, known, static_cast<int>(i)); break;
        case dsl::op::slice:
        case dsl::op::rows:
        case dsl::op::columns: check_slice(problem, numbers, known, static_cast<int>(i)); break;
        case dsl::op::reshape: check_reshape(problem, numbers, known, static_cast<int>(i)); break;
        case dsl::op::atom: check_count(problem, numbers, known, static_cast<int>(i)); break;
        default: break;
        }
        if (known.of(n.shape.rows) < 0 || known.of(n.shape.cols) < 0)
            throw Error(expression(problem, numbers, static_cast<int>(i)) + " has a size below 0: " +
                        size_text(problem, known, known.of(n.shape.rows) < 0 ? n.shape.rows : n.shape.cols));
    }
    for (const dsl::constraint& c : problem.constraints)
        if (has_constants) check_sides(problem, known, c);
}

} // namespace optnet
