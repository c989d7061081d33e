// SPDX-License-Identifier: Apache-2.0
#include "solver/detect.hpp"

#include "solver/algorithm/entries.hpp"
#include "solver/plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace optnet::solver {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A multiplication of the dense road and a number of the pass over the matrices, in nanoseconds: measured, and only
/// ever compared with each other.
constexpr double operation_time = 0.1, entry_time = 0.5;
/// The dense road must cost this many passes, and this long: the analysis of a pattern that is new takes longer.
constexpr double passes = 4, least_time = 5e4;
/// As for the road, from so many problems on their number makes no difference.
constexpr std::int64_t many = 8;
/// A matrix with a larger share of entries is dense.
constexpr double most_share = 0.2;

/// Looks at a few places spread over a matrix: true if most of them hold a number. A matrix that is mostly zeros passes
/// for dense by accident only, and is then solved as such.
template <class T> bool clearly_dense(const T* from, const block& b, std::int64_t row_stride, std::int64_t col_stride) {
    constexpr int places = 64;
    constexpr std::uint64_t spread = 0x9E3779B97F4A7C15; // 2^64 times the golden ratio
    int count = 0;
    for (std::uint64_t k = 0; k < places; ++k) {
        const auto i = static_cast<std::int64_t>((k * static_cast<std::uint64_t>(b.rows)) / places);
        const auto j = static_cast<std::int64_t>(((k * spread) >> 32) % static_cast<std::uint64_t>(b.cols));
        count += from[i * row_stride + j * col_stride] != T(0) ? 1 : 0;
    }
    return 2 * count > places;
}

/// What is not 0 in one matrix, by rows; false as soon as there are more than `most` entries. The pass goes along the
/// numbers as they lie. False, too, if a number is not finite.
template <class T>
bool scan(const T* from, int rows, int cols, std::int64_t row_stride, std::int64_t col_stride, double most,
          entry_list& out) {
    if (col_stride != 1 && row_stride == 1) {
        entry_list turned;
        if (!scan(from, cols, rows, col_stride, row_stride, most, turned)) return false;
        out.row_start.assign(at(rows + 1), 0);
        for (const int i : turned.col) ++out.row_start[at(i + 1)];
        std::partial_sum(out.row_start.begin(), out.row_start.end(), out.row_start.begin());
        out.col.resize(turned.col.size());
        std::vector<int> next(out.row_start.begin(), out.row_start.end() - 1);
        for (int j = 0; j < cols; ++j)
            for (int k = turned.row_start[at(j)]; k < turned.row_start[at(j + 1)]; ++k)
                out.col[at(next[at(turned.col[at(k)])]++)] = j;
        return true;
    }
    constexpr int stretch = 32;
    out.row_start.assign(1, 0);
    out.col.clear();
    for (int i = 0; i < rows; ++i) {
        const T* row = from + i * row_stride;
        for (int first = 0; first < cols; first += stretch) {
            const int end = std::min(cols, first + stretch);
            // Most stretches are zeros throughout, and this sum takes few instructions.
            int count = 0;
            if (col_stride == 1)
                for (int j = first; j < end; ++j) count += row[j] != T(0) ? 1 : 0;
            else
                for (int j = first; j < end; ++j) count += row[j * col_stride] != T(0) ? 1 : 0;
            if (count == 0) continue;
            if (static_cast<double>(out.col.size()) + count > most) return false;
            for (int j = first; j < end; ++j) {
                const T value = row[j * col_stride];
                if (value == T(0)) continue;
                if (!std::isfinite(value)) return false;
                out.col.push_back(j);
            }
        }
        out.row_start.push_back(static_cast<int>(out.col.size()));
    }
    return true;
}

/// A matrix of the batch, and what is known of it.
struct found {
    const block* where = nullptr; ///< null: there is none
    bool given = false;           ///< its block says what it is
    bool dense = true;            ///< or there is none
    bool diagonal = false;        ///< no entry lies elsewhere
    std::shared_ptr<const entry_list> entries;
};

/// True if one set of numbers serves all problems.
template <class T> bool one_for_all(const problem<T>& batch, const block& b) {
    return batch.batch == 1 || batch.data[b.source].shared();
}

/// A matrix with numbers of each problem's own counts as dense: where the zeros of one problem are must change no bit
/// of another. So does one that is not finite: the dense road says so.
template <class T> found look_at(const problem<T>& batch, const block& b) {
    found result;
    result.where = &b;
    const matrix_view<T>& view = batch.data[b.source];
    if (!one_for_all(batch, b) || clearly_dense(view.data, b, view.row_stride, view.col_stride)) return result;
    entry_list entries;
    if (!scan(view.data, b.rows, b.cols, view.row_stride, view.col_stride, most_share * b.rows * b.cols, entries))
        return result;
    result.dense = false;
    result.diagonal = b.rows == b.cols;
    for (int i = 0; i < b.rows && result.diagonal; ++i)
        for (int e = entries.row_start[at(i)]; e < entries.row_start[at(i + 1)]; ++e)
            result.diagonal = result.diagonal && entries.col[at(e)] == i;
    result.entries = std::make_shared<const entry_list>(std::move(entries));
    return result;
}

