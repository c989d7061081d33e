// SPDX-License-Identifier: Apache-2.0
#include "solver/algorithm/sparse_pattern.hpp"

#include "solver/algorithm/entries.hpp"
#include "solver/algorithm/long_rows.hpp"
#include "solver/algorithm/shallow_order.hpp"
#include "solver/algorithm/sparse_tail.hpp"

#include <Eigen/OrderingMethods>
#include <Eigen/SparseCore>

#include <algorithm>
#include <limits>
#include <mutex>
#include <numeric>
#include <span>
#include <utility>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr std::size_t most_cached = 64;
/// Entries of the products of R, or of L, beyond which a problem is not sparse.
constexpr double most_entries = 3e7;

using entry = std::pair<int, int>;

bool symmetric(const block& b) {
    return b.row == b.col && b.rows == b.cols && b.kind != block_kind::banded && b.kind != block_kind::sparse;
}

/// f(i, j) in the order of `operators::each`.
template <class F> void each_place(const structure& s, matrix where, const F& f) {
    for (const block& b : s.blocks) {
        if (b.where != where) continue;
        const bool half = where == matrix::Q && !symmetric(b);
        each_position(b, [&](int i, int j) {
            f(b.row + i, b.col + j);
            if (half) f(b.col + j, b.row + i);
        });
    }
}

/// The length of every row, -1 where they differ.
int common_width(const std::vector<int>& start) {
    const int width = start.size() < 2 ? -1 : start[1];
    for (std::size_t i = 1; i < start.size(); ++i)
        if (start[i] - start[i - 1] != width) return -1;
    return width;
}

/// The distinct entries by rows, and where each of the given ones went.
void gather(const structure& s, matrix where, int rows, sparse_rows& to, std::vector<int>& where_to) {
    std::vector<entry> all;
    each_place(s, where, [&](int i, int j) { all.emplace_back(i, j); });
    std::vector<entry> sorted = all;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    to.start.assign(at(rows + 1), 0);
    for (const entry& x : sorted) {
        ++to.start[at(x.first + 1)];
        to.col.push_back(x.second);
    }
    std::partial_sum(to.start.begin(), to.start.end(), to.start.begin());
    to.width = common_width(to.start);
    for (const entry& x : all)
        where_to.push_back(static_cast<int>(std::lower_bound(sorted.begin(), sorted.end(), x) - sorted.begin()));
}

/// `each` calls f(line, at, from) for every entry; those of a line keep that order.
template <class Each> void list(int count, const Each& each, sparse_lists& to) {
    to.start.assign(at(count + 1), 0);
    each([&](int line, int, int) { ++to.start[at(line + 1)]; });
    std::partial_sum(to.start.begin(), to.start.end(), to.start.begin());
    to.width = common_width(to.start);
    to.at.resize(at(to.start.back()));
    to.from.resize(to.at.size());
    std::vector<int> next(to.start.begin(), to.start.end() - 1);
    each([&](int line, int place, int from) {
        const std::size_t e = at(next[at(line)]++);
        to.at[e] = place;
        to.from[e] = from;
    });
}

void list_columns(sparse_pattern& x) {
    const auto columns = [&](const sparse_rows& rows, bool only_r, sparse_lists& to) {
        const int count = static_cast<int>(rows.start.size()) - 1;
        list(
            x.n,
            [&](const auto& f) {
                for (int i = 0; i < count; ++i)
                    for (int e = rows.start[at(i)]; (!only_r || x.in_r(i)) && e < rows.start[at(i + 1)]; ++e)
                        f(rows.col[at(e)], i, e);
            },
            to);
    };
    columns(x.a, false, x.a_columns);
    columns(x.g, false, x.g_columns);
    if (!x.long_rows.empty()) columns(x.g, true, x.r_columns);
    const int products = static_cast<int>(x.product.size());
    list(
        static_cast<int>(x.row.size()),
        [&](const auto& f) {
            for (int i = 0; i < x.m; ++i) {
                for (int e = x.product_start[at(i)]; e < x.product_start[at(i + 1)]; ++e) f(x.product[at(e)], i, e);
                for (int e = x.g.start[at(i)]; !x.in_r(i) && e < x.g.start[at(i + 1)]; ++e)
                    f(x.g_place[at(e)], i, products + e);
            }
        },
        x.sums);
}

