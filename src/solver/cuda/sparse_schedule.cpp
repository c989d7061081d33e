// SPDX-License-Identifier: Apache-2.0
#include "solver/cuda/sparse_schedule.hpp"

#include "solver/algorithm/entries.hpp"
#include "solver/plan.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>

namespace optnet::solver::cuda {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

constexpr std::size_t most_cached = 32;
/// Products of one factorization, three words each.
constexpr double most_terms = 1 << 24;

/// Lists of integers, appended to one array.
class writer {
public:
    explicit writer(std::vector<int>& to) : words(to) {}
    int put(const std::vector<int>& list) {
        const int first = static_cast<int>(words.size());
        words.insert(words.end(), list.begin(), list.end());
        return first;
    }
    /// Aligned to 8 bytes as long as it is the first that is put.
    int put(const std::vector<double>& list) {
        const int first = static_cast<int>(words.size());
        words.resize(words.size() + 2 * list.size());
        if (!list.empty()) std::memcpy(words.data() + first, list.data(), list.size() * sizeof(double));
        return first;
    }

private:
    std::vector<int>& words;
};

sparse_lines put_lines(writer& to, const std::vector<int>& start, const std::vector<int>& entry,
                       const std::vector<int>* from, int first) {
    sparse_lines made;
    made.count = static_cast<int>(start.size()) - 1;
    made.start = to.put(start);
    made.at = to.put(entry);
    made.from = from == nullptr ? -1 : to.put(*from);
    made.first = first;
    std::vector<int> wide;
    for (int i = 0; i < made.count; ++i)
        if (start[at(i + 1)] - start[at(i)] >= wide_line) wide.push_back(i);
    made.wide = to.put(wide);
    made.wide_count = static_cast<int>(wide.size());
    return made;
}

/// Items by their level, narrow ones first, in their own order otherwise.
template <class Level, class Width>
sparse_phases put_phases(writer& to, int levels, int count, const Level& level, const Width& width) {
    std::vector<std::vector<int>> narrow(at(levels)), wide(at(levels));
    for (int i = 0; i < count; ++i) (width(i) < wide_line ? narrow : wide)[at(level(i))].push_back(i);
    std::vector<int> order, start{0}, first_wide;
    for (int l = 0; l < levels; ++l) {
        order.insert(order.end(), narrow[at(l)].begin(), narrow[at(l)].end());
        first_wide.push_back(static_cast<int>(order.size()));
        order.insert(order.end(), wide[at(l)].begin(), wide[at(l)].end());
        start.push_back(static_cast<int>(order.size()));
    }
    sparse_phases made;
    made.order = to.put(order);
    made.start = to.put(start);
    made.wide = to.put(first_wide);
    return made;
}

/// Where the numbers of Q, A and G come from.
class parts {
public:
    std::vector<double> factors;

