// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/long_rows.hpp"

#include <algorithm>
#include <span>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A row of G with at most this many entries goes into R: it costs the square of that in every assembly.
constexpr int few = 6;

} // namespace

early_and_late choose_long_rows(sparse_pattern& x, factored how) {
    early_and_late chosen{std::vector<char>(at(x.m), 0), std::vector<char>(at(x.n), 0)};
    std::vector<char> in_q(at(x.n), 0), seen(at(x.n), 0);
    std::vector<char>& late = chosen.late;
    for (int j = 0; j < x.n; ++j)
        for (int k = x.q.start[at(j)]; k < x.q.start[at(j + 1)]; ++k)
            if (x.q.col[at(k)] == j) in_q[at(j)] = 1;
    const auto row = [&](int i) {
        return std::span(x.g.col).subspan(at(x.g.start[at(i)]), at(x.g.start[at(i + 1)] - x.g.start[at(i)]));
    };
    std::vector<int> hold_free; // long rows with a variable that Q does not touch
    int variables = 0, free = 0;
    for (int i = 0; i < x.m; ++i) {
        if (row(i).size() <= few) continue;
        if (std::ranges::all_of(row(i), [&](int j) { return in_q[at(j)] != 0; })) {
            x.long_rows.push_back(i);
            continue;
        }
        hold_free.push_back(i);
        for (const int j : row(i)) {
            if (seen[at(j)]) continue;
            seen[at(j)] = 1;
            ++variables;
            late[at(j)] = in_q[at(j)] ? 0 : 1;
            free += late[at(j)];
        }
    }
    // In R, or first, they make their variables neighbours of each other, in E themselves and their free variables.
    const bool many = static_cast<std::int64_t>(hold_free.size()) + free >= variables;
    if (many) std::fill(late.begin(), late.end(), char(0));
    if (many && how != factored::alone) return chosen;
    if (many)
        for (const int i : hold_free) chosen.early[at(i)] = 1;
    x.long_rows.insert(x.long_rows.end(), hold_free.begin(), hold_free.end());
    std::sort(x.long_rows.begin(), x.long_rows.end());
    return chosen;
}

} // namespace optnet::solver