/// Nodes of K are z, then ν, then rows of E; f(a, b) for every entry off the diagonal, once or more.
template <class F> void each_edge(const sparse_pattern& x, const std::vector<int>& node, const F& f) {
    for (int i = 0; i < x.n; ++i)
        for (int k = x.q.start[at(i)]; k < x.q.start[at(i + 1)]; ++k)
            if (x.q.col[at(k)] < i) f(i, x.q.col[at(k)]);
    for (int i = 0; i < x.p; ++i)
        for (int k = x.a.start[at(i)]; k < x.a.start[at(i + 1)]; ++k) f(x.n + i, x.a.col[at(k)]);
    for (int i = 0; i < x.m; ++i)
        for (int k = x.g.start[at(i)]; k < x.g.start[at(i + 1)]; ++k) {
            if (node[at(i)] >= 0) {
                f(node[at(i)], x.g.col[at(k)]);
                continue;
            }
            for (int l = x.g.start[at(i)]; l < k; ++l) f(x.g.col[at(k)], x.g.col[at(l)]);
        }
}

/// The place of every node if those z come first that have no neighbour before them; that changes nothing else.
std::vector<int> leaves_first(sparse_pattern& x, const std::vector<int>& node, std::span<const int> order) {
    std::vector<int> position(at(x.size));
    for (int k = 0; k < x.size; ++k) position[at(order[at(k)])] = k;
    std::vector<char> leaf(at(x.size), 0);
    std::fill_n(leaf.begin(), x.n, char(1));
    each_edge(x, node, [&](int a, int b) { leaf[at(position[at(a)] > position[at(b)] ? a : b)] = 0; });
    x.leaves = static_cast<int>(std::count(leaf.begin(), leaf.end(), 1));
    // Among themselves in their own order, which is that of memory.
    int first = 0, other = x.leaves;
    for (int j = 0; j < x.n; ++j)
        if (leaf[at(j)] != 0) position[at(j)] = first++;
    for (const int k : order)
        if (leaf[at(k)] == 0) position[at(k)] = other++;
    return position;
}

/// The rows of L for K's upper triangle as it stands in `x`.
void factor_rows(sparse_pattern& x) {
    const int size = x.size;
    std::vector<int> parent(at(size), -1), mark(at(size), -1);
    x.row_start.assign(at(size + 1), 0);
    x.row_col.clear();
    for (int k = 0; k < size; ++k) {
        mark[at(k)] = k;
        const auto first = x.row_col.end() - x.row_col.begin();
        for (int e = x.start[at(k)]; e < x.start[at(k + 1)] - 1; ++e)
            for (int i = x.row[at(e)]; mark[at(i)] != k; i = parent[at(i)]) {
                if (parent[at(i)] < 0) parent[at(i)] = k;
                mark[at(i)] = k;
                x.row_col.push_back(i);
            }
        std::sort(x.row_col.begin() + first, x.row_col.end());
        x.possible = static_cast<double>(x.row_col.size()) <= most_entries;
        if (!x.possible) return;
        x.row_start[at(k + 1)] = static_cast<int>(x.row_col.size());
    }
}

/// The pattern of L.
void factor_pattern(sparse_pattern& x, bool filled) {
    const int size = x.size;
    factor_rows(x);
    if (!x.possible) return;
    find_tail(x, filled);
    std::vector<int> count(at(size), 0);
    for (const int c : x.row_col) ++count[at(c)];
    x.l_start.assign(at(size + 1), 0);
    std::partial_sum(count.begin(), count.end(), x.l_start.begin() + 1);
    x.l_row.assign(x.row_col.size(), 0);
    x.row_place.resize(x.row_col.size());
    std::vector<int> next(x.l_start.begin(), x.l_start.end() - 1);
    for (int k = 0; k < size; ++k)
        for (int e = x.row_start[at(k)]; e < x.row_start[at(k + 1)]; ++e) {
            const int to = next[at(x.row_col[at(e)])]++;
            x.row_place[at(e)] = to;
            x.l_row[at(to)] = k;
        }
    for (int i = 0; i < x.tail; ++i) {
        const auto first = x.l_row.begin() + x.l_start[at(i)], last = x.l_row.begin() + x.l_start[at(i + 1)];
        x.tail_place.push_back(static_cast<int>(std::lower_bound(first, last, x.tail) - x.l_row.begin()));
    }
    x.direct.assign(at(size), 0);
    for (int k = 0; k < size; ++k) {
        bool direct = x.row_start[at(k + 1)] - x.row_start[at(k)] == x.start[at(k + 1)] - x.start[at(k)] - 1;
        for (int e = x.row_start[at(k)]; direct && e < x.row_start[at(k + 1)]; ++e)
            direct = x.row_place[at(e)] == x.l_start[at(x.row_col[at(e)])];
        x.direct[at(k)] = direct ? 1 : 0;
    }
}