    parts(const structure& s, const sparse_pattern& x) : of(x.q.col.size() + x.a.col.size() + x.g.col.size()) {
        std::size_t first = 0;
        const auto read = [&](matrix where, const std::vector<int>& entry, std::size_t count) {
            std::size_t next = 0;
            for (const block& b : s.blocks)
                if (b.where == where) add(b, first, entry, next);
            first += count;
        };
        read(matrix::Q, x.q_entry, x.q.col.size());
        read(matrix::A, x.a_entry, x.a.col.size());
        read(matrix::G, x.g_entry, x.g.col.size());
    }
    void put(writer& to, sparse_shape& s) const {
        std::vector<int> start{0}, all;
        for (const std::vector<place>& number : of) {
            for (const place& from : number) all.insert(all.end(), {from.source, from.row, from.col, from.factor});
            start.push_back(static_cast<int>(all.size() / 4));
        }
        s.part_start = to.put(start);
        s.part = to.put(all);
    }

private:
    struct place {
        int source, row, col, factor;
    };
    int factor_of(double v) {
        const auto found = std::find(factors.begin(), factors.end(), v);
        if (found != factors.end()) return static_cast<int>(found - factors.begin());
        factors.push_back(v);
        return static_cast<int>(factors.size()) - 1;
    }
    /// In the order of `operators::each`, which `entry` follows: off Q's diagonal a block counts by halves, as it is
    /// and mirrored.
    void add(const block& b, std::size_t first, const std::vector<int>& entry, std::size_t& next) {
        const bool halves = b.where == matrix::Q && !on_diagonal(b);
        const bool whole = b.kind == block_kind::dense && b.row == b.col && b.rows == b.cols; // its own mirror image
        const int factor = factor_of(halves ? 0.5 * b.scale : b.scale);
        int stored = 0;
        each_position(b, [&](int i, int j) {
            place from{b.source, i, 0, factor};
            if (b.kind == block_kind::scaled_identity) from.row = 0;
            if (b.kind == block_kind::banded) from.col = j - i - b.first;
            if (b.kind == block_kind::dense) from.col = j;
            if (b.kind == block_kind::sparse) from.row = stored++;
            std::vector<place>& number = of[first + at(entry[next++])];
            number.push_back(from);
            if (!halves) return;
            if (whole)
                number.push_back({b.source, j, i, factor});
            else
                of[first + at(entry[next++])].push_back(from);
        });
    }
    std::vector<std::vector<place>> of;
};

/// For every item its part of K: the number without G, and the products of G.
void put_assembly(writer& to, const sparse_pattern& x, const std::vector<int>& entry_of_item, sparse_shape& s) {
    const int first_g = s.numbers_q + s.numbers_a;
    std::vector<int> base(x.row.size(), -1);
    for (std::size_t e = 0; e < x.q_place.size(); ++e)
        if (x.q_place[e] >= 0) base[at(x.q_place[e])] = static_cast<int>(e);
    for (std::size_t e = 0; e < x.a_place.size(); ++e) base[at(x.a_place[e])] = s.numbers_q + static_cast<int>(e);
    for (const int i : x.long_rows) base[at(x.start[at(x.place[at(x.n + x.p + i)] + 1)] - 1)] = -2;
    // The two numbers of each product, in the order of `product`.
    std::vector<int> left, right;
    for (int i = 0; i < x.m; ++i)
        for (int e = x.g.start[at(i)]; x.in_r(i) && e < x.g.start[at(i + 1)]; ++e)
            for (int f = e; f < x.g.start[at(i + 1)]; ++f) {
                left.push_back(first_g + e);
                right.push_back(first_g + f);
            }
    const int products = static_cast<int>(left.size());
    std::vector<int> item_base, start{0}, all;
    for (const int entry : entry_of_item) {
        item_base.push_back(entry < 0 ? -1 : base[at(entry)]);
        for (int e = entry < 0 ? 0 : x.sums.start[at(entry)]; entry >= 0 && e < x.sums.start[at(entry + 1)]; ++e) {
            const int from = x.sums.from[at(e)];
            const bool product = from < products;
            all.insert(all.end(), {x.sums.at[at(e)], product ? left[at(from)] : first_g + from - products,
                                   product ? right[at(from)] : -1});
        }
        start.push_back(static_cast<int>(all.size() / 3));
    }
    s.item_base = to.put(item_base);
    s.item_sum_start = to.put(start);
    s.sum = to.put(all);
}

/// For every item the products of the columns before its own.
std::vector<int> put_terms(writer& to, const sparse_pattern& x, sparse_shape& s) {
    const int entries = s.entries;
    std::vector<int> start{0}, all, place(at(x.size), -1), count;
    const auto end = [&] {
        count.push_back(static_cast<int>(all.size() / 3) - start.back());
        start.push_back(static_cast<int>(all.size() / 3));
    };
    std::vector<int> column(at(entries));
    for (int j = 0; j < x.size; ++j)
        for (int e = x.l_start[at(j)]; e < x.l_start[at(j + 1)]; ++e) column[at(e)] = j;
    for (int e = 0; e < entries; ++e) {
        const int i = x.l_row[at(e)], j = column[at(e)];
        // Both rows ascend; what they share left of j.
        int u = x.row_start[at(i)], v = x.row_start[at(j)];
        while (v < x.row_start[at(j + 1)] && u < x.row_start[at(i + 1)]) {
            const int k = x.row_col[at(u)], l = x.row_col[at(v)];
            if (k == l) all.insert(all.end(), {x.row_place[at(u)], x.row_place[at(v)], k});
            u += k <= l ? 1 : 0;
            v += l <= k ? 1 : 0;
        }
        end();
    }
    for (int j = 0; j < x.size; ++j) {
        for (int v = x.row_start[at(j)]; v < x.row_start[at(j + 1)]; ++v)
            all.insert(all.end(), {x.row_place[at(v)], x.row_place[at(v)], x.row_col[at(v)]});
        end();
    }
    s.item_term_start = to.put(start);
    s.term = to.put(all);
    return count;
}

/// The place in K of every item, -1 for fill.
std::vector<int> entries_of_items(const sparse_pattern& x) {
    std::vector<int> made(x.l_row.size() + at(x.size), -1);
    for (int c = 0; c < x.size; ++c) {
        const int last = x.start[at(c + 1)] - 1;
        made[x.l_row.size() + at(c)] = last;
        for (int e = x.start[at(c)]; e < last; ++e) {
            const int k = x.row[at(e)]; // entry (c, k) of U
            const auto first = x.l_row.begin() + x.l_start[at(k)], end = x.l_row.begin() + x.l_start[at(k + 1)];
            made[at(std::lower_bound(first, end, c) - x.l_row.begin())] = e;
        }
    }
    return made;
}

/// The level of every column: the height of the elimination tree below it.
std::vector<int> find_levels(const sparse_pattern& x, int& count) {
    std::vector<int> level(at(x.size), 0);
    count = 0;
    for (int j = 0; j < x.size; ++j) {
        for (int e = x.row_start[at(j)]; e < x.row_start[at(j + 1)]; ++e)
            level[at(j)] = std::max(level[at(j)], level[at(x.row_col[at(e)])] + 1);
        count = std::max(count, level[at(j)] + 1);
    }
    return level;
}

/// The CPU's analysis, or that of a low elimination tree where a level, which is a phase of all workers, is what takes
/// the time: chains and differences have as many levels as variables in the order of least fill.
std::shared_ptr<const sparse_pattern> find_pattern(const structure& given) {
    constexpr int few_levels = 16, lower = 2;
    constexpr double more_fill = 2, more_terms = 4;
    std::shared_ptr<const sparse_pattern> found = analyse(given);
    int levels = 0, fewer = 0;
    find_levels(*found, levels);
    if (levels <= few_levels) return found;
    const auto shallow = analyse_shallow(given, static_cast<std::int64_t>(more_fill * double(found->l_row.size())));
    if (!shallow) return found;
    find_levels(*shallow, fewer);
    const double terms = std::min(most_terms, more_terms * found->factor_operations());
    return fewer * lower <= levels && shallow->factor_operations() <= terms ? shallow : found;
}

std::shared_ptr<const sparse_schedule> make(const structure& given) {
    const std::shared_ptr<const sparse_pattern> analysed = find_pattern(given);
    const sparse_pattern& x = *analysed;
    auto made = std::make_shared<sparse_schedule>();
    sparse_shape& s = made->shape;
    writer to(made->words);
    s.n = x.n;
    s.p = x.p;
    s.m = x.m;
    s.size = x.size;
    s.entries = static_cast<int>(x.l_row.size());
    s.numbers_q = static_cast<int>(x.q.col.size());
    s.numbers_a = static_cast<int>(x.a.col.size());
    s.numbers = s.numbers_q + s.numbers_a + static_cast<int>(x.g.col.size());
    s.diagonal_q = std::all_of(given.blocks.begin(), given.blocks.end(),
                               [](const block& b) { return b.where != matrix::Q || on_diagonal(b); });
    const parts from(given, x);
    s.factors = to.put(from.factors);
    from.put(to, s);
    s.place = to.put(x.place);
    s.positive = to.put(std::vector<int>(x.positive.begin(), x.positive.end()));
    std::vector<int> diagonal(at(x.n), -1);
    for (int j = 0; j < x.n; ++j)
        for (int e = x.q.start[at(j)]; e < x.q.start[at(j + 1)]; ++e)
            if (x.q.col[at(e)] == j) diagonal[at(j)] = e;
    s.diagonal = to.put(diagonal);
    const int first_a = s.numbers_q, first_g = s.numbers_q + s.numbers_a;
    s.q = put_lines(to, x.q.start, x.q.col, nullptr, 0);
    s.a = put_lines(to, x.a.start, x.a.col, nullptr, first_a);
    s.g = put_lines(to, x.g.start, x.g.col, nullptr, first_g);
    s.a_columns = put_lines(to, x.a_columns.start, x.a_columns.at, &x.a_columns.from, first_a);
    s.g_columns = put_lines(to, x.g_columns.start, x.g_columns.at, &x.g_columns.from, first_g);
    s.r_columns = x.long_rows.empty() ? s.g_columns
                                      : put_lines(to, x.r_columns.start, x.r_columns.at, &x.r_columns.from, first_g);

    const std::vector<int> level = find_levels(x, s.levels);
    std::vector<int> item_level(x.l_row.size());
    for (int j = 0; j < x.size; ++j)
        for (int e = x.l_start[at(j)]; e < x.l_start[at(j + 1)]; ++e) item_level[at(e)] = level[at(j)];
    item_level.insert(item_level.end(), level.begin(), level.end());
    const std::vector<int> entry_of_item = entries_of_items(x);
    put_assembly(to, x, entry_of_item, s);
    std::vector<int> width = put_terms(to, x, s);
    for (std::size_t i = 0; i < width.size(); ++i)
        if (entry_of_item[i] >= 0)
            width[i] += x.sums.start[at(entry_of_item[i] + 1)] - x.sums.start[at(entry_of_item[i])];
    const auto level_of = [&](int j) { return level[at(j)]; };
    s.factor = put_phases(
        to, s.levels, static_cast<int>(width.size()), [&](int i) { return item_level[at(i)]; },
        [&](int i) { return width[at(i)]; });
    s.forth =
        put_phases(to, s.levels, x.size, level_of, [&](int j) { return x.row_start[at(j + 1)] - x.row_start[at(j)]; });
    s.back = put_phases(to, s.levels, x.size, level_of, [&](int j) { return x.l_start[at(j + 1)] - x.l_start[at(j)]; });
    s.row_start = to.put(x.row_start);
    s.row_col = to.put(x.row_col);
    s.row_entry = to.put(x.row_place);
    s.column_start = to.put(x.l_start);
    s.column_row = to.put(x.l_row);
    return made;
}

/// The same places, and numbers from the same sources in the same scale.
bool same(const structure& a, const structure& b) {
    const auto alike = [](const block& x, const block& y) { return x.source == y.source && x.scale == y.scale; };
    return same_places(a, b) && std::equal(a.blocks.begin(), a.blocks.end(), b.blocks.begin(), alike);
}

} // namespace

