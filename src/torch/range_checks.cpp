// SPDX-License-Identifier: Apache-2.0
#include "torch/range_checks.hpp"

#include "optnet/dsl/print.hpp"
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

void check_index(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    const dsl::node& of = problem.nodes[place(problem.arguments[place(n.first_argument)])];
    const dsl::node& i = problem.nodes[place(problem.arguments[place(n.first_argument + 1)])];
    const double index = numbers[place(i.slot)];
    if (index >= 0 && index < static_cast<double>(known.of(of.shape.rows))) return;
    throw Error(expression(problem, numbers, node) +
                " lies outside its vector: indices go from 0 to size - 1, and its size is " +
                size_text(problem, known, of.shape.rows));
}

void check_slice(const dsl::table& problem, std::span<const double> numbers, const sizes& known, int node) {
    const dsl::node& n = problem.nodes[place(node)];
    const dsl::node& of = problem.nodes[place(problem.arguments[place(n.first_argument)])];
    const std::int64_t from = known.of(n.from), to = known.of(n.to), size = known.of(of.shape.rows);
    if (from >= 0 && from <= to && to <= size) return;
    const dsl::size_form& culprit = from < 0 ? n.from : to > size && n.to.count == 0 ? of.shape.rows : n.to;
    throw Error(expression(problem, numbers, node) + " lies outside its vector of " + std::to_string(size) +
                " entries: " + size_text(problem, known, culprit));
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
        if (n.code == dsl::op::index) check_index(problem, numbers, known, static_cast<int>(i));
        if (n.code == dsl::op::atom) check_count(problem, numbers, known, static_cast<int>(i));
        if (n.code == dsl::op::slice) check_slice(problem, numbers, known, static_cast<int>(i));
        if (known.of(n.shape.rows) < 0 || known.of(n.shape.cols) < 0)
            throw Error(expression(problem, numbers, static_cast<int>(i)) + " has a size below 0: " +
                        size_text(problem, known, known.of(n.shape.rows) < 0 ? n.shape.rows : n.shape.cols));
    }
}

} // namespace optnet