/// Approximate minimum degree, which leaves dense rows to the end.
std::vector<int> least_fill(const sparse_pattern& x, const std::vector<int>& node) {
    std::vector<Eigen::Triplet<double>> edges;
    edges.reserve(at(x.size));
    for (int i = 0; i < x.size; ++i) edges.emplace_back(i, i, 1.0);
    each_edge(x, node, [&](int a, int b) {
        edges.emplace_back(a, b, 1.0);
        edges.emplace_back(b, a, 1.0);
    });
    Eigen::SparseMatrix<double> graph(x.size, x.size);
    graph.setFromTriplets(edges.begin(), edges.end());
    Eigen::PermutationMatrix<Eigen::Dynamic, Eigen::Dynamic, int> order;
    if (x.size > 0) Eigen::AMDOrdering<int>()(graph, order);
    return {order.indices().data(), order.indices().data() + order.size()};
}

/// `find_order(x, node)` is the order of elimination; empty ends the analysis.
template <class Order>
std::shared_ptr<const sparse_pattern> make(const structure& s, const Order& find_order, factored how) {
    auto made = std::make_shared<sparse_pattern>();
    sparse_pattern& x = *made;
    x.n = s.n;
    x.p = s.p;
    x.m = s.m;
    gather(s, matrix::Q, s.n, x.q, x.q_entry);
    gather(s, matrix::A, s.p, x.a, x.a_entry);
    gather(s, matrix::G, s.m, x.g, x.g_entry);
    std::vector<int> node(at(s.m), -1);
    x.size = s.n + s.p;
    const early_and_late chosen = choose_long_rows(x, how);
    for (const int i : x.long_rows) node[at(i)] = x.size++;
    double products = 0;
    for (int i = 0; i < s.m; ++i) {
        const double entries = x.g.start[at(i + 1)] - x.g.start[at(i)];
        if (node[at(i)] < 0) products += 0.5 * entries * (entries + 1);
    }
    x.possible = products <= most_entries;
    if (!x.possible) return made;

    std::vector<int> order = find_order(x, node);
    std::vector<char> turn(at(x.size), 1); // 0: early, 2: late
    for (int j = 0; j < s.n; ++j) turn[at(j)] = chosen.late[at(j)] != 0 ? 2 : 1;
    for (const int i : x.long_rows) turn[at(node[at(i)])] = chosen.early[at(i)] != 0 ? 0 : 1;
    const std::vector<int> found = order;
    order.clear();
    for (int now = 0; now <= 2; ++now)
        std::ranges::copy_if(found, std::back_inserter(order), [&](int k) { return turn[at(k)] == now; });
    x.possible = order.size() == at(x.size);
    if (!x.possible) return made;
    const std::vector<int> position = leaves_first(x, node, order);
    x.place.assign(at(s.n + s.p + s.m), -1);
    std::copy_n(position.begin(), s.n + s.p, x.place.begin());
    for (int i = 0; i < s.m; ++i)
        if (node[at(i)] >= 0) x.place[at(s.n + s.p + i)] = position[at(node[at(i)])];
    x.positive.assign(at(x.size), 0);
    for (int j = 0; j < s.n; ++j) x.positive[at(position[at(j)])] = 1;

    std::vector<entry> upper; // (column, row) in the order of elimination
    upper.reserve(at(x.size));
    for (int k = 0; k < x.size; ++k) upper.emplace_back(k, k);
    each_edge(x, node, [&](int a, int b) {
        const int u = position[at(a)], v = position[at(b)];
        upper.emplace_back(std::max(u, v), std::min(u, v));
    });
    std::sort(upper.begin(), upper.end());
    upper.erase(std::unique(upper.begin(), upper.end()), upper.end());
    x.start.assign(at(x.size + 1), 0);
    for (const entry& e : upper) {
        ++x.start[at(e.first + 1)];
        x.row.push_back(e.second);
    }
    std::partial_sum(x.start.begin(), x.start.end(), x.start.begin());
    const auto find = [&](int a, int b) {
        const int u = std::max(a, b), v = std::min(a, b);
        const auto first = x.row.begin() + x.start[at(u)], last = x.row.begin() + x.start[at(u + 1)];
        return static_cast<int>(std::lower_bound(first, last, v) - x.row.begin());
    };
    for (int i = 0; i < s.n; ++i)
        for (int k = x.q.start[at(i)]; k < x.q.start[at(i + 1)]; ++k) {
            const int a = position[at(i)], b = position[at(x.q.col[at(k)])];
            x.q_place.push_back(a <= b ? find(a, b) : -1);
        }
    for (int i = 0; i < s.p; ++i)
        for (int k = x.a.start[at(i)]; k < x.a.start[at(i + 1)]; ++k)
            x.a_place.push_back(find(position[at(s.n + i)], position[at(x.a.col[at(k)])]));
    x.g_place.assign(x.g.col.size(), -1);
    x.product_start.push_back(0);
    for (int i = 0; i < s.m; ++i) {
        for (int k = x.g.start[at(i)]; k < x.g.start[at(i + 1)]; ++k) {
            if (node[at(i)] >= 0) {
                x.g_place[at(k)] = find(position[at(node[at(i)])], position[at(x.g.col[at(k)])]);
                continue;
            }
            for (int l = k; l < x.g.start[at(i + 1)]; ++l)
                x.product.push_back(find(position[at(x.g.col[at(k)])], position[at(x.g.col[at(l)])]));
        }
        x.product_start.push_back(static_cast<int>(x.product.size()));
    }
    x.product_width = common_width(x.product_start);
    list_columns(x);
    factor_pattern(x, how == factored::alone);
    return made;
}

