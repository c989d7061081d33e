// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/shallow_order.hpp"

#include <algorithm>
#include <set>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// What is left of the pattern, with the fill of what is gone.
class graph {
public:
    graph(int size, const std::vector<std::pair<int, int>>& edges) : of(at(size)) {
        for (const auto& [a, b] : edges) {
            of[at(a)].insert(b);
            of[at(b)].insert(a);
        }
    }
    std::int64_t degree(int i) const { return static_cast<std::int64_t>(of[at(i)].size()); }
    const std::set<int>& neighbours(int i) const { return of[at(i)]; }
    void eliminate(int i) {
        const std::set<int> around = std::move(of[at(i)]);
        of[at(i)].clear();
        for (const int a : around) {
            of[at(a)].erase(i);
            for (const int b : around)
                if (a != b) of[at(a)].insert(b);
        }
    }

private:
    std::vector<std::set<int>> of;
};

} // namespace

std::vector<int> shallow_order(int size, const std::vector<std::pair<int, int>>& edges, std::int64_t most_entries) {
    graph rest(size, edges);
    std::vector<int> order, left(at(size)), next;
    for (int i = 0; i < size; ++i) left[at(i)] = i;
    std::vector<int> taken(at(size), -1); // the round that a node or one of its neighbours goes in
    std::int64_t entries = 0;
    for (int round = 0; !left.empty(); ++round) {
        std::int64_t degrees = 0;
        for (const int i : left) degrees += rest.degree(i);
        // Those of at most the mean degree, those of the least first: what has many neighbours waits, since it would
        // make all of them neighbours of each other.
        const auto count = static_cast<std::int64_t>(left.size()), mean = (degrees + count - 1) / count;
        std::sort(left.begin(), left.end(), [&](int a, int b) {
            return rest.degree(a) != rest.degree(b) ? rest.degree(a) < rest.degree(b) : a < b;
        });
        const auto first = static_cast<std::ptrdiff_t>(order.size());
        next.clear();
        for (const int i : left) {
            if (taken[at(i)] == round || rest.degree(i) > mean) {
                next.push_back(i);
                continue;
            }
            order.push_back(i);
            entries += rest.degree(i);
            for (const int j : rest.neighbours(i)) taken[at(j)] = round;
        }
        if (entries > most_entries) return {};
        std::for_each(order.begin() + first, order.end(), [&](int i) { rest.eliminate(i); });
        left.swap(next);
    }
    return order;
}

} // namespace optnet::solver