std::string sparse_refusal(const structure& shape, bool shared_matrices) {
    const plan made = make_plan(shape, shared_matrices, false);
    if (made.chosen != form::sparse) return "a dense form takes fewer operations";
    if (made.pattern->factor_operations() > most_terms)
        return "its factorization has more than " + std::to_string(static_cast<int>(most_terms)) +
               " products, and the kernels' schedule takes no more";
    int sources = 0;
    for (const block& b : shape.blocks) sources = std::max(sources, b.source + 1);
    if (sources > most_sources)
        return "its numbers come from " + std::to_string(sources) + " tensors, and a kernel takes " +
               std::to_string(most_sources);
    return {};
}

std::shared_ptr<const sparse_schedule> schedule(const structure& shape) {
    struct known {
        structure shape;
        std::shared_ptr<const sparse_schedule> made;
    };
    static std::mutex gate;
    static std::vector<known> cache; // the last used first
    const std::lock_guard<std::mutex> lock(gate);
    const auto found = std::find_if(cache.begin(), cache.end(), [&](const known& k) { return same(k.shape, shape); });
    if (found != cache.end()) {
        std::rotate(cache.begin(), found, found + 1);
        return cache.front().made;
    }
    if (cache.size() >= most_cached) cache.pop_back();
    cache.insert(cache.begin(), {shape, make(shape)});
    return cache.front().made;
}

} // namespace optnet::solver::cuda
