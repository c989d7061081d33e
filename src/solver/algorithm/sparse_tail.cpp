// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/sparse_tail.hpp"

#include <algorithm>
#include <utility>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A dense factorization of the last columns, from so many on, takes this share of the time for an operation, and that
/// of so many to begin with. Columns before them may go along, with all rows up to their last one.
constexpr int least_tail = 16;
constexpr double dense_time = 1.0 / 6, dense_start = 5000;
double one_by_one(double entries) { return 0.5 * entries * (entries + 3); }
double going_along(double last) { return 0.5 * dense_time * last * last + 3 * last; }

/// The first of the last columns of L that are full.
int full_columns(const sparse_pattern& x, const std::vector<int>& below) {
    int first = x.size;
    while (first > 0 && below[at(first - 1)] == x.size - first) --first;
    return first;
}

/// The first of those that are the cheapest to be filled up; `last` is each column's last row.
int cheapest_columns(const sparse_pattern& x, const std::vector<int>& below, const std::vector<int>& last) {
    double least = 0;
    for (int i = 0; i < x.size; ++i) least += one_by_one(below[at(i)]);
    int best = x.size;
    std::vector<int> in_tail(at(x.size), 0); // entries of each column there
    for (int first = x.size - 1; first >= 0; --first) {
        for (int e = x.row_start[at(first)]; e < x.row_start[at(first + 1)]; ++e) ++in_tail[at(x.row_col[at(e)])];
        const int columns = x.size - first;
        if (columns < least_tail || columns % 8 != 0) continue;
        double cost = dense_start + dense_time * columns * columns * columns / 6.0;
        if (cost > least) break;
        for (int i = 0; i < first; ++i) {
            const double above = below[at(i)] - in_tail[at(i)];
            cost += std::min(one_by_one(below[at(i)]),
                             going_along(last[at(i)] + 1 - first) + above * (above + in_tail[at(i)]));
        }
        if (cost < least) {
            least = cost;
            best = first;
        }
    }
    return best;
}

} // namespace

void find_tail(sparse_pattern& x, bool filled) {
    std::vector<int> below(at(x.size), 0), last(at(x.size), -1);
    for (int k = 0; k < x.size; ++k)
        for (int e = x.row_start[at(k)]; e < x.row_start[at(k + 1)]; ++e) {
            ++below[at(x.row_col[at(e)])];
            last[at(x.row_col[at(e)])] = k;
        }
    x.tail = filled ? cheapest_columns(x, below, last) : full_columns(x, below);
    if (x.size - x.tail < least_tail) x.tail = x.size;
    if (x.tail == x.size) return;
    std::vector<int> rows(at(x.tail), 0);
    std::vector<int> start(x.row_start.begin(), x.row_start.begin() + x.tail + 1);
    std::vector<int> col(x.row_col.begin(), x.row_col.begin() + start.back());
    for (int k = x.tail; k < x.size; ++k) {
        for (int e = x.row_start[at(k)]; e < x.row_start[at(k + 1)] && x.row_col[at(e)] < x.tail; ++e) {
            ++rows[at(x.row_col[at(e)])];
            col.push_back(x.row_col[at(e)]);
        }
        for (int i = x.tail; i < k; ++i) col.push_back(i);
        start.push_back(static_cast<int>(col.size()));
    }
    x.row_start.swap(start);
    x.row_col.swap(col);
    std::vector<std::pair<int, int>> along; // (rows up to the last one, column)
    for (int i = 0; i < x.tail; ++i)
        if (rows[at(i)] > 0 && going_along(last[at(i)] + 1 - x.tail) < one_by_one(rows[at(i)]))
            along.emplace_back(last[at(i)] + 1 - x.tail, i);
    std::sort(along.begin(), along.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    x.along.assign(at(x.tail), -1);
    for (const auto& e : along) {
        x.along[at(e.second)] = static_cast<int>(x.panel_end.size());
        x.panel_end.push_back(e.first);
    }
}

} // namespace optnet::solver