bool same(const block& a, const block& b) {
    return a.where == b.where && a.kind == b.kind && a.row == b.row && a.col == b.col && a.rows == b.rows &&
           a.cols == b.cols && a.first == b.first && a.last == b.last &&
           (a.entries == b.entries || (a.entries && b.entries && *a.entries == *b.entries));
}

} // namespace

bool same_places(const structure& a, const structure& b) {
    return a.n == b.n && a.p == b.p && a.m == b.m &&
           std::equal(a.blocks.begin(), a.blocks.end(), b.blocks.begin(), b.blocks.end(),
                      [](const block& x, const block& y) { return same(x, y); });
}

double sparse_pattern::factor_operations() const {
    double total = static_cast<double>(product.size() + row.size());
    for (int j = 0; j < size; ++j) {
        const double below = l_start[at(j + 1)] - l_start[at(j)];
        total += 0.5 * below * (below + 3);
    }
    return total;
}

double sparse_pattern::iteration_operations() const {
    // Two systems, each solved twice, and what the residuals and the verdict multiply.
    return factor_operations() + 4 * (2 * static_cast<double>(l_row.size() + row.size()) + size) +
           10 * static_cast<double>(a.col.size() + g.col.size() + q.col.size()) + 40.0 * (n + m);
}

double covered_entries(const structure& shape) {
    double total = 0;
    for (const block& b : shape.blocks) total += stored_entries(b);
    return total;
}

std::shared_ptr<const sparse_pattern> analyse(const structure& shape, factored how) {
    struct known {
        structure shape;
        factored how;
        std::shared_ptr<const sparse_pattern> pattern;
    };
    static std::mutex gate;
    static std::vector<known> cache; // the last used first
    const std::lock_guard<std::mutex> lock(gate);
    for (std::size_t i = 0; i < cache.size(); ++i)
        if (cache[i].how == how && same_places(cache[i].shape, shape)) {
            std::rotate(cache.begin(), cache.begin() + static_cast<std::ptrdiff_t>(i),
                        cache.begin() + static_cast<std::ptrdiff_t>(i) + 1);
            return cache.front().pattern;
        }
    if (cache.size() >= most_cached) cache.pop_back();
    cache.insert(cache.begin(), {shape, how, make(shape, least_fill, how)});
    return cache.front().pattern;
}

std::shared_ptr<const sparse_pattern> analyse_shallow(const structure& shape, std::int64_t most) {
    const auto made = make(
        shape,
        [&](const sparse_pattern& x, const std::vector<int>& node) {
            std::vector<entry> edges;
            each_edge(x, node, [&](int a, int b) { edges.emplace_back(a, b); });
            return shallow_order(x.size, edges, most);
        },
        factored::in_lanes);
    return made->possible ? made : nullptr;
}

} // namespace optnet::solver