bool all_bounds(const entry_list& rows) {
    for (std::size_t i = 0; i + 1 < rows.row_start.size(); ++i)
        if (rows.row_start[i + 1] - rows.row_start[i] > 1) return false;
    return true;
}

/// The structure with the blocks of what was found; `sparse` false: a matrix that is neither diagonal nor bounds counts
/// as dense.
structure shape_of(const structure& given, const found (&all)[3], bool sparse) {
    structure shape;
    shape.n = given.n;
    shape.p = given.p;
    shape.m = given.m;
    row_group rows;
    rows.count = given.m;
    for (const found& f : all) {
        if (f.where == nullptr) continue;
        block b = *f.where;
        if (f.given) {
            if (b.where == matrix::G) rows.kind = given.groups.front().kind;
            shape.blocks.push_back(b);
            continue;
        }
        const bool bounds = b.where == matrix::G && !f.dense && all_bounds(*f.entries);
        if (bounds) rows.kind = row_kind::bound;
        if (!f.dense && f.entries->col.empty()) continue;
        // What Q does not touch has to be known to the sparse form.
        const bool full = !f.dense && f.entries->col.size() == at(b.rows);
        if (b.where == matrix::Q && f.diagonal && (full || !sparse)) {
            b.kind = block_kind::diagonal;
        } else if (!f.dense && (sparse || bounds)) {
            b.kind = block_kind::sparse;
            b.entries = f.entries;
        }
        shape.blocks.push_back(b);
    }
    if (given.m > 0) shape.groups.push_back(rows);
    return shape;
}

/// The numbers of the entries that were found.
template <class T> void gather(const problem<T>& batch, const found (&all)[3], detected<T>& to) {
    to.data.resize(3);
    for (const block& b : to.shape.blocks) {
        to.data[at(b.source)] = batch.data[b.source];
        if (b.kind == block_kind::dense || all[at(b.source)].given) continue;
        const matrix_view<T>& from = batch.data[b.source];
        std::vector<T>& numbers = to.numbers[at(b.source)];
        each_position(b,
                      [&](int i, int j) { numbers.push_back(from.data[i * from.row_stride + j * from.col_stride]); });
        to.data[at(b.source)] = {numbers.data(), 0, 1, 1};
    }
}

} // namespace

template <class T> problem<T> detected<T>::of(const problem<T>& given) const {
    problem<T> same = given;
    same.shape = &shape;
    same.data = data.data();
    return same;
}

template <class T> std::shared_ptr<const detected<T>> detect(const problem<T>& batch) {
    const structure& given = *batch.shape;
    if (!given.plain || batch.batch == 0) return nullptr;
    const std::int64_t problems = batch.batch < many ? 1 : many;
    bool shared = true;
    double entries = 0;
    for (const block& b : given.blocks) {
        const bool one = one_for_all(batch, b);
        shared = shared && one;
        if (b.kind == block_kind::dense)
            entries += static_cast<double>(b.rows) * b.cols * (one ? 1.0 : static_cast<double>(problems));
    }
    const double time = operation_time * make_plan(given, shared, false).operations(problems, shared);
    if (entries == 0 || time < least_time || time < passes * entry_time * entries) return nullptr;

    found all[3];
    bool any = false;
    for (const block& b : given.blocks) {
        found& f = all[at(b.source)];
        if (b.kind != block_kind::dense) {
            f.where = &b;
            f.given = true;
            continue;
        }
        f = look_at(batch, b);
        any = any || !f.dense;
    }
    if (!any) return nullptr;
    auto result = std::make_shared<detected<T>>();
    result->shape = shape_of(given, all, true);
    if (make_plan(result->shape, shared, false).chosen != form::sparse) {
        // The dense forms gain from a diagonal Q and from bounds; products with the rest are faster when it is dense.
        result->shape = shape_of(given, all, false);
        const found &q = all[0], &g = all[2];
        const bool diagonal = q.where != nullptr && q.diagonal;
        const bool bounds = g.where != nullptr && !g.dense && all_bounds(*g.entries);
        if (!diagonal && !bounds) return nullptr;
    }
    gather(batch, all, *result);
    return result;
}

template struct detected<double>;
template struct detected<float>;
template std::shared_ptr<const detected<double>> detect(const problem<double>&);
template std::shared_ptr<const detected<float>> detect(const problem<float>&);

} // namespace optnet::solver
