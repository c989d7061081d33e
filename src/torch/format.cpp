// SPDX-License-Identifier: Apache-2.0
#include "optnet/torch/format.hpp"

#include "optnet/dsl/outline.hpp"
#include "optnet/solver/solve.hpp"

namespace optnet {
namespace {

/// The last word of `explain`'s last line, "chosen: form D".
std::string chosen_form(const solver::structure& shape) {
    std::string text = solver::explain(shape, true);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.substr(text.find_last_of(' ') + 1);
}

} // namespace

std::string describe_table(const dsl::table& problem, std::span<const double> numbers) {
    const dsl::description text(problem, numbers);
    std::string all = text.mathematics() + text.blocks();
    if (problem.symbols.empty())
        return all + "solver, for matrices shared by the batch\n" + solver::explain(dsl::outline(problem, {}), true);
    all += "solver form, for matrices shared by the batch:";
    for (const int size : {10, 100, 1000}) {
        const std::vector<int> sizes(problem.symbols.size(), size);
        all += fmt::format("{} {} where every size is {}", size == 10 ? "" : ",",
                           chosen_form(dsl::outline(problem, sizes)), size);
    }
    return all + "\n";
}

} // namespace optnet
