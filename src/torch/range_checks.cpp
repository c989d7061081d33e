// SPDX-License-Identifier: Apache-2.0
#include "torch/range_checks.hpp"

#include "optnet/dsl/print.hpp"
#include "optnet/dsl/size_algebra.hpp"
#include "optnet/torch/error.hpp"

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
    for (const double n : numbers) texts.push_back(number_text(n));
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return std::string(dsl::printer<dsl::table>(problem, views).expression(node).view());
}

std::string size_text(const dsl::table& problem, const sizes& known, const dsl::size_form& size) {
    return size.count == 0 ? std::to_string(known.of(size)) : origin(problem, known, size);
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
    for (std::size_t i = 0; i < problem.nodes.size(); ++i) {
        const dsl::node& n = problem.nodes[i];
        if (!written_by_user(n)) continue;
        switch (n.code) {
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
}

} // namespace optnet
